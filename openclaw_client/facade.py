"""The client by its short names: connect, send a message, disconnect.

One connection per guild, made when it is first needed: one guild's trouble stays its own.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Never

from pydantic import SecretStr

from openclaw_client.client import GatewayClient
from openclaw_client.config import OpenClawConfig
from openclaw_client.device import DeviceStore
from openclaw_client.session_key import Place, SessionScope, discord_key
from openclaw_client.stats import GatewayStats

DEVICE_FILE = Path("data/openclaw-device.json")
"""Where the identity of this device lies when the settings name no file."""


class OpenClawClient:
    """A connection to a gateway that is opened and closed by calls.

    For use inside an ``async with`` block see :class:`~openclaw_client.client.GatewayClient`.

    Args:
        config: Where the gateway is, and how to ask.
        guild_id: The guild it is for, "" for none; part of session keys of scope ``guild``.

    """

    def __init__(self, config: OpenClawConfig, guild_id: str = "") -> None:
        self._config = config
        self._guild_id = guild_id
        self._client: GatewayClient | None = None
        self._keeper: asyncio.Task[Never] | None = None

    async def connect(self) -> None:
        """Connect; afterwards a broken connection is made again by itself.

        Raises:
            AgentError: The gateway cannot be reached, or does not let us in.

        Cancelling leaves it connecting; ``disconnect`` ends that.

        """
        await self._running().connected()

    async def send_message(
        self,
        message: str,
        *,
        agent: str = "",
        agent_id: str = "",
        speaker: str = "",
        context: str = "",
        channel_id: str = "",
        within: float | None = None,
    ) -> str:
        """Ask an agent and wait for the whole reply; connects first where needed.

        Args:
            message: What was said.
            agent: Who is asked; wins over ``agent_id``, and both over the settings.
            agent_id: See ``agent``.
            speaker: Id of who said it; the session is theirs where no channel is given.
            context: What the agent should know beside what it remembers of the session.
            channel_id: The channel it was said in; then the session is that of
                ``config.session_scope``.
            within: Seconds until the first words; ``None`` for the timeout of the settings.

        Returns:
            The reply, never empty.

        Raises:
            AgentError: No reply, or it broke off.

        Cancelling aborts the run at the gateway.

        """
        key = self._session_key(agent or agent_id or self._config.agent_id, speaker, channel_id)
        text = f"{speaker}: {message}" if speaker else message
        text = f"{context}\n\n{text}" if context else text
        pieces = []
        async with aclosing(self._running().ask(key, text, within=within)) as reply:
            async for piece in reply:
                pieces.append(piece)  # noqa: PERF401 - an asynchronous extend would hide the close
        return "".join(pieces).strip()

    async def disconnect(self) -> None:
        """Close the connection. Harmless when there is none. Cancelling may leave it closing."""
        keeper = self._keeper
        self.close()
        if keeper:
            await asyncio.wait([keeper])

    def close(self) -> None:
        """Begin to close the connection."""
        keeper, self._keeper, self._client = self._keeper, None, None
        if keeper:
            keeper.cancel()

    def stats(self) -> GatewayStats | None:
        """Return what is known of the connection; ``None`` when there is none."""
        return self._client.stats() if self._client else None

    def _running(self) -> GatewayClient:
        if self._client is None or self._keeper is None or self._keeper.done():
            store = DeviceStore(self._config.device_file or DEVICE_FILE)
            self._client = GatewayClient(self._config, device=store)
            # These calls come from any task and outlive it, so no TaskGroup can own this one;
            # it is held here, and ended by close.
            self._keeper = asyncio.get_running_loop().create_task(self._client.run())
        return self._client

    def _session_key(self, agent: str, speaker: str, channel_id: str) -> str:
        scope: SessionScope = self._config.session_scope if channel_id else "dm"
        channel_id = self._config.text_channels.get(channel_id, channel_id)
        place = Place(user_id=speaker, channel_id=channel_id, guild_id=self._guild_id)
        return discord_key(scope, agent, place)


class PerGuildOpenClawClient:
    """One client per guild, each with a connection of its own.

    Args:
        config: Where the gateway is, and how to ask.

    """

    def __init__(self, config: OpenClawConfig) -> None:
        self._config = config
        self._clients: dict[str, OpenClawClient] = {}

    def get_or_create(self, guild_id: int | str) -> OpenClawClient:
        """Return the client of a guild; it connects with its first message, or ``connect``."""
        guild = str(guild_id)
        if guild not in self._clients:
            self._clients[guild] = OpenClawClient(self._config, guild)
        return self._clients[guild]

    def remove_guild(self, guild_id: int | str) -> None:
        """Close a guild's connection and forget it. Harmless when there is none."""
        if client := self._clients.pop(str(guild_id), None):
            client.close()

    def stats(self) -> dict[str, GatewayStats]:
        """Return what is known of the connections there are, by guild."""
        known = {guild: client.stats() for guild, client in self._clients.items()}
        return {guild: stats for guild, stats in known.items() if stats}

    async def disconnect(self) -> None:
        """Close all connections."""
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.disconnect()


def create_client(
    base_url: str, auth_token: str = "", agent_id: str = "main", *, guild_id: int | str = ""
) -> OpenClawClient:
    """Return a client that is not connected yet.

    Raises:
        ValueError: The address is none.

    """
    config = OpenClawConfig(
        base_url=base_url, auth_token=SecretStr(auth_token) or None, agent_id=agent_id
    )
    return OpenClawClient(config, str(guild_id))
