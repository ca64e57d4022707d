"""What is sent to the telephone's control API, and what comes back, as types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_snake

from server.phone.calls.request import CallMode, CallRequest

_OTHER_NAMES: Final = {"prompt": "task", "openclaw_session_id": "session_key"}
_DEEPEST: Final = 20
_LONGEST_TEXT: Final = 32_000


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object if it can be kept and given back as it is.

    Raises:
        ValueError: It is nested deeply, too long, or holds what JSON does not know.

    """
    _check_depth(value, _DEEPEST)
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except ValueError:  # NaN, half a character
        raise ValueError("context and metadata hold what is no JSON: send valid JSON") from None
    if size > _LONGEST_TEXT:
        raise ValueError(f"context and metadata are at most {_LONGEST_TEXT} bytes: send less")
    return value


def _check_depth(value: object, left: int) -> None:
    if left == 0:
        raise ValueError(f"context and metadata are nested at most {_DEEPEST} levels deep")
    match value:
        case Mapping():
            inner = list(value.values())
        case list():
            inner = value
        case _:
            return
    for one in inner:
        _check_depth(one, left - 1)


Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Digits = Annotated[str, Field(pattern=r"^[0-9*#wW]{1,32}$")]
"""Keys: 0-9, ``*``, ``#``, ``w`` for a pause of half a second, ``W`` for one of a second."""

Object = Annotated[dict[str, Any], AfterValidator(_storable)]


class Body(BaseModel):
    """A body; names that are not its own are refused, never ignored."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True
    )


class CallBody(Body):
    """A call that somebody wants to be made.

    Every name is also taken in camel case; ``prompt`` stands for ``task``, and
    ``openclaw_session_id`` for ``session_key``.
    """

    to: Annotated[str, Field(max_length=64)]
    """Number in international form, or as it is dialled in phone.defaults.country."""

    message: Text = ""
    """The first words; empty for the usual ones."""

    task: Text = ""
    """What the agent shall achieve."""

    context: Text | Object = ""
    """What the agent should know, as text or by headings."""

    caller_id: Annotated[str, Field(max_length=64)] | None = None
    """Which of our numbers calls."""

    session_key: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """OpenClaw session that the call goes on with: a whole key, or a name within the agent's."""

    engine: Literal["local", "realtime"] | None = None
    """Who talks; only what phone.engine has."""

    voice: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.:+-]{0,63}$")] | None = None
    """As the engine names it."""

    mode: CallMode = "conversation"
    """Whether the agent talks with whoever answers, or message is said and the call ended."""

    timezone: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """In which times are meant, as Europe/Oslo."""

    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")] | None = (
        None
    )
    """Language and country of the other side, as de-CH."""

    caller_name: Name | None = None
    """On whose behalf."""

    callee_name: Name | None = None
    """Who is called."""

    metadata: Object = Field(default_factory=dict)
    """Found again in the record; the agent does not get it."""

    max_duration: Annotated[int, Field(ge=10, le=14_400)] | None = None
    """Seconds after which it is ended, with a goodbye."""

    dtmf: Digits | None = None
    """Keys pressed as soon as somebody has answered, before the agent speaks."""

    idempotency_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The same wish with the same key is one call, however often it is sent."""

    @model_validator(mode="before")
    @classmethod
    def _one_name_each(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        named: dict[Any, Any] = {}
        for name, value in data.items():
            usual = to_snake(name) if isinstance(name, str) and name.isidentifier() else name
            usual = _OTHER_NAMES.get(usual, usual)
            if usual in named:
                raise ValueError(f"{usual} is sent under two names: send one")
            named[usual] = value
        return named

    def request(self) -> CallRequest:
        """Return what is asked for."""
        asked = self.model_dump(exclude={"dtmf"})
        return CallRequest(**asked, digits=self.dtmf or "")


class SayBody(Body):
    """Words that shall be said as they are."""

    text: Annotated[str, Field(min_length=1, max_length=2_000)]
    interrupt: bool = False
    """Whether to break off what the agent says."""


class DigitsBody(Body):
    """Keys that shall be pressed."""

    digits: Digits


class TransferBody(Body):
    """Who shall take the call."""

    to: Annotated[str, Field(max_length=64)]


class UpdateBody(Body):
    """What shall be different in a call from now on."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    instructions: Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT)] | None = None
    voice: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.:+-]{0,63}$")] | None = None

    @model_validator(mode="after")
    def _something(self) -> UpdateBody:
        if self.instructions is None and self.voice is None:
            raise ValueError("nothing shall change: send instructions or voice")
        return self


class CallAnswer(BaseModel):
    """What came of something that was asked of a call."""

    status: str
    """``initiated``, ``done``, or how the call stands."""

    call_id: str
    message: str
    """For people."""
