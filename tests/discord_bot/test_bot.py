"""What it means when discord.py cannot log in, or not stay."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from discord_bot.bot import failure


def closed(code: int) -> discord.ConnectionClosed:
    socket = cast("Any", SimpleNamespace(close_code=code))
    return discord.ConnectionClosed(socket, shard_id=None, code=code)


def http(status: int) -> discord.HTTPException:
    return discord.HTTPException(cast("Any", SimpleNamespace(status=status, reason="no")), None)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (discord.LoginFailure("no"), "refuses DISCORD_BOT_TOKEN"),
        (closed(4004), "refuses DISCORD_BOT_TOKEN"),
        (closed(4013), "refuses the bot's intents"),
        (closed(4014), "refuses the bot's intents"),
        (discord.PrivilegedIntentsRequired(None), "refuses the bot's intents"),
        (closed(4010), "of this kind (4010)"),
        (closed(4011), "of this kind (4011)"),
        (closed(4012), "of this kind (4012)"),
    ],
)
def test_what_only_other_settings_can_mend_is_not_tried_again(error: Exception, words: str):
    assert words in str(failure(error))
    assert not failure(error).retry


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (closed(4000), "closed the connection (4000)"),
        (http(503), "error (503)"),
        (discord.GatewayNotFound(), "cannot be reached (GatewayNotFound)"),
        (aiohttp.ClientError(), "cannot be reached (ClientError)"),
        (ConnectionRefusedError(111, "Connection refused"), "(Connection refused)"),
        (TimeoutError(), "cannot be reached (TimeoutError)"),
    ],
)
def test_everything_else_is(error: Exception, words: str):
    assert words in str(failure(error))
    assert failure(error).retry
