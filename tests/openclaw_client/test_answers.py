"""Answers come to those who wait for them, and to nobody twice."""

import asyncio

import pytest

from openclaw_client.answers import PendingAnswers
from openclaw_client.errors import RequestError, UnreachableError
from openclaw_client.protocol import Answered


def test_an_answer_comes_to_who_waits():
    async def test() -> None:
        answers = PendingAnswers()
        answer = answers.expect("1")
        assert answers.settle(Answered("1", {"a": 1}, None))
        assert await answer == {"a": 1}
        assert not answers.settle(Answered("1", {"a": 2}, None))

    asyncio.run(test())


def test_a_refusal_comes_as_an_error():
    async def test() -> None:
        answers = PendingAnswers()
        answer = answers.expect("1")
        assert answers.settle(Answered("1", {}, RequestError("X", "no")))
        with pytest.raises(RequestError):
            await answer

    asyncio.run(test())


def test_an_answer_for_nobody_is_left_to_others():
    async def test() -> None:
        answers = PendingAnswers()
        answers.expect("1").cancel()
        answers.expect("2")
        answers.forget("2")
        assert not answers.settle(Answered("1", {}, None))
        assert not answers.settle(Answered("2", {}, None))

    asyncio.run(test())


def test_when_the_connection_is_lost_everybody_is_told():
    async def test() -> None:
        answers = PendingAnswers()
        waiting, _ = answers.expect("1"), answers.expect("2")
        answers.lose()
        with pytest.raises(UnreachableError):
            await waiting

    asyncio.run(test())
