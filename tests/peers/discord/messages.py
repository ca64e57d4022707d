"""Messages in text channels."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus

from tests.peers.discord.rest import RestError, invalid
from tests.peers.discord.world import Account, Json, snowflake

LONGEST = 2000
"""Characters of the longest message."""

_CONTENT = ("content", "embeds", "components", "attachments", "poll", "sticker_ids")


def checked_message(body: Json) -> None:
    """Refuse what Discord would not take as a message.

    Raises:
        RestError: It is empty or too long.

    """
    if len(body.get("content") or "") > LONGEST:
        raise invalid("content", f"Must be {LONGEST} or fewer in length.")
    if not any(body.get(part) for part in _CONTENT):
        raise RestError(HTTPStatus.BAD_REQUEST, "Cannot send an empty message", 50006)


def message_json(author: Account, channel_id: int, body: Json) -> Json:
    """Describe a message as Discord does."""
    return {
        "id": str(snowflake()),
        "channel_id": str(channel_id),
        "author": author.json(),
        "content": body.get("content") or "",
        "embeds": body.get("embeds") or [],
        "components": body.get("components") or [],
        "flags": body.get("flags") or 0,
        "timestamp": dt.datetime.now(dt.UTC).isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": _mentions_everyone(body),
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "pinned": False,
        "type": 0,
    }


def _mentions_everyone(body: Json) -> bool:
    allowed = body.get("allowed_mentions") or {"parse": ["everyone"]}
    return "@everyone" in (body.get("content") or "") and "everyone" in allowed.get("parse", ())
