"""Settings of the telephone."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from pipeline.config import Seconds, Settings
from server.phone.calls.config import (
    E164,
    CostsConfig,
    GreetingConfig,
    Hours,
    InboundConfig,
    LimitsConfig,
    Prefix,
    RetryConfig,
)
from server.phone.config_discord import DiscordId, PhoneDiscordConfig
from server.phone.config_providers import (
    OpenAIConfig,
    PublicConfig,
    TwilioConfig,
)
from server.written import bare_off, written_as

Country = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    written_as(r"[A-Z]{2}", 'should be the two capital letters of a country, such as "US"'),
]


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: a folder of the database
        raise ValueError(
            'is no time zone this machine knows: write one such as "Europe/Oslo" or "UTC"'
        ) from None
    return name


class DefaultsConfig(Settings):
    """What calls have that do not say otherwise."""

    timezone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    """Time zone of all hours in these settings, and of what the agent is told, as Europe/Oslo."""

    locale: Annotated[
        str,
        written_as(
            r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*",
            'should be a language and a country, such as "en-US"',
        ),
    ] = "en-US"
    """Language and country of what is said by Twilio's own voice and told to the agent."""

    country: Country = "US"
    """ISO code of the country from which numbers without a + are dialled."""


class PhoneAgentConfig(Settings):
    """Who answers the telephone."""

    id: (
        Annotated[
            str, written_as(r"[A-Za-z0-9_-]{1,64}", "should be letters, digits, - and _ only")
        ]
        | None
    ) = None
    """An OpenClaw agent; empty: openclaw.agent_id."""

    name: str | None = None
    """How it introduces itself; empty: agents.<id>.name."""

    instructions: str = ""
    """What it is told of telephone calls beside its own instructions."""

    caller_name: str | None = None
    """On whose behalf it calls, when a call does not say."""


class NumberConfig(Settings):
    """What is different for one of several numbers of ours."""

    agent: PhoneAgentConfig = PhoneAgentConfig()
    greeting: str | None = None
    """Said instead of phone.greeting.inbound."""


class OutboundConfig(Settings):
    """Who may be called, and when."""

    countries: tuple[Country, ...] = ()
    """ISO codes of countries whose ordinary numbers may be called. Empty: that of our own
    number."""

    allow_prefixes: tuple[Prefix, ...] = ()
    """Beginnings of foreign numbers that may be called, as "+44". Costly ones among them stay
    barred."""

    deny_prefixes: tuple[Prefix, ...] = ()
    """Beginnings of numbers that may not."""

    allow_numbers: tuple[E164, ...] = ()
    """Numbers that may be called whatever else is said."""

    approval: Literal["never", "unknown", "always"] = "never"
    """Which calls somebody has to approve on Discord first: none, those to numbers that are
    nobody's in identities, or all."""

    approval_channel: DiscordId | None = None
    """Id of the Discord channel, in quotes, in which calls have to be approved that were not asked
    for on Discord. Empty: these are refused."""

    approval_timeout: Annotated[float, Field(ge=10.0, le=3600.0)] = 300.0
    """Seconds that such a call waits; then it is not made."""

    calling_hours: Hours = Field(default_factory=dict)
    """When people may be called, as {mon-fri: "09:00-20:00"}, in phone.defaults.timezone. Empty:
    always."""


class VoicemailConfig(Settings):
    """What happens when a machine answers a call of ours."""

    detection: Annotated[Literal["off", "twilio"], BeforeValidator(bare_off)] = "twilio"
    """Who finds out; costs a little a call."""

    action: Literal["leave_message", "hang_up"] = "leave_message"
    """What is done then."""

    message: str = (
        "Hello, this is {agent}, an AI assistant, calling for {caller} about this: {task}."
        " Please call back at {number}. Thank you."
    )
    """What is left: {agent}, {caller}, {task} and {number} are filled in. " for {caller}" is left
    out when nobody is known on whose behalf it calls. A call that has a message and no task leaves
    that message instead."""

    hold_opening: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    """Seconds to wait for the verdict before the first words; 0: speak at once."""


class PlayoutConfig(Settings):
    """How our voice goes to the telephone, and who interrupts whom."""

    lead: Annotated[float, Field(ge=0.06, le=1.0)] = 0.2
    """Seconds of sound sent ahead: less stops sooner when interrupted, more bridges a slower
    network."""

    barge_in: Annotated[float, Field(ge=0.02, le=2.0)] = 0.12
    """Engine local: seconds of the caller's speech that interrupt the first words, and questions
    into a silence. Replies go by pipeline.turns."""

    protect_greeting: bool = False
    """Whether the first words are said to their end."""

    filler_after: Seconds = 1.2
    """Engine local: seconds more that an answer must be expected to take for a few words, such as
    "One moment."; the soft sound of a wait comes sooner."""


def _recording_mode(value: Any) -> Any:
    """Also take yes and no, as the documented ``recordCalls`` is."""
    return {"true": "local", "false": "off"}.get(str(value).lower(), value)


