"""How Discord is reached: as everybody does, or all its hosts at one place."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import aiohttp
import pytest
from pydantic import ValidationError

from discord_bot.config import DiscordConfig
from discord_bot.connector import OnePlace, make_connector
from tests.peers.discord import FakeDiscord

GATEWAY = "https://discord.com/api/v10/gateway"


def resolve(host: str, place: OnePlace) -> tuple[str, int, socket.AddressFamily]:
    (found,) = asyncio.run(place.resolve(host, 443))
    assert found["hostname"] == host  # what the certificate is checked for
    return found["host"], found["port"], socket.AddressFamily(found["family"])


@pytest.mark.parametrize(
    "host",
    ["discord.com", "gateway.discord.gg", "fake-1.discord.media", "cdn.discordapp.com"],
)
def test_every_host_of_discord_is_at_the_one_place(host: str):
    assert resolve(host, OnePlace("127.0.0.1", 8443)) == ("127.0.0.1", 8443, socket.AF_INET)
    assert resolve(host, OnePlace("::1", 8443)) == ("::1", 8443, socket.AF_INET6)


@pytest.mark.parametrize("host", ["example.com", "notdiscord.com", "discord.com.example.com", ""])
def test_no_other_host_is_anywhere(host: str):
    with pytest.raises(OSError, match="knows no other"):
        resolve(host, OnePlace("127.0.0.1", 8443))


def test_without_settings_discord_is_reached_as_usual():
    assert make_connector(DiscordConfig()) is None


def test_a_certificate_file_that_is_not_there_or_none_is_an_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        make_connector(DiscordConfig(ca_file=tmp_path / "none.pem"))
    damaged = tmp_path / "damaged.pem"
    damaged.write_text("no certificate")
    with pytest.raises(ssl.SSLError):
        make_connector(DiscordConfig(ca_file=damaged))


@pytest.mark.parametrize("place", ["localhost:8443", "127.0.0.1", "discord.com:443", "::1:443"])
def test_the_one_place_is_an_address_with_a_port(place: str):
    with pytest.raises(ValidationError):
        DiscordConfig(resolve_to=place)


async def fetch(config: DiscordConfig) -> int:
    async with (
        aiohttp.ClientSession(connector=make_connector(config)) as session,
        session.get(GATEWAY) as response,
    ):
        return response.status


def test_the_trusted_certificates_are_those_of_the_file():
    async def test() -> None:
        async with FakeDiscord() as fake:
            place = f"127.0.0.1:{fake.port}"
            trusting = DiscordConfig(resolve_to=place, ca_file=fake.ca_file)
            assert await fetch(trusting) == 401  # it came through, without a token
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await fetch(DiscordConfig(resolve_to=place))

    asyncio.run(test())


def test_trusting_a_file_alone_leaves_the_hosts_where_they_are():
    async def test() -> None:
        async with FakeDiscord() as fake:
            connector = make_connector(DiscordConfig(ca_file=fake.ca_file))
            assert connector is not None
            async with connector:
                assert not isinstance(connector._resolver, OnePlace)

    asyncio.run(test())
