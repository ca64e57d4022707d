"""Settings of calls: who may call and be called, how long, how often, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
)

from pipeline.config import Seconds, Settings
from server.phone.calls.hours import WeeklyHours
from server.phone.calls.status import CallStatus
from server.phone.security.pins import checked_pin
from server.written import bare_off, written_as

E164 = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    written_as(
        r"\+[1-9]\d{6,14}",
        'should be a number in international form without spaces, such as "+15551234567"',
    ),
]
"""A number in international form: "+15551234567"."""

Prefix = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    written_as(
        r"\+[1-9]\d{0,14}",
        'should be the beginning of numbers in international form, such as "+44"',
    ),
]
"""The beginning of numbers in international form: "+1900"."""

Count = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0.0)]


def _readable_hours(hours: dict[str, str]) -> dict[str, str]:
    WeeklyHours.of(hours)
    return hours


Hours = Annotated[dict[str, str], AfterValidator(_readable_hours)]
"""Hours by days of the week, as {mon-fri: "09:00-18:00"}."""


class BudgetConfig(Settings):
    """How much may be called. Empty: as much as wished."""

    calls_per_hour: Count | None = None
    """Calls within any 60 minutes."""

    calls_per_day: Count | None = None
    """Calls within any 24 hours."""

    calls_per_month: Count | None = None
    """Calls within any 30 days."""

    minutes_per_hour: Count | None = None
    """Minutes, as the provider bills them, within any 60 minutes."""

    minutes_per_day: Count | None = None
    """Minutes within any 24 hours."""

    minutes_per_month: Count | None = None
    """Minutes within any 30 days."""


class LimitsConfig(Settings):
    """How long calls last, and how much may be spent on them."""

    longest_outbound: Annotated[float, Field(ge=10, le=14_400)] = 600.0
    """Seconds after which a call that we made is ended, with a goodbye."""

    longest_inbound: Annotated[float, Field(ge=10, le=14_400)] = 1800.0
    """Seconds after which a call that came in is ended, with a goodbye."""

    wrap_up: Seconds = 30.0
    """Seconds before that in which the agent is told to come to an end."""

    silence: Annotated[float, Field(ge=1.0)] = 8.0
    """Seconds in which nobody says anything before the agent asks whether somebody is there."""

    silence_prompts: Annotated[int, Field(ge=0, le=10)] = 2
    """How often it asks; after that much silence once more it says goodbye."""

    concurrent_calls: Annotated[int, Field(ge=1, le=200)] = 4
    """Calls at a time, both ways together."""

    concurrent_outbound: Annotated[int, Field(ge=0, le=200)] = 1
    """Calls at a time that we made."""

    concurrent_messages: Annotated[int, Field(ge=0, le=50)] = 2
    """Callers at a time who leave a message; they do not count among the calls."""

    total: BudgetConfig = BudgetConfig(
        calls_per_hour=20,
        calls_per_day=100,
        calls_per_month=1000,
        minutes_per_hour=120,
        minutes_per_day=300,
        minutes_per_month=3000,
    )
    """All calls together, both ways."""

    per_number: BudgetConfig = BudgetConfig(
        calls_per_hour=6,
        calls_per_day=20,
        calls_per_month=200,
        minutes_per_hour=60,
        minutes_per_day=120,
        minutes_per_month=600,
    )
    """Calls with one number, both ways."""

    messages: BudgetConfig = BudgetConfig(
        calls_per_hour=10,
        calls_per_day=30,
        calls_per_month=300,
        minutes_per_hour=20,
        minutes_per_day=60,
        minutes_per_month=600,
    )
    """Calls of those who may only leave a message, beside the limits of all: strangers must not use
    up what is left for others."""


class CostsConfig(Settings):
    """Rates from which the cost of a call is estimated; your provider's price list has yours."""

    currency: Annotated[
        str, written_as(r"[A-Z]{3}", 'should be three capital letters, such as "EUR"')
    ] = "USD"
    """Three letters."""

    outbound_minute: Rate = 0.014
    """A minute of a call that we made, begun minutes counted whole."""

    inbound_minute: Rate = 0.0085
    """A minute of a call that came in, likewise."""

    outbound_prefixes: dict[Prefix, Rate] = Field(default_factory=dict)
    """Other rates by the beginning of the number called, as {"+44": 0.02}; the longest one that
    fits counts."""

    media_minute: Rate = 0.004
    """A minute of sound through the provider's media stream."""

    machine_detection: Rate = 0.0075
    """Finding out whether a person answered, once a call."""

    recording_minute: Rate = 0.0025
    """A minute that the provider records."""

    realtime_input_minute: Rate = 0.06
    """Engine realtime: a minute of sound that the model hears."""

    realtime_output_minute: Rate = 0.24
    """Engine realtime: a minute of sound that the model speaks."""


def _retry_status(value: object) -> object:
    return CallStatus.of(value) if isinstance(value, str) else value


class RetryConfig(Settings):
    """Whether a call that reached nobody is made again."""

    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    """Attempts at a call, the first included. 1: never again."""

    initial_delay: Annotated[float, Field(ge=1.0)] = 60.0
    """Seconds until the second attempt."""

    factor: Annotated[float, Field(ge=1.0, le=10.0)] = 2.0
    """By how much each further wait is longer."""

    longest_delay: Annotated[float, Field(ge=1.0)] = 3600.0
    """Seconds that no wait exceeds."""

    jitter: Annotated[float, Field(ge=0.0, le=0.5)] = 0.1
    """Part of each wait by which chance makes it longer or shorter."""

    statuses: tuple[
        Annotated[
            Literal[CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED],
            BeforeValidator(_retry_status),
        ],
        ...,
    ] = (CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED)
    """After which ends: busy, no-answer, failed."""


