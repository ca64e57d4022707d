"""The greeting: what we say of ourselves, and what the gateway answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from openclaw_client.errors import ProtocolError
from openclaw_client.frames import Json, as_dict, as_text, quoted

OLDEST_PROTOCOL = 3
NEWEST_PROTOCOL = 4
"""The versions we speak: gateways from 2026.2 on."""

ROLE = "operator"
SCOPES = ("operator.read", "operator.write")

CLIENT_ID = "gateway-client"
CLIENT_MODE = "backend"
"""Both come from closed lists; of those that take no further rights these two alone keep
their scopes on every version."""

PLATFORM = "linux"
"""A constant on every system: a device that changes it has to be approved again."""

CAPABILITIES = ("session-scoped-events", "tool-events")
"""Events of the sessions we subscribe to, and no others; and what tools the agent uses.
Gateways that do not know them ignore them."""

_TICK = 30.0
_PAYLOAD = 8 * 2**20
_LARGEST = 2**53


class Signer(Protocol):
    """The key of a device."""

    @property
    def device_id(self) -> str:
        """SHA-256 of the public key, in hex."""

    @property
    def public_key(self) -> str:
        """The raw public key, base64url without padding."""

    def sign(self, text: str) -> str:
        """Return the signature of ``text``, base64url without padding."""


@dataclass(frozen=True, slots=True, repr=False)
class Greeting:
    """Who we are. Has no ``repr``, for it holds secrets."""

    token: str = ""
    """The gateway's shared token."""

    password: str = ""
    device_token: str = ""
    """What this gateway gave our device; sent when there is no token or password."""

    device: Signer | None = None
    version: str = "0"
    """Of this program."""

    def params(self, nonce: str, at_ms: int) -> dict[str, Any]:
        """Return the parameters of ``connect``.

        Args:
            nonce: Of the gateway's challenge.
            at_ms: Time of the challenge; ours may be wrong, the gateway's cannot be.

        """
        auth = {"token": self.token, "password": self.password}
        if not any(auth.values()):
            # The place of its own, deviceToken, is refused by gateways of protocol 3.
            auth = {"token": self.device_token}
        params: dict[str, Any] = {
            "minProtocol": OLDEST_PROTOCOL,
            "maxProtocol": NEWEST_PROTOCOL,
            "client": {
                "id": CLIENT_ID,
                "version": self.version,
                "platform": PLATFORM,
                "mode": CLIENT_MODE,
            },
            "role": ROLE,
            "scopes": list(SCOPES),
            "caps": list(CAPABILITIES),
            "locale": "en-US",
            "userAgent": f"openclaw-voice/{self.version}",
        }
        if credentials := {name: value for name, value in auth.items() if value}:
            params["auth"] = credentials
        if self.device:
            params["device"] = self._proof(self.device, nonce, at_ms)
        return params

    def _proof(self, device: Signer, nonce: str, at_ms: int) -> dict[str, Any]:
        # Form v2 is the one that gateways of both protocols accept.
        token = self.token or ("" if self.password else self.device_token)
        signed = "|".join(
            (
                "v2",
                device.device_id,
                CLIENT_ID,
                CLIENT_MODE,
                ROLE,
                ",".join(SCOPES),
                str(at_ms),
                token,
                nonce,
            )
        )
        return {
            "id": device.device_id,
            "publicKey": device.public_key,
            "signature": device.sign(signed),
            "signedAt": at_ms,
            "nonce": nonce,
        }


@dataclass(frozen=True, slots=True)
class Hello:
    """What the gateway said of itself and of us."""

    protocol: int
    server_version: str = ""
    boot_id: str = ""
    """Changes with every start of the gateway; "" on gateways that do not tell."""

    scopes: frozenset[str] | None = None
    """What we may do; ``None`` on protocol 3, which does not tell."""

    methods: frozenset[str] = frozenset()
    """What can be asked of it."""

    tick_interval: float = _TICK
    """Seconds between signs of life."""

    max_payload: int = _PAYLOAD
    """Bytes of the largest message it takes."""

    @property
    def missing_scopes(self) -> frozenset[str]:
        """Scopes that we need and were not given: without them all else fails later."""
        return frozenset() if self.scopes is None else frozenset(SCOPES) - self.scopes


def read_challenge(payload: Json) -> tuple[str, int] | None:
    """Return nonce and time of a challenge; the time is 0 when it has none."""
    nonce, at = payload.get("nonce"), payload.get("ts")
    if not isinstance(nonce, str) or not nonce:
        return None
    return nonce, at if isinstance(at, int) else 0


def read_hello(payload: Json) -> tuple[Hello, str]:
    """Return the gateway's greeting, and the device token in it ("" when there is none).

    Raises:
        ProtocolError: It is no greeting, or of a protocol we do not speak.

    """
    protocol = payload.get("protocol")
    if payload.get("type") != "hello-ok" or not isinstance(protocol, int):
        raise ProtocolError("the gateway's greeting is none")
    if not OLDEST_PROTOCOL <= protocol <= NEWEST_PROTOCOL:
        raise ProtocolError(f"the gateway greeted in protocol {protocol}, which we did not offer")
    server, policy = as_dict(payload.get("server")), as_dict(payload.get("policy"))
    auth = payload.get("auth")
    hello = Hello(
        protocol=protocol,
        server_version=quoted(as_text(server.get("version"))),
        boot_id=as_text(server.get("bootId")),
        scopes=_strings(auth.get("scopes")) if isinstance(auth, dict) else None,
        methods=_strings(as_dict(payload.get("features")).get("methods")),
        tick_interval=_positive(policy.get("tickIntervalMs"), _TICK * 1000) / 1000,
        max_payload=int(_positive(policy.get("maxPayload"), _PAYLOAD)),
    )
    return hello, as_text(as_dict(auth).get("deviceToken"))


def _strings(value: Any) -> frozenset[str]:
    items: Iterable[Any] = value if isinstance(value, list) else ()
    return frozenset(item for item in items if isinstance(item, str))


def _positive(value: Any, default: float) -> float:
    return value if isinstance(value, int | float) and 0 < value <= _LARGEST else default
