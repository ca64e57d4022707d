"""How Discord is reached: as everybody does, or (for tests and proxies) all hosts at one place."""

from __future__ import annotations

import socket
import ssl

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from discord_bot.config import DiscordConfig

_DOMAINS = ("discord.com", "discord.gg", "discord.media", "discordapp.com")


class OnePlace(AbstractResolver):
    """Resolves every host name of Discord to one address, and no other name at all.

    Args:
        host: An IP address.
        port: The port that counts instead of the usual one.

    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the one address.

        Raises:
            OSError: It is no host of Discord.

        """
        if not host.endswith(tuple(f".{domain}" for domain in _DOMAINS)) and host not in _DOMAINS:
            raise OSError(f"{host} is no host of Discord, and discord.resolve_to knows no other")
        place = ResolveResult(
            hostname=host,
            host=self._host,
            port=self._port,
            family=socket.AF_INET6 if ":" in self._host else socket.AF_INET,
            proto=socket.IPPROTO_TCP,
            flags=socket.AI_NUMERICHOST,
        )
        return [place]

    async def close(self) -> None:
        """There is nothing to close."""


def make_connector(config: DiscordConfig) -> aiohttp.TCPConnector | None:
    """Return the connector that the settings ask for; ``None`` is the usual one.

    Call it on the event loop that will use it.

    Raises:
        OSError: ``discord.ca_file`` cannot be read.

    """
    if config.resolve_to is None and config.ca_file is None:
        return None
    trusted = ssl.create_default_context(cafile=config.ca_file)
    if config.resolve_to is None:
        return aiohttp.TCPConnector(ssl=trusted, limit=0)
    host, _, port = config.resolve_to.rpartition(":")
    resolver = OnePlace(host.strip("[]"), int(port))
    return aiohttp.TCPConnector(resolver=resolver, ssl=trusted, limit=0, use_dns_cache=False)
