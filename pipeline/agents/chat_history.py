"""What an agent without sessions of its own is reminded of: the turns before.

Sans I/O.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict


class Message(TypedDict):
    """One message as chat servers take it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(slots=True)
class _Exchange:
    question: str
    reply: str
    ended: bool
    """The reply came to its end, or broke off by itself; nobody stopped it."""

    taken_back: Callable[[], bool]


class ChatHistory:
    """Questions and replies of one conversation with one agent, as people heard them.

    A turn is remembered with what was said in reply. A turn in which nothing
    was said, or of which nothing was heard, is forgotten: people ask again,
    and the words of one who was only taking a breath come again in full.

    Args:
        turns: How many turns are remembered.

    """

    def __init__(self, turns: int) -> None:
        self._exchanges: deque[_Exchange] = deque(maxlen=turns)

    def settle(self, interrupted: str | None) -> None:
        """Bring the last reply down to what people heard of it.

        Args:
            interrupted: The words that were heard of a reply that was cut off;
                ``None`` when it was not.

        """
        while self._exchanges and self._exchanges[-1].taken_back():
            self._exchanges.pop()
        if not self._exchanges:
            return
        last = self._exchanges[-1]
        if interrupted is not None:
            last.reply = interrupted
            last.ended = True
        if not (last.ended and last.reply.strip()):
            self._exchanges.pop()

    def add(
        self,
        question: str,
        reply: str,
        *,
        ended: bool,
        taken_back: Callable[[], bool] = lambda: False,
    ) -> None:
        """Remember a turn.

        Args:
            question: The message to the agent.
            reply: What it said.
            ended: Whether the reply ended or broke off by itself; one that was
                stopped counts only as far as :meth:`settle` is told it was heard.
            taken_back: Tells whether the question was asked ahead and did not stand.

        """
        if reply.strip():
            self._exchanges.append(_Exchange(question, reply, ended, taken_back))

    def messages(self) -> list[Message]:
        """Return what was said, the oldest first, questions and replies in turn."""
        messages: list[Message] = []
        for exchange in self._exchanges:
            messages.append({"role": "user", "content": exchange.question})
            messages.append({"role": "assistant", "content": exchange.reply})
        return messages


class ChatHistories:
    """The histories of all conversations; the one not used for longest goes first.

    Args:
        turns: How many turns each remembers.
        most: How many conversations are remembered.

    """

    def __init__(self, turns: int, most: int = 256) -> None:
        self._turns = turns
        self._most = most
        self._histories: OrderedDict[tuple[str, str], ChatHistory] = OrderedDict()

    def of(self, conversation: str, agent: str) -> ChatHistory:
        """Return the history of a conversation with an agent."""
        key = (conversation, agent)
        history = self._histories.setdefault(key, ChatHistory(self._turns))
        self._histories.move_to_end(key)
        if len(self._histories) > self._most:
            self._histories.popitem(last=False)
        return history
