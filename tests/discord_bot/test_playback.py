from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import discord
import numpy as np
import pytest

from discord_bot.opus import SPEECH_FRAME, OpusEncoder, load_opus
from discord_bot.playback import LINGER, LOOKAHEAD, Playback, ReplyBuffer, ReplySource
from discord_bot.rtp import SILENCE
from pipeline.audio import SPEECH_RATE, Samples
from pipeline.errors import AudioError
from pipeline.fades import FADE_SAMPLES
from pipeline.interfaces import ReplyAudio, Volume
from tests.peers.discord import opus as peers_opus
from tests.peers.discord import speech_like, until


class FakeMouth:
    """Takes packets when the test says so, in place of discord.py's thread."""

    def __init__(self) -> None:
        self.connected = True
        self.source: discord.AudioSource | None = None
        self.packets: list[bytes] = []
        self.starts = 0
        self._after: Callable[[Exception | None], Any] = lambda _: None

    def is_connected(self) -> bool:
        return self.connected

    def play(
        self, source: discord.AudioSource, *, after: Callable[[Exception | None], Any]
    ) -> None:
        if not self.connected:
            raise discord.ClientException("Not connected to voice.")
        assert self.source is None, "Already playing audio."
        assert source.is_opus()
        self.source, self._after = source, after
        self.starts += 1

    def send(self, frames: int = 1) -> None:
        for _ in range(frames):
            packet = self.source.read() if self.source else b""
            if not packet:
                self.end()
                return
            self.packets.append(packet)

    def end(self, error: Exception | None = None) -> None:
        if self.source is not None:
            self.source = None
            self._after(error)


def sound(seconds: float) -> Samples:
    return speech_like(seconds, rate=SPEECH_RATE)


def reply(seconds: float, piece: int = 1) -> ReplyAudio:
    return ReplyAudio(piece, "one two three four", sound(seconds))


def test_buffer_gives_out_what_was_put_in() -> None:
    buffer, samples = ReplyBuffer(), sound(0.5)
    for at in range(0, len(samples), 777):
        buffer.put(samples[at : at + 777])
    assert buffer.seconds == pytest.approx(0.5)
    found = []
    while len(part := buffer.take(SPEECH_FRAME)):
        found.append(part)
    assert np.array_equal(np.concatenate(found), samples)
    assert {len(one) for one in found} == {SPEECH_FRAME}
    assert buffer.take_account() == pytest.approx(0.5)
    assert buffer.take_account() == 0.0


def test_source_is_silent_for_a_moment_when_speech_is_late_and_then_ends() -> None:
    buffer = ReplyBuffer()
    source = ReplySource(buffer, OpusEncoder(load_opus()))
    buffer.put(sound(0.03))
    packets = [source.read() for _ in range(3 + LINGER)]
    assert SILENCE not in packets[:2]  # the second is filled up
    assert set(packets[2:-1]) == {SILENCE}
    assert packets[-1] == b""


def test_source_ends_at_once_when_the_rest_was_dropped() -> None:
    buffer = ReplyBuffer()
    source = ReplySource(buffer, OpusEncoder(load_opus()))
    buffer.put(sound(1.0))
    assert source.read()
    buffer.clear()
    assert source.read() not in {b"", SILENCE}  # dies away
    assert source.read() == b""
    buffer.put(sound(0.1))
    assert source.read() not in {b"", SILENCE}


def test_what_is_cut_or_held_or_ducked_fades_and_nothing_is_lost() -> None:
    buffer = ReplyBuffer()
    steady = np.full(SPEECH_RATE, 10000, np.int16)

    def click(samples: Samples) -> int:
        return int(np.abs(np.diff(samples.astype(int))).max())

    buffer.put(steady)
    heard = [buffer.take(SPEECH_FRAME)]
    buffer.volume = Volume.DUCKED
    heard += [buffer.take(SPEECH_FRAME) for _ in range(2)]
    buffer.volume = Volume.HELD
    heard += [buffer.take(SPEECH_FRAME), np.zeros(1, np.int16)]
    assert len(heard[-2]) == FADE_SAMPLES
    assert len(buffer.take(SPEECH_FRAME)) == 0
    assert buffer.take_account() == pytest.approx(0.06)
    buffer.volume = Volume.FULL
    heard += [buffer.take(SPEECH_FRAME) for _ in range(2)]
    assert buffer.seconds == pytest.approx(0.9)
    buffer.clear()
    heard += [buffer.take(SPEECH_FRAME), np.zeros(1, np.int16)]
    assert buffer.seconds == 0.0
    assert click(np.concatenate(heard)) < 150
    buffer.put(steady)
    assert np.all(buffer.take(SPEECH_FRAME) == 10000)