class RecordingConfig(Settings):
    """Keeping the sound of calls."""

    mode: Annotated[
        Literal["off", "local", "twilio", "both"],
        BeforeValidator(_recording_mode),
    ] = "off"
    """Where: nowhere, in files of ours (caller left, agent right), at Twilio, or both."""

    folder: Path | None = None
    """Where the files lie; empty: calls/recordings in data_dir."""

    retention_days: Annotated[int, Field(ge=0)] = 30
    """Days after which the files are removed; 0: never. What Twilio keeps is removed there."""


class TranscriptsConfig(Settings):
    """Keeping what was said in calls."""

    folder: Path | None = None
    """Where a JSON file for each call lies; empty: calls/transcripts in data_dir."""

    retention_days: Annotated[int, Field(ge=0)] = 90
    """Days after which calls and their transcripts are forgotten; 0: never."""


class ContextConfig(Settings):
    """What the agent knows when a call begins."""

    memory_enabled: bool = True
    """Whether earlier calls with the number are told."""

    max_tokens: Annotated[int, Field(ge=0, le=100_000)] = 8000
    """About how much is told, in tokens."""

    cross_channel_enabled: bool = True
    """Whether somebody in identities goes on with their conversation on Discord."""


class IdentityAssuranceConfig(Settings):
    """When a caller is taken for the person whose number they show."""

    require: Literal["claimed", "attested", "pin"] = "claimed"
    """claimed: the number is enough; attested: the network signed it (STIR/SHAKEN level A); pin:
    they typed the PIN, for which they are asked when phone.inbound.pin is set. Who falls short
    talks in a session of the number's own."""


class PhoneConfig(Settings):
    """The telephone."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a secret in the wrong place

    enabled: bool = True
    """Off: no telephone, whatever else is set."""

    provider: Literal["twilio"] = "twilio"
    """Whose telephone network."""

    engine: Literal["local", "realtime"] = "local"
    """Who talks: the OpenClaw agent itself with our own ears and voice, or an OpenAI Realtime model
    that asks it. With realtime the sound of calls goes to OpenAI."""

    twilio: TwilioConfig = TwilioConfig()
    openai: OpenAIConfig = OpenAIConfig()
    public: PublicConfig = PublicConfig()
    defaults: DefaultsConfig = DefaultsConfig()
    agent: PhoneAgentConfig = PhoneAgentConfig()
    numbers: dict[E164, NumberConfig] = Field(default_factory=dict)
    """Our numbers that have an agent or a greeting of their own, by number in quotes."""

    greeting: GreetingConfig = GreetingConfig()
    inbound: InboundConfig = InboundConfig()
    outbound: OutboundConfig = OutboundConfig()
    discord: PhoneDiscordConfig = PhoneDiscordConfig()
    identity: IdentityAssuranceConfig = IdentityAssuranceConfig()
    limits: LimitsConfig = LimitsConfig()
    costs: CostsConfig = CostsConfig()
    retry: RetryConfig = RetryConfig()
    voicemail: VoicemailConfig = VoicemailConfig()
    playout: PlayoutConfig = PlayoutConfig()
    recording: RecordingConfig = RecordingConfig()
    transcripts: TranscriptsConfig = TranscriptsConfig()
    context: ContextConfig = ContextConfig()

    session_scope: Literal["per-phone", "per-call", "main"] = "per-phone"
    """What calls of people who are not in identities share: those of one number, nothing, or the
    agent's main session."""

    ask_timeout: Annotated[float, Field(ge=1.0, le=600.0)] = 30.0
    """Engine realtime: seconds in which the OpenClaw agent should have answered a question; its
    answer is still told when it comes later."""

    @model_validator(mode="after")
    def _engine_has_its_key(self) -> Self:
        if self.engine == "realtime" and self.openai.api_key is None:
            raise ValueError(
                "engine is realtime, which needs an OpenAI key: set OPENAI_API_KEY in the"
                " environment or in .env, or engine to local"
            )
        return self

    @property
    def zone(self) -> tzinfo:
        """The time zone of all hours in these settings."""
        return ZoneInfo(self.defaults.timezone)

    def notes(self) -> tuple[str, ...]:
        """Return what people should know of these settings: they are taken, though not as meant."""
        notes = list(self.openai.notes()) if self.engine == "realtime" else []
        if not self.twilio.validate_signature:
            notes.append(
                "phone.twilio.validate_signature is off: every program on this machine can pose"
                " as Twilio"
            )
        if not self.greeting.disclosure.strip():
            notes.append(
                "phone.greeting.disclosure is empty: many laws ask that callers are told that they"
                " talk with an AI"
            )
        return tuple(notes)

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown."""
        return tuple(_secrets_in(self))


def _secrets_in(value: Any) -> list[str]:
    match value:
        case SecretStr():
            return [value.get_secret_value()] if value.get_secret_value() else []
        case Settings():
            return [secret for _, inner in value for secret in _secrets_in(inner)]
        case tuple():
            return [secret for inner in value for secret in _secrets_in(inner)]
        case _:
            return []
