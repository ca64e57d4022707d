"""Somebody to talk with, who answers what a test says."""

from __future__ import annotations


class ScriptedPerson:
    """Answers questions in turn; one too many fails the test."""

    def __init__(self, *answers: str, attended: bool = True) -> None:
        self.attended = attended
        self.heard: list[str] = []
        self._answers = list(answers)

    @property
    def text(self) -> str:
        """Everything that was said and asked."""
        return "\n".join(self.heard)

    def say(self, text: str = "") -> None:
        self.heard.append(text)

    def ask(self, question: str) -> str:
        self.heard.append(question)
        return self._answers.pop(0)

    def ask_secret(self, question: str) -> str:
        return self.ask(question)

    def agrees(self, question: str) -> bool:
        return self.ask(question) == "y"
