"""What can go wrong between us and an OpenClaw Gateway.

Every message says what happened; :attr:`AgentError.fix` says what to do about it. Neither
ever holds a token, a key or the words of a turn.

    AgentError                      a turn got no reply, or broke off
    ├── UnknownAgentError           the gateway knows no such agent
    ├── RequestError                the gateway refused a request
    ├── RunError                    the agent's run failed, or was stopped by somebody else
    ├── ReplyTimeoutError           nothing came in time
    ├── NoReplyError                the run ended without a word
    └── GatewayConnectionError      there is no usable connection
        ├── UnreachableError        nobody listens there, or the connection broke
        ├── UnavailableError        the gateway is starting, stopping or overloaded
        ├── NotAGatewayError        something else listens there
        ├── TlsError                the encrypted connection could not be made
        ├── CredentialsError        wrong token or password
        ├── DeviceRefusedError      the gateway does not accept our device identity
        ├── PairingRequiredError    this device waits to be approved
        ├── ScopeMissingError       connected, but allowed too little
        ├── ProtocolMismatchError   the gateway is too old or too new
        └── ProtocolError           what arrived is not the Gateway protocol
    DeviceFileError                 the file of the device identity is unusable
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import ClassVar


class Retry(Enum):
    """Whether connecting again may help."""

    SOON = "soon"
    """Yes: with growing delays."""

    SLOWLY = "slowly"
    """Once somebody has done something about it, which we notice by trying."""

    NEVER = "never"
    """Not with these settings; trying on would only lock us out."""


class AgentError(Exception):
    """A turn got no reply, or the reply broke off; the conversation goes on.

    Args:
        message: What happened.
        fix: What to do about it; "" when there is nothing to say.

    """

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix

    def __str__(self) -> str:
        """Return what happened and what to do."""
        message = str(self.args[0])
        return f"{message}. {self.fix}" if self.fix else message


class UnknownAgentError(AgentError):
    """The gateway knows no such agent.

    Args:
        agent: The id that was asked for.
        known: The ids that the gateway knows.

    """

    def __init__(self, agent: str, known: Iterable[str]) -> None:
        self.agent = agent
        self.known = tuple(known)
        listed = ", ".join(self.known) or "none"
        super().__init__(
            f"the gateway knows no agent {agent!r}",
            fix=f"Choose one of these: {listed}; or add it to the gateway's configuration",
        )


class RequestError(AgentError):
    """The gateway refused a request.

    Args:
        code: Such as ``INVALID_REQUEST``, as the gateway gave it.
        message: What happened.
        reason: The gateway's own words; "" for the message.
        retry_after: Seconds after which the same request may succeed; ``None`` when it will not.

    """

    def __init__(
        self, code: str, message: str, *, reason: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason or message
        self.retry_after = retry_after


class RunError(AgentError):
    """The agent's run failed, or was stopped by somebody else."""


class ReplyTimeoutError(AgentError):
    """Nothing came in time; the run was aborted."""


class NoReplyError(AgentError):
    """The run ended without a word: the agent chose to stay silent, or was made to."""


class GatewayConnectionError(AgentError):
    """There is no usable connection to the gateway."""

    retry: ClassVar[Retry] = Retry.SOON
    """Whether connecting again may help."""


class UnreachableError(GatewayConnectionError):
    """Nobody listens there, or the connection broke."""


class UnavailableError(GatewayConnectionError):
    """The gateway is starting, stopping or overloaded, or wants us to wait.

    Args:
        message: What happened.
        fix: What to do about it.
        retry_after: Seconds the gateway asks us to wait; ``None`` when it did not say.

    """

    def __init__(self, message: str, *, fix: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, fix=fix)
        self.retry_after = retry_after


class NotAGatewayError(GatewayConnectionError):
    """Something else listens there: a web server, another WebSocket."""

    retry = Retry.SLOWLY


class TlsError(GatewayConnectionError):
    """The encrypted connection could not be made."""

    retry = Retry.SLOWLY


class CredentialsError(GatewayConnectionError):
    """Wrong token or password. Ten wrong tries lock a remote address out for 5 minutes."""

    retry = Retry.NEVER


class DeviceRefusedError(GatewayConnectionError):
    """The gateway does not accept our device identity: its signature, time or id."""

    retry = Retry.NEVER


class PairingRequiredError(GatewayConnectionError):
    """This device waits to be approved on the gateway's machine; we go on by ourselves then.

    Args:
        message: What happened.
        request_id: What to approve; "" when the gateway did not say.

    """

    retry = Retry.SLOWLY

    def __init__(self, message: str, request_id: str) -> None:
        self.request_id = request_id
        command = f"openclaw devices approve {request_id}" if request_id else ""
        super().__init__(
            message,
            fix=f"On the gateway's machine run: {command}"
            if command
            else "On the gateway's machine run: openclaw devices list; then: openclaw devices"
            " approve <requestId>",
        )


class ScopeMissingError(GatewayConnectionError):
    """Connected, but allowed too little to talk with an agent.

    Args:
        missing: The scopes we lack.

    """

    retry = Retry.SLOWLY

    def __init__(self, missing: Iterable[str]) -> None:
        self.missing = tuple(sorted(missing))
        super().__init__(
            f"the gateway let us in without the scope {', '.join(self.missing)}",
            fix="Connect with a device identity and approve it on the gateway's machine: openclaw"
            " devices list; then: openclaw devices approve <requestId>",
        )


class ProtocolMismatchError(GatewayConnectionError):
    """The gateway is too old or too new for this program."""

    retry = Retry.NEVER


class ProtocolError(GatewayConnectionError):
    """What arrived is not the Gateway protocol."""


class DeviceFileError(Exception):
    """The file of the device identity cannot be used; the message says how to repair it."""
