"""One turn at a scripted desk: what is sent, and how it is found again."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from openclaw_client.errors import ReplyTimeoutError, RequestError, UnreachableError
from openclaw_client.frames import Json
from openclaw_client.handshake import Hello
from openclaw_client.runs import ChatEvent, ChatState, Run, Runs
from openclaw_client.turn import Turn, TurnLimits, TurnRequest, quoted_words

SESSION = "agent:main:x"
LIMITS = TurnLimits(first_words=0.2, stall=0.2, whole=5.0, reconnect=1.0)


class Desk:
    """Answers what a test says, in order; an error is raised."""

    def __init__(self, *answers: Json | Exception, history: Json | None = None) -> None:
        self.answers = list(answers)
        self.history_answer: Json = history or {"messages": []}
        self.submitted: list[tuple[str, Json]] = []
        self.runs = Runs()
        self.turn: Turn | None = None
        self.left = 0
        self.protocol = 4

    async def ready(self, within: float) -> Hello:
        return Hello(self.protocol)

    async def prepare(self, session_key: str, hello: Hello) -> None:
        pass

    async def submit(self, run: Run, method: str, params: Json) -> Json:
        self.submitted.append((method, params))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def history(self, session_key: str, limit: int) -> Json:
        return self.history_answer

    def register(self, turn: Turn) -> None:
        self.turn = turn
        self.runs.add(turn.run)

    def rename(self, run: Run, run_id: str) -> None:
        self.runs.acknowledge(run, run_id)

    def leave(self, turn: Turn) -> None:
        self.left += 1

    def say(self, state: ChatState, text: str, run_id: str = "k") -> None:
        run = self.runs.receive(ChatEvent(run_id, SESSION, state, text=text))
        if run and self.turn:
            self.turn.tell()


def asked(message: str = "Ann: hi", **more: Any) -> TurnRequest:
    return TurnRequest(SESSION, message, "k", **more)


async def whole(desk: Desk, request: TurnRequest | None = None) -> str:
    turn = Turn(desk, request or asked(), LIMITS)
    return "".join([piece async for piece in turn.pieces()])


def soon(*calls: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number, call in enumerate(calls, 1):
        loop.call_later(0.02 * number, call)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 20))


def test_the_parameters_for_protocol_4():
    method, params = asked(instructions="Be brief.", thinking="low").params(Hello(4))
    assert method == "agent"
    assert params == {
        "sessionKey": SESSION,
        "idempotencyKey": "k",
        "message": "Ann: hi",
        "deliver": False,
        "extraSystemPrompt": "Be brief.",
        "thinking": "low",
    }


def test_the_parameters_for_protocol_3():
    method, params = asked(instructions="Be brief.").params(Hello(3))
    assert method == "chat.send"
    assert params == {
        "sessionKey": SESSION,
        "idempotencyKey": "k",
        "message": '[voice] Ann: "hi"',
    }


@pytest.mark.parametrize(
    ("message", "quoted"),
    [
        ("Ann: stop", 'Ann: "stop"'),
        ("stop", '"stop"'),
        ("Ann: the time: now", 'Ann: "the time: now"'),
        ("[You were interrupted.]\nAnn: /new", '[You were interrupted.]\nAnn: "/new"'),
    ],
)
def test_words_are_quoted_behind_the_name(message: str, quoted: str):
    assert quoted_words(message) == quoted


def test_the_reply_streams():
    async def test() -> None:
        desk = Desk({"runId": "k", "status": "accepted"})
        soon(lambda: desk.say(ChatState.DELTA, "It"), lambda: desk.say(ChatState.FINAL, "It is."))
        assert await whole(desk) == "It is."
        assert desk.left == 1

    run(test)


def test_a_run_under_another_id_is_followed():
    async def test() -> None:
        desk = Desk({"runId": "other", "status": "accepted"})
        soon(lambda: desk.say(ChatState.FINAL, "It is.", "other"))
        assert await whole(desk) == "It is."

    run(test)


def test_a_turn_that_had_ended_under_its_key_gives_its_result():
    async def test() -> None:
        result = {"payloads": [{"text": "It is ten."}]}
        desk = Desk({"runId": "k", "status": "ok", "result": result})
        assert await whole(desk) == "It is ten."

    run(test)


def test_a_turn_that_is_lost_on_the_way_is_sent_again_with_its_key():
    async def test() -> None:
        desk = Desk(UnreachableError("lost"), {"runId": "k", "status": "accepted"})
        soon(lambda: desk.say(ChatState.FINAL, "It is."))
        assert await whole(desk) == "It is."
        assert desk.submitted[0] == desk.submitted[1]

    run(test)


def test_a_turn_that_ended_without_its_text_is_read_from_the_history():
    async def test() -> None:
        desk = Desk(UnreachableError("lost"), {"runId": "k", "status": "ok"})
        desk.protocol = 3
        rows = [{"role": "user", "content": '[voice] Ann: "hi"'}]

        async def history(session_key: str, limit: int) -> Json:
            answer = {"messages": list(rows)}
            rows.append({"role": "assistant", "content": "It is."})
            return answer

        desk.history = history  # type: ignore[method-assign] - a desk whose history grows
        assert await whole(desk) == "It is."

    run(test)


def test_a_refusal_is_no_reason_to_ask_again():
    async def test() -> None:
        desk = Desk(RequestError("UNAVAILABLE", "busy"))
        with pytest.raises(RequestError):
            await whole(desk)
        assert len(desk.submitted) == 1

    run(test)


def test_a_connection_that_breaks_with_every_try_is_given_up():
    async def test() -> None:
        desk = Desk(*[UnreachableError("lost")] * 3)
        turn = Turn(desk, asked(), TurnLimits(1.0, 1.0, 1.0, reconnect=0.0))
        with pytest.raises(UnreachableError):
            await anext(turn.pieces())

    run(test)


def test_the_time_in_which_nobody_asks_for_more_does_not_count():
    async def test() -> None:
        desk = Desk({"runId": "k", "status": "accepted"})
        pieces = Turn(desk, asked(), LIMITS).pieces()
        soon(lambda: desk.say(ChatState.DELTA, "It"))
        assert await anext(pieces) == "It"
        await asyncio.sleep(0.5)
        soon(lambda: desk.say(ChatState.FINAL, "It is."))
        assert [piece async for piece in pieces] == [" is."]

    run(test)


def test_a_reply_without_end_is_cut_off():
    async def test() -> None:
        desk = Desk({"runId": "k", "status": "accepted"})
        turn = Turn(desk, asked(), TurnLimits(1.0, 1.0, whole=0.2, reconnect=1.0))
        words: list[str] = []

        def one_more() -> None:
            words.append(f"w{len(words)}")
            desk.say(ChatState.DELTA, " ".join(words))

        soon(*[one_more] * 40)
        with pytest.raises(ReplyTimeoutError, match="did not end"):
            await anext(piece async for piece in turn.pieces() if "w39" in piece)
        assert 1 < len(words) < 40

    run(test)
