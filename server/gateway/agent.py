"""An agent of the Gateway as the conversation sees it."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

import openclaw_client
from openclaw_client import GatewayClient
from pipeline.errors import AgentError
from pipeline.interfaces import Question
from server.roster import Roster

logger = logging.getLogger(__name__)


class GatewayAgent:
    """Asks whichever agent a question's session key names.

    Args:
        client: The connection to the gateway.

    """

    def __init__(self, client: GatewayClient) -> None:
        self._client = client

    @property
    def asks_ahead(self) -> bool:
        """False: the gateway keeps the words of an aborted run in the session."""
        return False

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        """Stream the reply as text in whatever pieces it arrives.

        Raises:
            AgentError: No reply, or it broke off; what was yielded stands.

        Closing the generator, or cancelling, aborts the run at the gateway.

        """
        if question.session_key is None:
            raise AgentError("a question to the gateway needs a session")
        reply = self._client.ask(
            question.session_key,
            question.message,
            heard=question.interrupted,
            on_tool=question.on_tool,
        )
        try:
            async with aclosing(reply) as pieces:
                async for piece in pieces:
                    yield piece
        except openclaw_client.AgentError as error:
            raise translated(error) from None

    async def add_transcript(self, session_key: str, text: str, *, idempotency_key: str) -> None:
        """Tell a session what was said elsewhere, under the same key once; the answer is dropped.

        Raises:
            AgentError: It may not have been told.

        Cancelling may leave it told.

        """
        try:
            await self._client.add_transcript(session_key, text, idempotency_key=idempotency_key)
        except openclaw_client.AgentError as error:
            raise translated(error) from None


def translated(error: openclaw_client.AgentError) -> AgentError:
    """Return a gateway's error as one of the conversation's, with what the room is told."""
    match error:
        case openclaw_client.NoReplyError():
            spoken = "I have no answer to that."
        case openclaw_client.ReplyTimeoutError():
            spoken = "Sorry, the agent took too long."
        case openclaw_client.UnknownAgentError():
            spoken = "Sorry, I do not know that agent."
        case openclaw_client.GatewayConnectionError():
            spoken = ""
        case _:
            spoken = "Sorry, the agent could not answer."
    return AgentError(str(error), spoken=spoken)


async def warm_up(client: GatewayClient, roster: Roster) -> None:
    """Ask each agent something unspoken, one after another: a first turn takes seconds.

    What fails is left to the first real turn to tell. Cancelling aborts the run.
    """
    for agent in sorted(roster.agents, key=lambda id_: id_ != roster.default):
        try:
            await client.warm_up(agent)
        except openclaw_client.AgentError as error:
            logger.info("Agent %s could not be warmed up: %s", agent, error)
