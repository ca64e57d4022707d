"""An agent of a chat server on loopback, and what becomes of its replies."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pipeline.agents.chat_completions import ChatCompletionsAgent
from pipeline.config import ChatConfig
from pipeline.errors import AgentError
from pipeline.interfaces import Participant, Question
from tests.peers.chat_server import ChatServer, Script

ANN = Participant("1", "Ann")


BEN = Participant("2", "Ben")


NAMES = {"jarvis": "Jarvis"}


KEY = "sk-very-secret"


HANG_GUARD = 20.0


def question(
    text: str = "what time is it",
    *,
    speaker: Participant = ANN,
    agent: str = "jarvis",
    conversation: str = "demo",
    interrupted: str | None = None,
) -> Question:
    return Question(text, speaker, agent, conversation, interrupted=interrupted)


Scene = Callable[[ChatServer, ChatCompletionsAgent], Awaitable[None]]


def play(scene: Scene, *scripts: Script, **settings: Any) -> ChatServer:
    """Run a scene against a server with the scripts given; no exchange may stay open."""

    async def run() -> ChatServer:
        async with asyncio.timeout(HANG_GUARD), ChatServer(*scripts) as server:
            settings.setdefault("base_url", server.url)
            agent = ChatCompletionsAgent(ChatConfig(**settings), NAMES)
            try:
                await scene(server, agent)
            finally:
                await agent.aclose()
            return server

    return asyncio.run(run())


async def ask(agent: ChatCompletionsAgent, asked: Question | None = None) -> list[str]:
    return [piece async for piece in agent.ask(asked or question())]


def answer(script: Script, **settings: Any) -> list[str]:
    """Return the pieces of one reply."""
    said: list[str] = []

    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        said.extend(await ask(agent))

    play(scene, script, **settings)
    return said


def failure(script: Script, **settings: Any) -> tuple[list[str], str]:
    """Return what was said of a reply before it failed, and the error."""
    said: list[str] = []

    async def scene(_server: ChatServer, agent: ChatCompletionsAgent) -> None:
        async for piece in agent.ask(question()):
            said.append(piece)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(AgentError) as caught:
        play(scene, script, **settings)
    assert KEY not in str(caught.value)
    return said, str(caught.value)
