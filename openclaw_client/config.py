"""Settings of the OpenClaw Gateway connection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

Seconds = Annotated[float, Field(gt=0, le=3600)]

SPOKEN_STYLE = (
    "Your reply is spoken aloud in a live voice conversation. Answer in one to three short"
    " spoken sentences: no markdown, lists, tables, links, emoji or code, unless you are asked"
    " for more. What you write is what is spoken: write it as plain text, and do not use the"
    " tts tool or any other way to send audio or messages here."
)

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def _websocket_address(text: str | None) -> str | None:
    """Return the address as ``ws://`` or ``wss://``; people paste the dashboard's too."""
    if not text:
        return None
    try:
        parts = urlsplit(text.strip())
        valid = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("should be an address such as ws://127.0.0.1:18789")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("should hold no user, password or query; the token has its own setting")
    return urlunsplit((_SCHEMES[parts.scheme], parts.netloc, parts.path, "", ""))


class AgentTier(BaseModel):
    """How much thought one agent's spoken replies get."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    model: str | None = None
    """Model of the agent's voice sessions, provider/name; empty: what the Gateway has set."""

    thinking: str | None = None
    """Thinking level of spoken turns, such as off, low or high; empty: as the Gateway has set."""


class OpenClawConfig(BaseModel):
    """How the Gateway is reached."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,  # a password in the address, or a token in the wrong place
    )

    base_url: Annotated[str | None, AfterValidator(_websocket_address)] = None
    """WebSocket address of the Gateway, usually ws://127.0.0.1:18789; also OPENCLAW_BASE_URL.
    Empty: no Gateway."""

    auth_token: SecretStr | None = None
    """Token of the Gateway; also OPENCLAW_AUTH_TOKEN. Secret, environment only."""

    password: SecretStr | None = None
    """Password of the Gateway, where it uses one instead. Secret, environment only."""

    agent_id: str = "main"
    """The agent that answers when none was chosen; also OPENCLAW_AGENT_ID."""

    session_scope: Literal["channel", "user", "dm", "guild"] = "channel"
    """Who shares a conversation with the agent: the channel, each person, or the guild."""

    text_channels: dict[str, str] = Field(default_factory=dict)
    """Voice channel id: id of the text channel whose conversation it continues. Without, a voice
    channel has a conversation of its own."""

    agents: dict[str, AgentTier] = Field(default_factory=dict)
    """Model and thinking level by agent id."""

    spoken_style: str = SPOKEN_STYLE
    """What the agent is told of how to answer, beside its own instructions. Never part of the
    conversation itself. Empty: nothing."""

    spontaneous: bool = False
    """Also speak what the agent says by itself in a voice session: a timer, a finished job."""

    warm_up: bool = True
    """Ask each agent one unspoken question at start: a Gateway's first turn takes 4 to 6 s."""

    timeout: Seconds = 60.0
    """Seconds until the first words of a reply."""

    stall_timeout: Seconds = 45.0
    """Seconds without more words before a reply is given up."""

    max_reply: Seconds = 300.0
    """Seconds after which a reply that does not end is cut off."""

    retry_timeout: Seconds = 30.0
    """Seconds for which a turn waits for a broken connection, to be found again or retried."""

    connect_timeout: Seconds = 10.0
    """Seconds until a connection is made and greeted."""

    request_timeout: Seconds = 15.0
    """Seconds until the Gateway answers a request other than a turn."""

    device_file: Path | None = None
    """The key by which the Gateway knows this device. Empty: openclaw-device.json in data_dir."""

    ca_file: Path | None = None
    """Certificates to trust for wss://, in PEM. Empty: those of the system."""

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown."""
        values = (self.auth_token, self.password)
        return tuple(text for value in values if value and (text := value.get_secret_value()))
