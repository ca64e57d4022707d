"""The OpenClaw Gateway client: every turn reaches an agent through here.

``GatewayClient`` is the whole of it; ``OpenClawClient``, ``PerGuildOpenClawClient`` and
``create_client`` are its short form.
"""

from __future__ import annotations

from openclaw_client.agents import AgentInfo
from openclaw_client.client import GatewayClient
from openclaw_client.config import AgentTier, OpenClawConfig
from openclaw_client.device import DeviceIdentity, DeviceStore
from openclaw_client.errors import (
    AgentError,
    CredentialsError,
    DeviceFileError,
    DeviceRefusedError,
    GatewayConnectionError,
    NoReplyError,
    NotAGatewayError,
    PairingRequiredError,
    ProtocolError,
    ProtocolMismatchError,
    ReplyTimeoutError,
    RequestError,
    Retry,
    RunError,
    ScopeMissingError,
    TlsError,
    UnavailableError,
    UnknownAgentError,
    UnreachableError,
)
from openclaw_client.facade import OpenClawClient, PerGuildOpenClawClient, create_client
from openclaw_client.history import HistoryMessage
from openclaw_client.session_key import (
    Place,
    SessionKeyError,
    SessionScope,
    checked_key,
    discord_key,
    known_agent,
    phone_key,
    warm_up_key,
)
from openclaw_client.spontaneous import SpontaneousRun
from openclaw_client.stats import GatewayStats, Latency, LinkState

__all__ = [
    "AgentError",
    "AgentInfo",
    "AgentTier",
    "CredentialsError",
    "DeviceFileError",
    "DeviceIdentity",
    "DeviceRefusedError",
    "DeviceStore",
    "GatewayClient",
    "GatewayConnectionError",
    "GatewayStats",
    "HistoryMessage",
    "Latency",
    "LinkState",
    "NoReplyError",
    "NotAGatewayError",
    "OpenClawClient",
    "OpenClawConfig",
    "PairingRequiredError",
    "PerGuildOpenClawClient",
    "Place",
    "ProtocolError",
    "ProtocolMismatchError",
    "ReplyTimeoutError",
    "RequestError",
    "Retry",
    "RunError",
    "ScopeMissingError",
    "SessionKeyError",
    "SessionScope",
    "SpontaneousRun",
    "TlsError",
    "UnavailableError",
    "UnknownAgentError",
    "UnreachableError",
    "checked_key",
    "create_client",
    "discord_key",
    "known_agent",
    "phone_key",
    "warm_up_key",
]
