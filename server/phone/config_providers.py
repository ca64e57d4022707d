"""Settings of whom the telephone talks with: Twilio, OpenAI, and the internet in front of it."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from pipeline.config import Settings
from server.phone.calls.config import E164
from server.phone.security.forwarding import TrustedProxies
from server.phone.security.public_url import PublicUrl
from server.written import bare_off, written_as

REALTIME_MODEL = "gpt-realtime-2.1"

_GONE_MODELS = ("gpt-4o-realtime", "gpt-4o-mini-realtime")
"""Beginnings of models that OpenAI has shut down."""

_OTHER_VOICES = {"fable": "verse", "onyx": "ash", "nova": "marin"}
"""Voices of other OpenAI services, and the nearest that a realtime model has."""

_REALTIME_VOICES = frozenset(
    {"alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse"}
)


def http_address(text: str | None) -> str | None:
    """Return an HTTP address without a slash at its end.

    Raises:
        ValueError: It is none, or others could read what is sent there.

    """
    return None if text is None else _address(text, "http")


def _websocket_address(text: str | None) -> str | None:
    return None if text is None else _address(text, "ws")


def _address(text: str, scheme: str) -> str:
    """Return the address without a slash at its end; keys go there, so in the open only here."""
    parts = urlsplit(text.strip())
    if parts.scheme not in {scheme, f"{scheme}s"} or not parts.hostname:
        raise ValueError(f"should be an address such as {scheme}s://api.example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("should hold no user, password or query")
    if parts.scheme == scheme and not _is_loopback(parts.hostname):
        raise ValueError(f"credentials are sent there: it should begin with {scheme}s://")
    return text.strip().rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class TwilioConfig(Settings):
    """The Twilio account."""

    account_sid: (
        Annotated[
            str, written_as(r"AC\w{1,62}", "should begin with AC, as the Twilio Console has it")
        ]
        | None
    ) = None
    """The account; also TWILIO_ACCOUNT_SID."""

    auth_token: SecretStr | None = None
    """Its token, with which Twilio signs its requests; also TWILIO_AUTH_TOKEN. Secret, environment
    only."""

    other_auth_token: SecretStr | None = None
    """The second token while one replaces the other: requests signed with either are taken.
    Secret, environment only."""

    shared_keys: tuple[SecretStr, ...] = ()
    """Secrets of shared keys with which Twilio signs its requests (HMAC_SHA256), where the account
    uses them. Secret, environment only."""

    api_key_sid: (
        Annotated[
            str, written_as(r"SK\w{1,62}", "should begin with SK, as the Twilio Console has it")
        ]
        | None
    ) = None
    """An API key with which calls are made instead of with the token."""

    api_key_secret: SecretStr | None = None
    """Its secret. Secret, environment only."""

    from_number: E164 | None = None
    """Our number, in quotes: "+15551234567"; also TWILIO_PHONE_NUMBER."""

    validate_signature: bool = True
    """Whether all requests must carry Twilio's signature. Off, those need none that come straight
    from a program on this machine: for simulators that do not sign. Through a tunnel or a proxy
    nothing comes in without."""

    ring_timeout: Annotated[int, Field(ge=5, le=600)] = 30
    """Seconds that the other side may let it ring."""

    api_base: Annotated[str, AfterValidator(http_address)] = "https://api.twilio.com"
    """Where Twilio's REST interface is; other regions, as https://api.dublin.ie1.twilio.com; for
    tests and proxies too."""

    timeout: Annotated[float, Field(gt=0, le=120)] = 10.0
    """Seconds until Twilio answers a request."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.account_sid is not None and self.auth_token is None:
            raise ValueError(
                "account_sid is set and auth_token is not: set TWILIO_AUTH_TOKEN in the environment"
                " or in .env"
            )
        if (self.api_key_sid is None) is not (self.api_key_secret is None):
            raise ValueError(
                "an API key is api_key_sid and the secret PHONE__TWILIO__API_KEY_SECRET: set both"
                " or neither"
            )
        return self

    @property
    def is_configured(self) -> bool:
        """Whether calls can be made and taken."""
        return self.account_sid is not None and self.from_number is not None

    def missing(self) -> tuple[str, ...]:
        """Return the variables that are still to be set before calls can be made."""
        settings = {
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self.auth_token,
            "TWILIO_PHONE_NUMBER": self.from_number,
        }
        return tuple(name for name, value in settings.items() if value is None)

    def auth_tokens(self) -> tuple[SecretStr, ...]:
        """Return the tokens with which requests may be signed."""
        return tuple(one for one in (self.auth_token, self.other_auth_token) if one is not None)


