"""May the bot enter a channel: what it says when it may not."""

from dataclasses import replace

import pytest

from discord_bot.doorway import Doorway, refusal

OPEN = Doorway("General", view=True, connect=True, speak=True, voice_activity=True)
NOTHING = Doorway("General", view=False, connect=False, speak=False, voice_activity=False)
STAGE = replace(OPEN, stage=True, moderator=True)


@pytest.mark.parametrize(
    "door",
    [
        OPEN,
        replace(OPEN, members=99),
        replace(OPEN, members=4, limit=5),
        replace(OPEN, members=5, limit=5, passes_limit=True),
        replace(OPEN, members=5, limit=5, inside=True),
        STAGE,
        replace(STAGE, speak=False, voice_activity=False),
    ],
)
def test_it_may_enter(door: Doorway):
    assert refusal(door) == ""


@pytest.mark.parametrize(
    ("door", "words"),
    [
        (replace(OPEN, speak=False), "permission **Speak**."),
        (replace(OPEN, voice_activity=False), "permission **Use Voice Activity**."),
        (replace(OPEN, speak=False, voice_activity=False), "**Speak** and **Use Voice Activity**"),
        # discord.py takes all other rights away where these are missing.
        (replace(NOTHING, view=True), "permission **Connect**."),
        (NOTHING, "permission **View Channel**."),
        (replace(OPEN, members=5, limit=5), "full (5 of 5)"),
        (replace(STAGE, moderator=False), "stage moderator"),
    ],
)
def test_it_says_why_not_and_what_helps(door: Doorway, words: str):
    assert words in refusal(door)
    assert "**General**" in refusal(door)
