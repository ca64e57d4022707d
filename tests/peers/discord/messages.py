"""Messages in text channels."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus

from tests.peers.discord.rest import FILES, RestError, Upload, invalid
from tests.peers.discord.world import Account, Json, snowflake

LONGEST = 2000
"""Characters of the longest message."""

MOST_FILES = 10

_CONTENT = ("content", "embeds", "components", "attachments", FILES, "poll", "sticker_ids")


def checked_message(body: Json) -> None:
    """Refuse what Discord would not take as a message.

    Raises:
        RestError: It is empty or too long, or names files that did not come with it.

    """
    named = body.get("attachments") or []
    if len(named) > MOST_FILES:
        raise invalid("attachments", f"Must be {MOST_FILES} or fewer in length.")
    uploads = body.get(FILES, {})
    if any("url" not in one and int(one["id"]) not in uploads for one in named):
        raise invalid("attachments", "No file has this id.")
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
        "attachments": [
            _attachment_json(channel_id, upload) for upload in body.get(FILES, {}).values()
        ],
        "pinned": False,
        "type": 0,
    }


def _attachment_json(channel_id: int, upload: Upload) -> Json:
    number = snowflake()
    place = f"attachments/{channel_id}/{number}/{upload.name}"
    return {
        "id": str(number),
        "filename": upload.name,
        "size": len(upload.content),
        "url": f"https://cdn.discordapp.com/{place}",
        "proxy_url": f"https://media.discordapp.net/{place}",
    }


def _mentions_everyone(body: Json) -> bool:
    allowed = body.get("allowed_mentions") or {"parse": ["everyone"]}
    return "@everyone" in (body.get("content") or "") and "everyone" in allowed.get("parse", ())