Pin = Annotated[SecretStr, AfterValidator(checked_pin)]
"""4 to 16 digits."""


class InboundConfig(Settings):
    """Who may call, and what others are told."""

    policy: Annotated[Literal["off", "allowlist", "open"], BeforeValidator(bare_off)] = "allowlist"
    """Whose calls reach the agent: nobody's, those of people in identities and of the numbers
    below, or everybody's."""

    allow: tuple[E164, ...] = ()
    """Numbers that may call beside those in identities."""

    deny: tuple[Prefix, ...] = ()
    """Numbers, or beginnings of numbers, that never may."""

    unknown_callers: Literal["refuse", "message", "pin"] = "refuse"
    """What the others get: a polite refusal, may leave a message, or may type the PIN. Numbers
    withheld are others too."""

    attestation: Literal["any", "C", "B", "A"] = "any"
    """How sure the caller's provider must be of the number (STIR/SHAKEN) before it counts as
    known; A is surest, any asks for nothing. Below, a caller is unknown."""

    pin: Pin | None = None
    """4 to 16 digits that let unknown callers in, whoever they are; identities.<name>.pin says who
    they are. Secret, environment only."""

    pin_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """Wrong PINs of one caller, after which none of theirs is taken for pin_lockout."""

    pin_failures: Annotated[int, Field(ge=1, le=1000)] = 20
    """Wrong PINs of all callers together, after which none at all is taken for pin_lockout."""

    pin_lockout: Annotated[float, Field(ge=60.0)] = 900.0
    """Seconds that a wrong PIN counts."""

    hours: Hours = Field(default_factory=dict)
    """When calls are answered, as {mon-fri: "09:00-18:00", sat: "10:00-14:00"}, in
    phone.defaults.timezone. Empty: always."""

    after_hours: Literal["refuse", "message"] = "refuse"
    """What callers get outside these hours."""

    when_busy: Literal["refuse", "message"] = "refuse"
    """What callers get while as many calls run as may run at a time."""

    known_callers_any_time: bool = True
    """Whether those whose calls reach the agent are answered outside these hours too."""

    refusal: str = "Sorry, this number does not take calls from you. Goodbye."
    """What callers hear who are refused. Empty: the call is declined without a word, and costs
    nothing."""

    closed: str = "Sorry, nobody answers at this hour. Please call again later. Goodbye."
    """What callers hear outside the hours."""

    busy: str = ""
    """What callers hear when a limit is reached. Empty: the busy tone, which costs nothing."""

    message_prompt: str = (
        "Nobody can take your call now. Please leave a message after the tone, and hang up."
    )
    """What callers hear who may leave a message. {agent} is the agent's name. Before it stand
    phone.greeting.inbound, phone.greeting.disclosure, and the next."""

    message_notice: str = "Messages are recorded and written down."
    """That what they say is kept. Many laws ask for it: empty it only knowing yours."""

    message_thanks: str = "Thank you. Goodbye."
    """What they hear after their message."""

    longest_message: Annotated[float, Field(ge=5, le=600)] = 120.0
    """Seconds of a message."""

    message_silence: Annotated[float, Field(ge=1.0, le=30.0)] = 4.0
    """Seconds of silence after which a message is over; # and hanging up end it too."""

    pin_prompt: str = "Please type your PIN, and then the pound key."
    """What callers hear who may type the PIN."""

    pin_again: str = "That is not right. Please try again."
    """What they hear after a wrong one."""

    @property
    def takes_messages(self) -> bool:
        """Whether anybody may leave a message."""
        return "message" in {self.unknown_callers, self.after_hours, self.when_busy}

    def check_pins(self, of_people: Mapping[str, SecretStr]) -> None:
        """Make sure that there is a PIN where one is asked for, and that each is one person's.

        Args:
            of_people: The PINs of people, by their names.

        Raises:
            ValueError: It is not so; the message holds no PIN.

        """
        if self.unknown_callers == "pin" and self.pin is None and not of_people:
            raise ValueError(
                "phone.inbound.unknown_callers is pin, and there is none: set PHONE__INBOUND__PIN"
                " to 4 to 16 digits in the environment or in .env, or IDENTITIES__<NAME>__PIN for"
                " a person"
            )
        owners: dict[str, str] = {}
        if self.pin is not None:
            owners[self.pin.get_secret_value()] = "phone.inbound.pin"
        for name, pin in of_people.items():
            other = owners.setdefault(pin.get_secret_value(), f"identities.{name}.pin")
            if other != f"identities.{name}.pin":
                raise ValueError(
                    f"{other} and identities.{name}.pin are the same: nobody could tell who calls"
                )


class GreetingConfig(Settings):
    """What is said first. {agent} is the agent's name, {caller} on whose behalf it calls."""

    inbound: str = "Hello, this is {agent}."
    """To those who call."""

    outbound: str = "Hello, this is {agent}, calling for {caller}."
    """To those who are called, when {caller} is known; else the one for inbound calls."""

    disclosure: str = "I am an AI assistant."
    """That no person speaks; said in every call. Many laws ask for it: empty it only knowing
    yours."""

    written_down: str = "What we say is written down."
    """Said when the words are kept."""

    recorded: str = "This call is recorded."
    """Said when the sound is kept."""

    still_there: str = "Are you still there?"
    """Asked when nobody has said anything for a while. With engine realtime, the model asks in its
    own words, in the language of the other side."""

    nobody_there: str = "I cannot hear you any more. Goodbye."
    """Said before a silent call is ended; the model has its own words for this too."""

    time_over: str = "Our time is over. Goodbye."
    """Said when a call has lasted as long as it may."""

    failed: str = "Sorry, something is wrong here. Please call again later. Goodbye."
    """Said by Twilio's own voice when what speaks in a call fails. Empty: the call just ends."""
