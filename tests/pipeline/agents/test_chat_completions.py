import asyncio
import json

import pytest
from pydantic import SecretStr

from pipeline.agents.chat_completions import ChatCompletionsAgent, completions_url
from pipeline.errors import AgentError
from tests.peers.chat_server import ChatServer, Exchange, reply, whole
from tests.pipeline.agents.chat_scene import BEN, HANG_GUARD, KEY, answer, ask, play, question

# --- what is sent ------------------------------------------------------------


def test_a_question_goes_out_with_prompt_model_and_key() -> None:
    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        assert await ask(agent) == ["It is ", "four."]

    server = play(
        scene,
        reply("It is ", "four."),
        model="gpt-{agent}",
        api_key=SecretStr(KEY),
        system_prompt="You are {agent}. {Keep} it short.",
    )
    (exchange,) = server.exchanges
    assert exchange.path == "/v1/chat/completions"
    assert exchange.headers["authorization"] == f"Bearer {KEY}"
    assert exchange.body == {
        "model": "gpt-jarvis",
        "stream": True,
        "messages": [
            {"role": "system", "content": "You are Jarvis. {Keep} it short."},
            {"role": "user", "content": "Ann: what time is it"},
        ],
    }


def test_without_key_and_prompt_none_is_sent() -> None:
    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        await ask(agent)

    (exchange,) = play(scene, reply("Four."), system_prompt="").exchanges
    assert "authorization" not in exchange.headers
    assert [message["role"] for message in exchange.body["messages"]] == ["user"]


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("http://host:1", "http://host:1/v1/chat/completions"),
        ("http://host:1/", "http://host:1/v1/chat/completions"),
        ("http://host:1/v1", "http://host:1/v1/chat/completions"),
        ("http://host:1/v1/", "http://host:1/v1/chat/completions"),
        ("https://host/api/v1", "https://host/api/v1/chat/completions"),
        ("https://host/v1beta/openai/", "https://host/v1beta/openai/chat/completions"),
        ("https://host/v1/chat/completions", "https://host/v1/chat/completions"),
        ("https://me:secret@host/v1", "https://host/v1/chat/completions"),
        ("https://host/v1?version=2", "https://host/v1/chat/completions?version=2"),
    ],
)
def test_the_base_url_may_be_given_in_many_ways(base_url: str, address: str) -> None:
    assert str(completions_url(base_url)) == address


@pytest.mark.parametrize(
    "base_url", [None, "", "host:8000/v1", "ws://host", "http://", "http://h:x"]
)
def test_what_is_no_http_address_is_refused_at_the_start(base_url: str | None) -> None:
    with pytest.raises(ValueError, match="base_url"):
        completions_url(base_url)


# --- how replies may come ----------------------------------------------------


def test_a_whole_json_answer_is_a_reply_too() -> None:
    body = {"choices": [{"message": {"role": "assistant", "content": "Four."}}]}
    assert answer(whole(body, kind="application/json; charset=utf-8")) == ["Four."]


@pytest.mark.parametrize("finish", [True, False])
@pytest.mark.parametrize("done", [True, False])
def test_the_marks_at_the_end_may_be_missing(finish: bool, done: bool) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say("Four.")
        if finish:
            await exchange.finish()
        if done:
            await exchange.done()
        await exchange.end()

    assert answer(script) == ["Four."]


def test_a_finished_reply_ends_though_the_server_keeps_the_stream_open() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say("Four.")
        await exchange.finish()
        await exchange.until_hung_up()

    assert answer(script, stall_timeout=HANG_GUARD) == ["Four."]


def test_words_may_come_with_and_after_the_reason_to_finish() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say("It is ", finish_reason="stop")
        await exchange.say("four.", finish_reason="stop")
        await exchange.done()
        await exchange.end()

    assert answer(script) == ["It is ", "four."]


def test_a_connection_broken_after_the_end_of_the_reply_does_no_harm() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say("Four.")
        await exchange.done()
        exchange.cut()

    assert answer(script) == ["Four."]


def test_roles_thoughts_comments_empty_pieces_and_counts_are_not_spoken() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(b": keep-alive\n\n")
        await exchange.say(None, delta={"role": "assistant"})
        await exchange.say(None, delta={"reasoning_content": "It is late."})
        await exchange.say("")
        await exchange.send(b"data:\n\n")
        await exchange.say("Four.")
        await exchange.send(b'data: {"choices": [], "usage": {"total_tokens": 9}}\n\n')
        await exchange.done()
        await exchange.end()

    assert answer(script) == ["Four."]


