"""What the steps of the setup have in common: whom they ask, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from server.setting_paths import SettingPath


class Dialogue(Protocol):
    """Talks with the person who sets the program up, if there is one.

    Every question may raise ``KeyboardInterrupt``: the person has had enough.
    """

    @property
    def attended(self) -> bool:
        """Whether anybody is there to answer, and to act on what is said."""

    def say(self, text: str = "") -> None:
        """Say something; it must hold no secret."""

    def ask(self, question: str) -> str:
        """Ask for a line; "" when nothing was answered, or nobody is there."""

    def ask_secret(self, question: str) -> str:
        """Ask for a line that is not shown while it is typed."""

    def agrees(self, question: str) -> bool:
        """Ask for a yes or a no."""


@dataclass(frozen=True, slots=True, repr=False)
class StepResult:
    """What one step of the setup came to. Has no ``repr``, for it holds secrets."""

    values: Mapping[SettingPath, str] = field(default_factory=dict)
    """The settings to use; those that are set elsewhere already are among them."""

    problem: str = ""
    """What is set and does not work, with what to do about it; "" when all is well."""

    missing: str = ""
    """What is not set; a person may have wanted that."""
