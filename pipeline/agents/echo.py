"""An agent that repeats what it was told: for demos and tests, with no network."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from pipeline.interfaces import Question


class EchoAgent:
    """Answers every turn with one sentence that says who said what to whom.

    "Ann, you said to Jarvis: what is the weather in London." The same question
    always gets the same reply.

    Args:
        names: What people call the agents, by id.

    """

    asks_ahead = True
    """It remembers nothing."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        """Stream the reply word by word. Closing the generator is free."""
        agent = self._names.get(question.agent, question.agent)
        # A question mark would make the echo ask a question of its own.
        said = question.text.strip().rstrip(".?!…") or "nothing"
        before = ""
        for word in f"{question.speaker.name}, you said to {agent}: {said}.".split():
            yield before + word
            before = " "