def test_an_event_may_arrive_in_shreds() -> None:
    data = "data: {}\r\n\r\n".format(
        json.dumps({"choices": [{"delta": {"content": "Vier Öfen."}}]})
    )

    async def script(exchange: Exchange) -> None:
        await exchange.start()
        for byte in data.replace("\\u00d6", "Ö").encode():
            await exchange.send(bytes([byte]))
        await exchange.end()

    assert answer(script) == ["Vier Öfen."]


def test_the_connection_serves_the_next_turn() -> None:
    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        await ask(agent)
        await ask(agent)

    server = play(scene, reply("Four."), reply("Five."))
    assert [exchange.connection for exchange in server.exchanges] == [1, 1]


# --- stopping ----------------------------------------------------------------


def test_closing_the_reply_closes_the_connection() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say("It is ")
        await exchange.until_hung_up()

    async def scene(server: ChatServer, agent: ChatCompletionsAgent) -> None:
        stream = agent.ask(question())
        assert await anext(stream) == "It is "
        await stream.aclose()
        await server.exchanges[0].hung_up.wait()

    play(scene, script)


@pytest.mark.parametrize("begun", [True, False])
def test_cancelling_closes_the_connection_at_any_moment(begun: bool) -> None:
    async def script(exchange: Exchange) -> None:
        if begun:
            await exchange.start()
            await exchange.say("It is ")
        await exchange.until_hung_up()

    async def scene(server: ChatServer, agent: ChatCompletionsAgent) -> None:
        task = asyncio.create_task(ask(agent))
        await server.arrived.wait()
        await asyncio.sleep(0.05 if begun else 0.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.exchanges[0].hung_up.wait()

    play(scene, script)


def test_closing_the_agent_breaks_off_the_reply_under_way() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say("It is ")
        await exchange.until_hung_up()

    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        stream = agent.ask(question())
        assert await anext(stream) == "It is "
        await agent.aclose()
        with pytest.raises(AgentError, match="broke off"):
            await anext(stream)

    play(scene, script)


# --- what is remembered ------------------------------------------------------


def contents(exchange: Exchange) -> list[str]:
    return [m["content"] for m in exchange.body["messages"] if m["role"] != "system"]


def test_the_turns_before_go_along_per_conversation_and_agent() -> None:
    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        await ask(agent, question("one"))
        await ask(agent, question("two", speaker=BEN))
        await ask(agent, question("three", agent="sage"))
        await ask(agent, question("four", conversation="guild:1"))

    server = play(scene, *[reply(f"{n}.") for n in "1234"])
    assert [contents(exchange) for exchange in server.exchanges] == [
        ["Ann: one"],
        ["Ann: one", "1.", "Ben: two"],
        ["Ann: three"],
        ["Ann: four"],
    ]


def test_only_so_many_turns_go_along() -> None:
    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        for text in ("one", "two", "three"):
            await ask(agent, question(text))

    server = play(scene, *[reply(f"{n}.") for n in "123"], history=1)
    assert contents(server.exchanges[-1]) == ["Ann: two", "2.", "Ann: three"]


def test_of_an_interrupted_reply_the_words_heard_go_along() -> None:
    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        stream = agent.ask(question("one"))
        await anext(stream)
        await stream.aclose()
        await ask(agent, question("two", interrupted="It is"))
        await ask(agent, question("three", interrupted=""))
        await ask(agent, question("four"))

    server = play(scene, *[reply("It is four o'clock.", " And a half.")] * 4)
    assert [contents(exchange) for exchange in server.exchanges[1:]] == [
        ["Ann: one", "It is", "Ann: two"],
        ["Ann: one", "It is", "Ann: three"],
        ["Ann: one", "It is", "Ann: three", "It is four o'clock. And a half.", "Ann: four"],
    ]


def test_a_reply_that_broke_off_is_remembered_and_one_that_never_came_is_not() -> None:
    async def half(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say("It is ")
        exchange.cut()

    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        for text in ("one", "two"):
            with pytest.raises(AgentError):
                await ask(agent, question(text))
        await ask(agent, question("three"))

    server = play(scene, half, whole({}, "500 Internal Server Error"), reply("Four."))
    assert contents(server.exchanges[-1]) == ["Ann: one", "It is ", "Ann: three"]
