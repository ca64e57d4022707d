"""Replies are cut into messages, and posted in order."""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from discord_bot.commands import Channel
from discord_bot.posts import LONGEST_MESSAGE, MOST_MESSAGES, Chat, split_markdown


def test_a_short_text_is_one_message():
    assert split_markdown("Here it is.\n\n- one\n- two") == ["Here it is.\n\n- one\n- two"]


def test_nothing_is_no_message():
    assert split_markdown(" \n\n") == []


def test_a_long_text_is_cut_at_the_ends_of_lines():
    lines = [f"line {number}" for number in range(10)]
    messages = split_markdown("\n".join(lines), 40)
    assert len(messages) > 1
    assert "\n".join(messages).split("\n") == lines


def test_a_long_line_is_cut_between_words():
    text = "word " * 30
    messages = split_markdown(text, 40)
    assert " ".join(messages).split() == text.split()


def test_a_line_without_a_space_is_cut_anywhere():
    assert "".join(split_markdown("a" * 100, 40)) == "a" * 100


def test_code_that_is_cut_is_closed_and_opened_again():
    code = "\n".join(f"print({number})" for number in range(6))
    messages = split_markdown(f"Look:\n```py\n{code}\n```\nThat is all.", 60)
    assert messages[0].startswith("Look:\n```py\nprint(0)")
    assert all(message.count("```") % 2 == 0 for message in messages)
    assert all(message.startswith("```py\n") for message in messages[1:-1])
    printed = [line for message in messages for line in message.split("\n") if "print" in line]
    assert "\n".join(printed) == code


@pytest.mark.parametrize("seed", range(40))
def test_no_message_is_too_long_and_no_letter_is_lost(seed: int):
    luck = random.Random(seed)  # noqa: S311 - no secret
    kinds = ["```python", "```", "  ```", "", "a" * luck.randint(0, 90), "d " * luck.randint(0, 40)]
    for longest in (20, 31, 60, 200):
        text = "\n".join(luck.choice(kinds) for _ in range(luck.randint(1, 30)))
        messages = split_markdown(text, longest)
        assert all(len(message) <= longest for message in messages)
        for letter in "ad":
            assert "".join(messages).count(letter) >= text.count(letter)


class Messages:
    """A channel that keeps what is written; fails once for every given error."""

    def __init__(self, *errors: Exception, allowed: bool = True, takes_files: bool = True) -> None:
        self.errors = list(errors)
        self.guild = SimpleNamespace(id=5, me="bot")
        self.rights = SimpleNamespace(
            send_messages=allowed, view_channel=True, attach_files=takes_files
        )
        self.written: list[str] = []
        self.files: list[bytes] = []
        self.mentions: list[object] = []

    def permissions_for(self, member: str) -> SimpleNamespace:
        assert member == "bot"
        return self.rights

    async def send(self, content: str | None = None, **options: Any) -> None:
        if self.errors:
            raise self.errors.pop(0)
        if content is not None:
            self.written.append(content)
            self.mentions.append(options["allowed_mentions"].to_dict())
        if "file" in options:
            self.files.append(options["file"].fp.read())


def post(channel: Messages, *texts: str) -> None:
    async def test() -> None:
        chat = Chat(lambda: cast("Channel", channel))
        for text in texts:
            chat.post("Jarvis", text)
        chat.close()
        await asyncio.wait_for(chat.run(), 10)

    asyncio.run(test())


def test_replies_are_posted_in_order_under_the_agents_name_and_mention_nobody():
    channel = Messages()
    post(channel, "@everyone look", "two")
    assert channel.written == ["**Jarvis**\n@everyone look", "**Jarvis**\ntwo"]
    assert channel.mentions == [{"parse": []}] * 2


def test_a_very_long_reply_comes_as_a_file_behind_its_beginning():
    channel = Messages()
    text = "\n".join(f"{number} {'word ' * 20}" for number in range(200))
    assert len(text) > MOST_MESSAGES * LONGEST_MESSAGE
    post(channel, text, "next")
    assert channel.files == [text.encode()]
    assert [message[:12] for message in channel.written] == ["**Jarvis**\n0", "**Jarvis**\nn"]


def test_a_very_long_reply_is_all_messages_where_files_may_not_be_attached():
    channel = Messages(takes_files=False)
    lines = [f"{number} {'word ' * 20}".strip() for number in range(200)]
    post(channel, "\n".join(lines), "next")
    *parts, last = channel.written
    assert len(parts) > MOST_MESSAGES
    assert "\n".join(parts).split("\n") == ["**Jarvis**", *lines]
    assert (channel.files, last) == ([], "**Jarvis**\nnext")


FORBIDDEN = cast("Any", SimpleNamespace(status=403, reason="Forbidden"))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (discord.Forbidden(FORBIDDEN, "Missing Access"), "403 Forbidden"),
        (discord.RateLimited(90.0), "Retry in 90"),
        (aiohttp.ServerDisconnectedError(), "Server disconnected"),
        (OSError("no route to host"), "no route to host"),
    ],
)
def test_a_post_that_fails_does_not_end_the_others(
    error: Exception, told: str, caplog: pytest.LogCaptureFixture
):
    channel = Messages(error)
    post(channel, "secret words", "two")
    assert channel.written == ["**Jarvis**\ntwo"]
    [line] = caplog.messages
    assert line.startswith("Guild 5: a reply is not posted: ")
    assert told in line
    assert "secret words" not in caplog.text


@pytest.mark.parametrize("allowed", [True, False])
def test_whether_the_bot_may_write_is_known(*, allowed: bool):
    channel = Messages(allowed=allowed)
    assert Chat(lambda: cast("Channel", channel)).is_open is allowed