def test_what_comes_after_a_cut_follows_its_fade_at_once() -> None:
    buffer = ReplyBuffer()
    buffer.put(np.full(SPEECH_RATE, 10000, np.int16))
    buffer.take(SPEECH_FRAME)
    buffer.clear()
    buffer.put(np.full(SPEECH_RATE, 500, np.int16))
    packet = buffer.take(SPEECH_FRAME)
    assert len(packet) == SPEECH_FRAME
    assert np.all(packet[FADE_SAMPLES:] == 500)


def test_packets_are_twenty_milliseconds_of_opus() -> None:
    buffer, decoder = ReplyBuffer(), peers_opus.Decoder()
    source = ReplySource(buffer, OpusEncoder(load_opus()))
    buffer.put(sound(0.5))
    for _ in range(25):
        assert len(decoder.decode(source.read())) == peers_opus.FRAME


def test_play_waits_while_enough_is_queued() -> None:
    async def main() -> None:
        mouth = FakeMouth()
        playback = Playback(mouth, load_opus())
        playing = asyncio.create_task(playback.play(reply(LOOKAHEAD + 0.1)))
        await until(lambda: mouth.source)
        assert not playing.done()
        mouth.send(6)
        await playing
        assert playback.ledger.seconds_played(1) == pytest.approx(0.12)

    asyncio.run(main())


def test_ledger_counts_what_was_sent_and_stop_drops_the_rest() -> None:
    async def main() -> None:
        mouth = FakeMouth()
        playback = Playback(mouth, load_opus())
        await playback.play(reply(0.2, piece=1))
        await playback.play(reply(0.2, piece=2))
        mouth.send(15)
        playback.stop()
        mouth.send(2)
        assert mouth.source is None
        assert len(mouth.packets) == 16  # the last dies away, and counts as nothing
        ledger = playback.ledger
        assert ledger.seconds_played(1) == pytest.approx(0.2)
        assert ledger.seconds_played(2) == pytest.approx(0.1)
        assert ledger.seconds_waiting == 0.0
        await playback.drain()

    asyncio.run(main())


def test_drain_waits_until_all_was_sent() -> None:
    async def main() -> None:
        mouth = FakeMouth()
        playback = Playback(mouth, load_opus())
        await playback.play(reply(0.1))
        draining = asyncio.create_task(playback.drain())
        await asyncio.sleep(0)
        assert not draining.done()
        mouth.send(5)
        await draining

    asyncio.run(main())


def test_next_reply_begins_a_new_run_of_packets() -> None:
    async def main() -> None:
        mouth = FakeMouth()
        playback = Playback(mouth, load_opus())
        await playback.play(reply(0.1))
        mouth.send(100)
        assert mouth.source is None
        await asyncio.sleep(0)  # the end is told from another thread
        await asyncio.sleep(0)
        await playback.play(reply(0.1, piece=2))
        assert mouth.starts == 2

    asyncio.run(main())


def test_audio_that_comes_just_as_the_player_ends_is_played() -> None:
    async def main() -> None:
        mouth = FakeMouth()
        playback = Playback(mouth, load_opus())
        await playback.play(reply(0.1))
        mouth.send(100)  # ends; the event loop does not know yet
        await playback.play(reply(0.1, piece=2))
        await until(lambda: mouth.starts == 2)
        mouth.send(5)
        await playback.drain()

    asyncio.run(main())


def test_lost_connection_is_waited_for_a_little() -> None:
    async def main() -> None:
        mouth = FakeMouth()
        mouth.connected = False
        playback = Playback(mouth, load_opus())
        playing = asyncio.create_task(playback.play(reply(0.1)))
        await asyncio.sleep(0.01)
        assert not playing.done()
        mouth.connected = True
        await playing
        assert mouth.starts == 1

    asyncio.run(main())


def test_connection_that_is_over_is_an_error() -> None:
    async def main() -> None:
        mouth = FakeMouth()
        playback = Playback(mouth, load_opus())
        await playback.play(reply(0.3))
        draining = asyncio.create_task(playback.drain())
        await asyncio.sleep(0)
        mouth.connected = False
        playback.close()
        for speaking in (draining, playback.play(reply(0.1, piece=2))):
            with pytest.raises(AudioError, match="lost"):
                await speaking
        mouth.end()

    asyncio.run(main())


def test_player_that_broke_is_logged_and_what_waits_is_dropped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        mouth = FakeMouth()
        playback = Playback(mouth, load_opus())
        await playback.play(reply(0.3))
        mouth.end(ValueError("broken"))
        await playback.drain()
        assert "could not be played" in caplog.text

    asyncio.run(main())
