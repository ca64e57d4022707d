"""The whole program with the real gateway: files, and people on Discord."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.openclaw_client.ring.talk import guarded
from tests.peers.language_model import LanguageModel
from tests.peers.real_gateway import RealGateway
from tests.server.commands.program import CLIPS, FIXTURE, run_program
from tests.server.discord.scene import clip, guild, join, service, settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_demo_talks_with_the_gateways_agents(
    gateway: RealGateway, model: LanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def test() -> None:
        (tmp_path / ".env").write_text(f"OPENCLAW_AUTH_TOKEN={gateway.token}\n")
        (tmp_path / "config.yaml").touch()
        ended = await run_program(
            "demo",
            f"ben={CLIPS / 'ben-time.flac'}",
            "--fast",
            "--json",
            *("--config", str(tmp_path / "config.yaml")),
            *FIXTURE,
            *("--set", f"openclaw.base_url={gateway.url}"),
            cache=tmp_path,
        )
        assert ended.code == 0, ended.err
        (turn,) = ended.turns
        assert turn["session_key"] == "agent:jarvis:discord:channel:demo"
        assert turn["reply"] == turn["heard"] == "You said: ben: what time is it jarvis"
        (asked,) = model.asked_about("what time is it jarvis")
        assert "spoken aloud" in asked.instructions
        assert gateway.token not in ended.out + ended.err

    guarded(test)


def test_people_on_discord_talk_with_the_gateways_agents(
    gateway: RealGateway, model: LanguageModel, tmp_path: Path
):
    async def test() -> None:
        async with guild() as discord:
            ann = discord.add_user(2001, "ann", display_name="Ann")
            ben = discord.add_user(2002, "ben", display_name="Ben")
            variables = {
                **settings(discord),
                "OPENCLAW_BASE_URL": gateway.url,
                "OPENCLAW_AUTH_TOKEN": gateway.token,
                "PIPELINE__SOUNDS__EARCONS": "false",
                "PIPELINE__SOUNDS__THINKING": "false",
                "PIPELINE__SOUNDS__WORDS": "false",
            }
            async with service(tmp_path, variables) as running:
                await join(running, ann, ben)
                await ann.say(clip("ann-weather"))
                await running.turns(1)
                await ben.say(clip("ben-time"))
                await running.turns(2)
                await ann.say(clip("ann-philosophy"))
                turns = await running.turns(3)
                assert [(turn["agent"], turn["error"]) for turn in turns] == [
                    ("jarvis", None),
                    ("jarvis", None),
                    ("sage", None),
                ]
                assert [turn["heard"] for turn in turns] == [
                    "You said: Ann: hey jarvis what is the weather in london",
                    "You said: Ben: what time is it jarvis",
                    "You said: Ann: sage tell me about philosophy",
                ]
                # A busy machine may let a reply stutter, which then counts as two.
                assert min(len(one.ears.utterances()) for one in (ann, ben)) >= 3
                status = await (await ann.run("status")).finished()
                assert "gateway 2026.9.6 ready" in status
                assert await running.end() == 0
                assert gateway.token not in "".join(running.log)

    guarded(test)
