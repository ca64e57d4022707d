"""The fake Discord's wire protocol, where discord.py does not go."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import aiohttp
import pytest

from tests.discord_bot.stock_bot import LOUNGE, WORKROOM, furnish
from tests.discord_bot.wire_bot import MODE, discover, select, udp_socket, wire_bot
from tests.peers.discord import (
    MODES,
    FakeDiscord,
    GatewayClose,
    GatewayOp,
    Impairments,
    VoiceClose,
    VoiceOp,
    speech_like,
    until,
)
from tests.peers.discord.opus import SILENCE
from tests.peers.discord.rtp import Cipher, EncryptionMode, RtpPacket, TransportError, open_packet


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"op": 4, "d": {}}], GatewayClose.NOT_AUTHENTICATED),
        ([{"d": "no op"}], GatewayClose.DECODE_ERROR),
        ([{"op": 2, "d": {"intents": 1 << 30}}], GatewayClose.INVALID_INTENTS),
        ([{"op": 2, "d": {"intents": 0, "shard": [3, 2]}}], GatewayClose.INVALID_SHARD),
        (2 * [{"op": 2, "d": {"intents": 0}}], GatewayClose.ALREADY_AUTHENTICATED),
        ([{"op": 2, "d": {"intents": 0}}, {"op": 99}], GatewayClose.UNKNOWN_OPCODE),
    ],
)
def test_gateway_closes_with_the_code_of_the_mistake(messages: list[Any], code: int) -> None:
    async def main() -> None:
        async with (
            FakeDiscord() as fake,
            aiohttp.ClientSession(connector=fake.connector()) as session,
            session.ws_connect("wss://gateway.discord.gg/?v=10") as socket,
        ):
            for message in messages:
                if message.get("op") == 2:
                    message["d"]["token"] = fake.token
                await socket.send_json(message)
            while not socket.closed:
                await socket.receive()
            assert socket.close_code == code

    asyncio.run(main())


def test_gateway_of_another_version_is_refused() -> None:
    async def main() -> None:
        async with (
            FakeDiscord() as fake,
            aiohttp.ClientSession(connector=fake.connector()) as session,
            session.ws_connect("wss://gateway.discord.gg/?v=9") as socket,
        ):
            while not socket.closed:
                await socket.receive()
            assert socket.close_code == GatewayClose.INVALID_VERSION

    asyncio.run(main())


def test_compressed_messages_are_one_stream() -> None:
    async def main() -> None:
        url = "wss://gateway.discord.gg/?v=10&compress=zlib-stream"
        async with (
            FakeDiscord() as fake,
            aiohttp.ClientSession(connector=fake.connector()) as session,
            session.ws_connect(url) as socket,
        ):
            stream = zlib.decompressobj()
            identify = {"token": fake.token, "intents": 1}
            await socket.send_json({"op": GatewayOp.IDENTIFY, "d": identify})
            messages = [await socket.receive_bytes() for _ in range(3)]
            assert all(one.endswith(b"\x00\x00\xff\xff") for one in messages)
            texts = [stream.decompress(one).decode() for one in messages]
            assert ["heartbeat" in texts[0], "READY" in texts[1], "Workshop" in texts[2]] == [
                True,
                True,
                True,
            ]

    asyncio.run(main())


def test_session_that_ended_cannot_be_resumed() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake, wire_bot(fake) as bot:
            fake.gateway.drop()
            await until(lambda: not fake.gateway.connected)
            fake.gateway.expire()
            assert not fake.gateway.sessions
            async with bot.connect("wss://gateway.discord.gg/?v=10") as again:
                resume = {"token": fake.token, "session_id": bot.session_id, "seq": 1}
                await again.send(GatewayOp.RESUME, resume)
                answer = await again.receive(GatewayOp.INVALID_SESSION)
                assert answer["d"] is False

    asyncio.run(main())


@pytest.mark.parametrize("mode", MODES)
def test_packets_open_with_their_own_key_only(mode: EncryptionMode) -> None:
    cipher, other = Cipher(mode, bytes(32)), Cipher(mode, bytes(31) + b"\x01")
    packet = RtpPacket(5, 6, 7, b"voice", extension=b"\x10\x01", padding=4, csrcs=(1, 2, 3))
    sealed = packet.seal(cipher, 9)
    opened = open_packet(sealed, cipher)
    assert (opened.sequence, opened.timestamp, opened.ssrc) == (5, 6, 7)
    assert (opened.payload, opened.padding) == (b"voice", 4)
    for wrong in (other, Cipher(mode, b"short")):
        with pytest.raises(TransportError):
            open_packet(sealed, wrong)
    with pytest.raises(TransportError):
        open_packet(b"\x90" + bytes(11), cipher)


def test_the_same_seed_makes_the_same_faults() -> None:
    def sequences(seed: int) -> list[int]:
        network = Impairments(loss=0.2, reorder=0.2, duplicate=0.2, seed=seed)
        packets = [network.dress(number, 0, 1, b"x") for number in range(50)]
        return [one.sequence for packet in packets for one in network.apply(packet)]

    assert sequences(1) == sequences(1) != sequences(2)


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([(VoiceOp.SPEAKING, {"speaking": 1})], VoiceClose.NOT_AUTHENTICATED),
        ([(VoiceOp.IDENTIFY, {"token": "wrong"})], VoiceClose.AUTHENTICATION_FAILED),
        ([(VoiceOp.IDENTIFY, {"session_id": "wrong"})], VoiceClose.SESSION_NO_LONGER_VALID),
        ([(VoiceOp.IDENTIFY, {"max_dave_protocol_version": 0})], VoiceClose.E2EE_REQUIRED),
        (2 * [(VoiceOp.IDENTIFY, {})], VoiceClose.ALREADY_AUTHENTICATED),
        ([(VoiceOp.IDENTIFY, {}), (77, {})], VoiceClose.UNKNOWN_OPCODE),
        (
            [(VoiceOp.IDENTIFY, {}), (VoiceOp.SELECT_PROTOCOL, {"protocol": "tcp"})],
            VoiceClose.UNKNOWN_PROTOCOL,
        ),
        (
            [
                (VoiceOp.IDENTIFY, {}),
                (VoiceOp.SELECT_PROTOCOL, {"protocol": "udp", "data": {"mode": "xsalsa20"}}),
            ],
            VoiceClose.UNKNOWN_ENCRYPTION_MODE,
        ),
        (
            [(VoiceOp.RESUME, {"token": "wrong", "session_id": "wrong"})],
            VoiceClose.SESSION_NO_LONGER_VALID,
        ),
    ],
)
def test_voice_gateway_closes_with_the_code_of_the_mistake(
    messages: list[tuple[int, Any]], code: int
) -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            furnish(fake)
            async with wire_bot(fake) as bot:
                ticket = await bot.voice_ticket(fake.GUILD_ID, LOUNGE)
                async with bot.connect(bot.endpoint) as wire:
                    for op, data in messages:
                        identify = ticket if op == VoiceOp.IDENTIFY else {}
                        await wire.send(op, {**identify, **data})
                    assert await wire.closed() == code

    asyncio.run(main())


def test_aes_call_with_lost_discovery_keepalive_and_heartbeat() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            furnish(fake)
            fake.rooms[LOUNGE].version = 0
            ann = fake.add_user(2001, "ann")
            await ann.join(LOUNGE)
            fake.media.lost_discoveries = 1
            async with wire_bot(fake) as bot:
                ticket = await bot.voice_ticket(fake.GUILD_ID, LOUNGE)
                async with bot.connect(bot.endpoint) as wire:
                    await wire.send(VoiceOp.IDENTIFY, ticket)
                    ready = (await wire.receive(VoiceOp.READY))["d"]
                    with udp_socket(ready["ip"], ready["port"]) as media:
                        address = await discover(media, ready["ssrc"], tries=2)
                        assert address == media.getsockname()
                        await select(wire, address)
                        description = (await wire.receive(VoiceOp.SESSION_DESCRIPTION))["d"]
                        assert description["dave_protocol_version"] == 0
                        cipher = Cipher(EncryptionMode(MODE), bytes(description["secret_key"]))
                        loop = asyncio.get_running_loop()
                        await loop.sock_sendall(media, bytes(range(8)))
                        assert await loop.sock_recv(media, 100) == bytes(range(8))
                        await wire.send(VoiceOp.HEARTBEAT, {"t": 17, "seq_ack": 0})
                        assert (await wire.receive(VoiceOp.HEARTBEAT_ACK))["d"] == {"t": 17}
                        ann.send_opus(b"not real")
                        heard = open_packet(await loop.sock_recv(media, 2000), cipher)
                        assert (heard.ssrc, heard.payload) == (ann.ssrc, b"not real")
                        said = RtpPacket(1, 2, ready["ssrc"], SILENCE).seal(cipher, 0)
                        await loop.sock_sendall(media, said)
                        call = fake.voice[-1]
                        await until(lambda: call.traffic.refused["before op 5"])
                        speaking = {"speaking": 1, "delay": 0, "ssrc": ready["ssrc"]}
                        await wire.send(VoiceOp.SPEAKING, speaking)
                        await until(lambda: call.traffic.speaking)
                        await loop.sock_sendall(media, said)
                        await until(lambda: ann.ears.packets)
                        assert ann.ears.packets[0].is_silence
                        assert (call.traffic.discoveries, call.traffic.keepalives) == (2, 1)

    asyncio.run(main())


def test_resumed_voice_session_gets_what_it_missed() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            furnish(fake)
            fake.rooms[LOUNGE].version = 0
            ann, ben = fake.add_user(2001, "ann"), fake.add_user(2002, "ben")
            async with wire_bot(fake) as bot:
                ticket = await bot.voice_ticket(fake.GUILD_ID, LOUNGE)
                async with bot.connect(bot.endpoint) as wire:
                    await wire.send(VoiceOp.IDENTIFY, ticket)
                    await wire.receive(VoiceOp.READY)
                    await select(wire, ("127.0.0.1", 9))
                    await ann.join(LOUNGE)
                    first = await wire.receive(VoiceOp.CLIENTS_CONNECT)
                    await wire.break_off()
                call = fake.voice[-1]
                await until(lambda: call.connection.closed)
                await ben.join(LOUNGE)
                async with bot.connect(bot.endpoint) as again:
                    await again.send(VoiceOp.RESUME, {**ticket, "seq_ack": first["seq"]})
                    missed = await again.receive(VoiceOp.CLIENTS_CONNECT)
                    assert missed["d"] == {"user_ids": ["2002"]}
                    assert missed["seq"] == first["seq"] + 1
                    await again.receive(VoiceOp.RESUMED)
                    assert call.resumes == 1

    asyncio.run(main())


def test_silent_socket_is_sent_nothing_any_more() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            furnish(fake)
            fake.rooms[LOUNGE].version = 0
            fake.voice_gateway.idle_limit = 0.0
            ann = fake.add_user(2001, "ann")
            await ann.join(LOUNGE)
            async with wire_bot(fake) as bot:
                ticket = await bot.voice_ticket(fake.GUILD_ID, LOUNGE)
                async with bot.connect(bot.endpoint) as wire:
                    await wire.send(VoiceOp.IDENTIFY, ticket)
                    ready = (await wire.receive(VoiceOp.READY))["d"]
                    with udp_socket(ready["ip"], ready["port"]) as media:
                        await select(wire, await discover(media, ready["ssrc"]))
                        await wire.receive(VoiceOp.SESSION_DESCRIPTION)
                        await ann.say(speech_like(0.04), speed=10)
                        fake.voice[-1].idle_limit = None
                        ann.send_opus(b"heard")
                        loop = asyncio.get_running_loop()
                        packet = await loop.sock_recv(media, 2000)
                        cipher = fake.voice[-1].cipher
                        assert cipher is not None
                        assert open_packet(packet, cipher).payload == b"heard"

    asyncio.run(main())


def test_person_in_a_call_is_in_one_channel_at_a_time() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            furnish(fake)
            ann = fake.add_user(2001, "ann")
            for channel_id in (LOUNGE, WORKROOM):
                await ann.join(channel_id)
            (guild,) = fake.guilds.values()
            assert guild.people_in(LOUNGE) == []
            assert guild.people_in(WORKROOM) == [2001]
            await ann.leave()
            assert not guild.voice_states

    asyncio.run(main())
