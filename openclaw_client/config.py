"""Settings of the OpenClaw Gateway connection."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, SecretStr


class OpenClawConfig(BaseModel):
    """How the Gateway is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    base_url: str | None = None
    """WebSocket address of the Gateway, usually ws://127.0.0.1:18789; also OPENCLAW_BASE_URL.
    Empty: no Gateway."""

    auth_token: SecretStr | None = None
    """Token or password of the Gateway; also OPENCLAW_AUTH_TOKEN. Secret, environment only."""

    agent_id: str = "main"
    """The agent that answers when none was chosen; also OPENCLAW_AGENT_ID."""

    session_scope: Literal["channel", "user", "dm", "guild"] = "channel"
    """Who shares a conversation with the agent: the channel, each person, or the guild."""