class OpenAIConfig(Settings):
    """OpenAI's Realtime API, for engine realtime only."""

    api_key: SecretStr | None = None
    """Also OPENAI_API_KEY. Secret, environment only."""

    project_id: str | None = None
    """Also OPENAI_PROJECT_ID; for calls over SIP, which are not there yet."""

    webhook_secret: SecretStr | None = None
    """With which OpenAI signs what it reports of calls over SIP, which are not there yet; also
    WEBHOOK_SECRET. Secret, environment only."""

    model: Annotated[str, StringConstraints(min_length=1)] = REALTIME_MODEL
    """A realtime model."""

    voice: Annotated[str, StringConstraints(min_length=1)] = "marin"
    """alloy, ash, ballad, cedar, coral, echo, marin, sage, shimmer or verse."""

    speed: Annotated[float, Field(ge=0.25, le=1.5)] = 1.0
    """1 is the voice's usual pace."""

    transcription_model: Annotated[str, StringConstraints(min_length=1)] = "gpt-transcribe"
    """What writes down the caller's words."""

    turn_detection: Literal["server_vad", "semantic_vad"] = "semantic_vad"
    """How OpenAI notices that the caller has finished: by silence, or by what was said."""

    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    """With semantic_vad: how soon."""

    silence: Annotated[float, Field(ge=0.1, le=5.0)] = 0.5
    """With server_vad: seconds of silence that end the caller's turn."""

    noise_reduction: Annotated[
        Literal["off", "near_field", "far_field"], BeforeValidator(bare_off)
    ] = "near_field"
    """What is filtered out of the caller's sound."""

    reasoning_effort: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None
    """How much the model thinks; empty: as OpenAI has set."""

    base_url: Annotated[str, AfterValidator(http_address)] = "https://api.openai.com/v1"
    """Where OpenAI's REST interface is; for tests and proxies."""

    websocket_base_url: Annotated[str, AfterValidator(_websocket_address)] = (
        "wss://api.openai.com/v1"
    )
    """Where its WebSocket interface is; for tests and proxies."""

    @property
    def usable_model(self) -> str:
        """The model, or today's where it has been shut down."""
        return REALTIME_MODEL if self.model.startswith(_GONE_MODELS) else self.model

    @property
    def usable_voice(self) -> str:
        """The voice, or the nearest where a realtime model has none of that name."""
        return realtime_voice(self.voice)

    def notes(self) -> tuple[str, ...]:
        """Return what is not taken as it was written, for people."""
        notes = []
        if self.usable_model != self.model:
            notes.append(
                f"phone.openai.model: OpenAI has shut down {self.model}; {REALTIME_MODEL} is used"
            )
        if self.usable_voice != self.voice:
            notes.append(
                f"phone.openai.voice: realtime models have no voice {self.voice};"
                f" {self.usable_voice} is used"
            )
        return tuple(notes)


def realtime_voice(name: str) -> str:
    """Return the voice of a realtime model that is nearest to the one named."""
    return _OTHER_VOICES.get(name.lower(), name.lower())


def find_realtime_voice(name: str) -> str | None:
    """Return a voice as OpenAI spells it; ``None`` when realtime models have none of that name."""
    if name.startswith("voice_"):  # one of the account's own
        return name
    voice = realtime_voice(name)
    return voice if voice in _REALTIME_VOICES else None


def _public_url(url: str | None) -> str | None:
    if url is not None:
        public = PublicUrl.parse(url)
        if not public.secure and not _is_loopback(public.host.strip("[]")):
            raise ValueError("should begin with https://: Twilio sends sound to nothing else")
    return url.rstrip("/") if url is not None else None


def _networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    TrustedProxies(networks)
    return networks


class PublicConfig(Settings):
    """The listener that the providers reach: a tunnel points to it, and nothing else is on it."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Address to listen on. A tunnel or proxy on this machine reaches the default."""

    port: Annotated[int, Field(ge=0, le=65535)] = 4545
    """Port to listen on. 0 is any free one."""

    base_url: Annotated[str | None, AfterValidator(_public_url)] = None
    """Where the internet reaches it, as https://phone.example.com; also PUBLIC_URL."""

    trusted_proxies: Annotated[tuple[str, ...], AfterValidator(_networks)] = (
        "127.0.0.0/8",
        "::1",
    )
    """Addresses and networks of our own proxies and tunnels, whose word is taken about who
    connects."""
