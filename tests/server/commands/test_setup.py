"""``setup`` as its users have it: at a terminal, and where nobody is there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.server.commands.setup_scene import (
    GATEWAY_QUESTION,
    LINK,
    SECRET,
    TOKEN_QUESTION,
    UNUSED,
    Scene,
    pairs,
    play,
    wants,
)
from tests.server.commands.terminal import INTERRUPT


def test_from_nothing_to_everything_and_then_nothing_is_asked(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        async with it.attended() as terminal:
            await terminal.until("https://discord.com/developers/applications")
            await terminal.answer(TOKEN_QUESTION, it.discord.token)
            await terminal.until("the bot voicebot is in Workshop.")
            await terminal.until(LINK)
            await terminal.until(
                f"Gateway: OpenClaw 2026.9.6 at {it.hub.url}; agents: main, jarvis"
            )
            await terminal.until("set TTS_URL")
            await terminal.until(f"Into {it.dotenv} go: DISCORD_BOT_TOKEN, OPENCLAW_BASE_URL\n")
            await terminal.until("Everything is set.")
            await terminal.until("uv run run.py doctor")
            assert await terminal.ended() == 0
        assert it.discord.token not in terminal.shown
        assert it.written == [
            f"DISCORD_BOT_TOKEN={it.discord.token}",
            f"OPENCLAW_BASE_URL={it.hub.url}",
        ]
        assert stat.S_IMODE(it.dotenv.stat().st_mode) == 0o600
        before = it.dotenv.stat()
        async with it.attended() as again:
            assert await again.ended() == 0
        assert "Everything is set." in again.shown
        assert LINK in again.shown
        assert "Into" not in again.shown
        assert it.discord.token not in again.shown
        assert it.dotenv.stat() == before
        assert not it.discord.gateway.sessions  # it never went online

    play(tmp_path, scene)


def test_a_wrong_bot_token_is_asked_for_again(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        async with it.attended("-v") as terminal:
            for wrong in ("wr0ng-token", "not\ta token"):
                await terminal.answer(TOKEN_QUESTION, wrong)
                await terminal.until("Discord refuses this token")
            await terminal.answer(TOKEN_QUESTION, f' "Bot {it.discord.token}" ')
            await terminal.until(LINK)
            assert await terminal.ended() == 0
        assert "wr0ng" not in terminal.shown
        assert it.discord.token not in terminal.shown
        assert f"DISCORD_BOT_TOKEN={it.discord.token}" in it.written

    play(tmp_path, scene)


def test_a_token_that_is_refused_now_is_replaced_where_it_stands(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.dotenv.write_text("# mine\nexport discord__bot_token='old' # the bot\n\nHOST=x")
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, it.discord.token)
            await terminal.until("go: discord__bot_token, OPENCLAW_BASE_URL\n")
            assert await terminal.ended() == 0
        assert it.dotenv.read_text() == (
            f"# mine\nexport discord__bot_token={it.discord.token} # the bot\n\nHOST=x\n"
            f"OPENCLAW_BASE_URL={it.hub.url}\n"
        )

    play(tmp_path, scene)


def test_a_refused_token_that_stays_is_a_failure(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.variables["DISCORD_BOT_TOKEN"] = "old-t0ken"
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, "")
            await terminal.until("Still to do:\n  - Discord refuses DISCORD_BOT_TOKEN")
            assert await terminal.ended() == 1
        assert "t0ken" not in terminal.shown

    play(tmp_path, scene)


def test_nothing_is_written_when_nothing_is_wanted(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.openclaw_has(port=UNUSED)
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, "")
            await terminal.until(
                f"Gateway: the gateway at ws://127.0.0.1:{UNUSED} cannot be reached"
            )
            await terminal.answer(GATEWAY_QUESTION, "")
            assert await terminal.ended() == 0
        assert not it.dotenv.exists()

    play(tmp_path, scene)


def test_an_unreachable_discord_keeps_the_token_unchecked(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.variables["DISCORD__RESOLVE_TO"] = f"127.0.0.1:{UNUSED}"
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, it.discord.token)
            await terminal.until("Discord cannot be reached (")
            await terminal.until("kept, but it has not been checked")
            assert await terminal.ended() == 0
        assert f"DISCORD_BOT_TOKEN={it.discord.token}" in it.written
        assert it.discord.token not in terminal.shown

    play(tmp_path, scene)


def test_the_gateways_token_is_offered_from_openclaws_own_settings(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        wants(it.hub, SECRET)
        it.openclaw_has(token=SECRET)
        async with it.attended("-v") as terminal:
            await terminal.answer(TOKEN_QUESTION, "")
            await terminal.answer("hold a token. Use it? [y/n] ", "perhaps")
            await terminal.answer("Use it? [y/n] ", "y")
            await terminal.until("go: OPENCLAW_BASE_URL, OPENCLAW_AUTH_TOKEN\n")
            assert await terminal.ended() == 0
        assert SECRET not in terminal.shown
        assert f"OPENCLAW_AUTH_TOKEN={SECRET}" in it.written

    play(tmp_path, scene)


def test_a_refused_gateway_token_is_asked_for_again(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        wants(it.hub, SECRET)
        it.openclaw_has(token=SECRET)
        async with it.attended("-v") as terminal:
            await terminal.answer(TOKEN_QUESTION, "")
            await terminal.answer("Use it? [y/n] ", "n")
            await terminal.answer("The Gateway's token, not shown", "wr0ng")
            await terminal.until("refused our credentials")
            await terminal.answer("The Gateway's token, not shown", SECRET)
            assert await terminal.ended() == 0
        assert SECRET not in terminal.shown
        assert "wr0ng" not in terminal.shown
        assert f"OPENCLAW_AUTH_TOKEN={SECRET}" in it.written

    play(tmp_path, scene)


def test_a_gateway_with_a_password_is_given_a_password(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        wants(it.hub, "it's a pass#word", "password")
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, "")
            await terminal.answer("The Gateway's password, not shown", "it's a pass#word")
            assert await terminal.ended() == 0
        assert r"OPENCLAW__PASSWORD='it\'s a pass#word'" in it.written
        async with it.attended() as again:
            await again.answer(TOKEN_QUESTION, "")
            assert await again.ended() == 0
        assert "Into" not in again.shown

    play(tmp_path, scene)


def test_a_gateway_elsewhere_is_asked_for(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.openclaw_has(port=UNUSED)
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, "")
            await terminal.answer(GATEWAY_QUESTION, "ftp://elsewhere")
            await terminal.until("The address should be an address such as ws://")
            await terminal.answer(GATEWAY_QUESTION, it.hub.url.removeprefix("ws://"))
            await terminal.until("Gateway: OpenClaw 2026.9.6")
            assert await terminal.ended() == 0
        assert it.written == [f"OPENCLAW_BASE_URL={it.hub.url}"]

    play(tmp_path, scene)


def test_an_address_that_does_not_answer_may_stay_and_is_a_failure(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.dotenv.write_text(f"OPENCLAW_BASE_URL=ws://127.0.0.1:{UNUSED}\n")
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, "")
            await terminal.answer("(empty: leave it): ", "")
            await terminal.until("Still to do:\n  - the gateway at")
            assert await terminal.ended() == 1

    play(tmp_path, scene)


def test_pairing_is_waited_for_with_the_command_to_run(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        approved = pairs(it.hub)
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, "")
            await terminal.until("openclaw devices approve r-17")
            approved.set()
            await terminal.until("Gateway: OpenClaw 2026.9.6")
            assert await terminal.ended() == 0
        assert terminal.shown.count("openclaw devices approve") == 1
        assert it.written == [f"OPENCLAW_BASE_URL={it.hub.url}"]

    play(tmp_path, scene)


def test_waiting_for_the_pairing_can_be_left_without_losing_the_rest(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        pairs(it.hub)
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, it.discord.token)
            await terminal.until("openclaw devices approve r-17")
            terminal.type(INTERRUPT)
            await terminal.until("Still to do:")
            await terminal.until("openclaw devices approve r-17")
            assert await terminal.ended() == 1
        assert it.written == [
            f"DISCORD_BOT_TOKEN={it.discord.token}",
            f"OPENCLAW_BASE_URL={it.hub.url}",
        ]

    play(tmp_path, scene)


def test_who_answers_is_asked_where_the_gateway_has_none_of_the_agents(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.hub.agents = ["otto", "Berta"]
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, "")
            await terminal.answer("Which of them answers when nobody is named? ", "main")
            await terminal.until("The Gateway has no agent 'main'.")
            await terminal.answer("Which of them answers when nobody is named? ", "berta")
            assert await terminal.ended() == 0
        assert "OPENCLAW_AGENT_ID=berta" in it.written

    play(tmp_path, scene)


@pytest.mark.parametrize("questions", [0, 1, 2])
def test_ctrl_c_at_any_question_leaves_everything_as_it_was(tmp_path: Path, questions: int) -> None:
    async def scene(it: Scene) -> None:
        wants(it.hub, SECRET)
        it.openclaw_has(token="another")
        answers = [
            (TOKEN_QUESTION, it.discord.token),
            ("Use it? [y/n] ", "n"),
            ("The Gateway's token, not shown", SECRET),
        ]
        async with it.attended() as terminal:
            for question, answer in answers[:questions]:
                await terminal.answer(question, answer)
            await terminal.until(answers[questions][0])
            await terminal.interrupt()
            assert await terminal.ended() == 130
        assert not it.dotenv.exists()
        assert not list(it.folder.glob(".env*"))

    play(tmp_path, scene)


def test_where_nobody_is_there_the_environment_and_the_options_are_written(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        wants(it.hub, SECRET)
        it.openclaw_has(port=UNUSED)
        done = await it.unattended(
            "--set", f"openclaw.base_url={it.hub.url}",
            DISCORD_BOT_TOKEN=it.discord.token, OPENCLAW_AUTH_TOKEN=SECRET,
        )  # fmt: skip
        assert (done.code, done.err) == (0, "")
        assert LINK in done.out
        assert "Everything is set." in done.out
        assert SECRET not in done.out
        assert it.discord.token not in done.out
        assert it.written == [
            f"DISCORD_BOT_TOKEN={it.discord.token}",
            f"OPENCLAW_BASE_URL={it.hub.url}",
            f"OPENCLAW_AUTH_TOKEN={SECRET}",
        ]
        before = it.dotenv.stat()
        again = await it.unattended()
        assert again.code == 0
        assert it.dotenv.stat() == before

    play(tmp_path, scene)


def test_where_nobody_is_there_what_is_missing_is_a_failure(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.openclaw_has(port=UNUSED)
        done = await it.unattended()
        assert done.code == 1
        assert "  - DISCORD_BOT_TOKEN is not set" in done.out
        assert "  - no OpenClaw Gateway is set and none was found" in done.out
        assert not it.dotenv.exists()

    play(tmp_path, scene)


def test_where_nobody_is_there_what_works_is_kept(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        pairs(it.hub)
        done = await it.unattended(DISCORD_BOT_TOKEN="wr0ng")
        assert done.code == 1
        assert "  - Discord refuses DISCORD_BOT_TOKEN" in done.out
        assert "openclaw devices approve r-17" in done.out
        assert it.written == [f"OPENCLAW_BASE_URL={it.hub.url}"]
        assert "wr0ng" not in done.out + done.err

    play(tmp_path, scene)


def test_openclaws_own_token_is_taken_without_asking_only_with_yes(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        wants(it.hub, SECRET)
        it.openclaw_has(token=SECRET)
        done = await it.unattended()
        assert "refused our credentials" in done.out
        assert not it.dotenv.exists()
        async with it.attended("--yes") as terminal:
            assert await terminal.ended() == 1  # there is no Discord
        assert it.written == [
            f"OPENCLAW_BASE_URL={it.hub.url}",
            f"OPENCLAW_AUTH_TOKEN={SECRET}",
        ]
        assert SECRET not in done.out + done.err + terminal.shown

    play(tmp_path, scene)


def test_a_variable_of_the_environment_that_wins_is_told(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.variables["DISCORD_BOT_TOKEN"] = "old"
        async with it.attended() as terminal:
            await terminal.answer(TOKEN_QUESTION, it.discord.token)
            await terminal.until("DISCORD_BOT_TOKEN is also set in the environment")
            assert await terminal.ended() == 1
        assert f"DISCORD_BOT_TOKEN={it.discord.token}" in it.written

    play(tmp_path, scene)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        it.dotenv.symlink_to(it.folder / "nowhere" / ".env")
        done = await it.unattended(DISCORD_BOT_TOKEN=it.discord.token)
        assert done.code == 1
        assert done.err == f"setup: {it.dotenv} cannot be written: No such file or directory\n"

    play(tmp_path, scene)


def test_a_chat_server_takes_the_gateways_place(tmp_path: Path) -> None:
    async def scene(it: Scene) -> None:
        done = await it.unattended(
            DISCORD_BOT_TOKEN=it.discord.token, CHAT__BASE_URL="http://127.0.0.1:9/v1"
        )
        assert done.code == 0
        assert "the chat server of chat.base_url answers" in done.out
        assert it.hub.visited == 0

    play(tmp_path, scene)
