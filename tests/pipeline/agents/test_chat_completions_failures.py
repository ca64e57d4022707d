"""Replies that are refused, break off, or never end."""

import asyncio

import pytest
from pydantic import SecretStr

from pipeline.agents import chat_completions
from pipeline.agents.chat_completions import ChatCompletionsAgent
from pipeline.errors import AgentError
from tests.peers.chat_server import ChatServer, Exchange, Script, reply, whole
from tests.pipeline.agents.chat_scene import KEY, ask, failure, play, question


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("401 Unauthorized", "refused the key (401); check api_key"),
        ("403 Forbidden", "refused the key (403); check api_key"),
        ("404 Not Found", "answered 404 (no *** here); check base_url and model"),
        ("429 Too Many Requests", "answered 429 (no *** here); it is overloaded"),
        ("500 Internal Server Error", "answered 500 (no *** here); see its log"),
        ("302 Found", "answered 302"),
    ],
)
def test_a_refusal_says_what_to_do_and_no_secret(status: str, said: str) -> None:
    script = whole({"error": {"message": f"no {KEY} here"}}, status)
    heard, error = failure(script, api_key=SecretStr(KEY))
    assert heard == []
    assert error.startswith("gateway: the chat server at http://127.0.0.1:")
    assert said in error


def test_a_refusal_without_a_readable_body_is_as_clear() -> None:
    _, error = failure(whole(b"<html>" * 50_000, "502 Bad Gateway", "text/html"))
    assert "answered 502; see its log" in error


def test_an_error_in_the_stream_ends_it_and_what_was_said_stands() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say("It is ")
        await exchange.send(b'data: {"error": {"message": "out of memory, %s"}}\n\n' % KEY.encode())
        await exchange.until_hung_up()

    heard, error = failure(script, api_key=SecretStr(KEY))
    assert heard == ["It is "]
    assert "out of memory, ***" in error


def test_an_error_event_is_an_error_in_any_form() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(b'event: error\ndata: {"message": "out of memory"}\n\n')
        await exchange.end()

    assert "reported: out of memory" in failure(script)[1]


def test_a_reply_without_words_is_an_error() -> None:
    assert "gave no reply" in failure(reply())[1]
    assert "gave no reply" in failure(whole({"choices": []}))[1]


def test_an_answer_of_another_kind_points_to_the_address() -> None:
    _, error = failure(whole(b"<html>", kind="text/html"))
    assert "answered with text/html instead of a reply; check base_url" in error


def test_garbage_is_an_error() -> None:
    assert "not JSON" in failure(whole(b"data: {\n\n", kind="text/event-stream"))[1]
    assert "not JSON" in failure(whole(b"\x00\xff"))[1]


@pytest.mark.parametrize("chunked", [True, False])
def test_a_reply_that_breaks_off_is_an_error_and_what_was_said_stands(chunked: bool) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start(chunked=chunked)
        await exchange.say("It is ")
        exchange.writer.close()

    heard, error = failure(script)
    assert heard == ["It is "]
    assert "broke off" in error


def test_a_server_that_is_not_there_is_named() -> None:
    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        await ask(agent)

    with pytest.raises(AgentError, match=r"http://127\.0\.0\.1:1 cannot be reached; start it"):
        play(scene, base_url="http://127.0.0.1:1")


async def _never(exchange: Exchange) -> None:
    await exchange.until_hung_up()


async def _only_thoughts(exchange: Exchange) -> None:
    await exchange.start()
    while True:
        await exchange.say(None, delta={"reasoning_content": "hm"})
        await asyncio.sleep(0.01)


async def _only_comments(exchange: Exchange) -> None:
    await exchange.start()
    while True:
        await exchange.send(b": keep-alive\n\n")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("script", [_never, _only_thoughts, _only_comments])
def test_a_server_that_never_says_anything_is_given_up(script: Script) -> None:
    heard, error = failure(script, first_text_timeout=0.2)
    assert heard == []
    assert "gave no reply within 0.2 s" in error


def test_a_server_that_stops_speaking_is_given_up() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say("It is ")
        await exchange.until_hung_up()

    heard, error = failure(script, stall_timeout=0.1)
    assert heard == ["It is "]
    assert "went silent for 0.1 s" in error


def test_a_reply_that_does_not_end_is_cut_off() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        while True:
            await exchange.say("and so on ")
            await asyncio.sleep(0.01)

    heard, error = failure(script, max_reply=0.6)
    assert set(heard) == {"and so on "}
    assert "did not end its reply within 0.6 s; cut off" in error


def test_a_flood_of_words_is_cut_off_whatever_the_time() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        while True:
            await exchange.say("and so on " * 1000)

    heard, error = failure(script)
    assert len("".join(heard)) <= chat_completions.LONGEST_REPLY
    assert "sent a reply without end; cut off" in error


def test_an_event_that_never_ends_is_cut_off() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(b"data: ")
        while True:
            await exchange.send(b"x" * 2**20)

    heard, error = failure(script)
    assert heard == []
    assert "sent an answer without end; cut off" in error


def test_time_in_which_the_reply_is_being_spoken_is_not_the_servers() -> None:
    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        async for _ in agent.ask(question()):
            await asyncio.sleep(0.35)

    play(scene, reply("One. ", "Two. ", "Three."), stall_timeout=0.3, max_reply=0.6)
