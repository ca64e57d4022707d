"""What we show a gateway to be let in."""

from __future__ import annotations

from enum import Enum

from openclaw_client.config import OpenClawConfig
from openclaw_client.device import DeviceIdentity, DeviceStore
from openclaw_client.errors import (
    CredentialsError,
    DeviceFileError,
    DeviceRefusedError,
    GatewayConnectionError,
)
from openclaw_client.handshake import Greeting


class _Shown(Enum):
    SHARED = "token or password"
    DEVICE = "device token"


class Credentials:
    """Token or password, and the identity of this device.

    When the token does not fit (any more), the one that the gateway gave this device is tried,
    once: it outlives a change of the shared token.

    Args:
        config: Holds token and password.
        store: Holds the identity; ``None`` to go without, which only a gateway on the same
            machine accepts.
        version: Of this program.

    """

    def __init__(self, config: OpenClawConfig, store: DeviceStore | None, version: str) -> None:
        self._config = config
        self._store = store
        self._version = version
        self._shown = _Shown.SHARED
        self._tried: set[_Shown] = set()

    def greeting(self) -> Greeting:
        """Return who we are.

        Raises:
            DeviceRefusedError: The file of our identity cannot be used.

        """
        token, password = self._config.auth_token, self._config.password
        identity, device_token = self._device()
        shared = self._shown is _Shown.SHARED
        return Greeting(
            token=token.get_secret_value() if token and shared else "",
            password=password.get_secret_value() if password and shared else "",
            device_token=device_token,
            device=identity,
            version=self._version,
        )

    def accepted(self, device_token: str) -> None:
        """The gateway let us in, perhaps with a token to be kept."""
        self._tried.clear()
        self._shown = _Shown.SHARED
        if device_token:
            self._keep(device_token)

    def failed(self, error: GatewayConnectionError) -> bool:
        """Take in why there is no connection; return whether to show something else at once."""
        if not isinstance(error, CredentialsError):
            return False
        self._tried.add(self._shown)
        if self._shown is _Shown.DEVICE:
            self._keep("")
        self._shown = _Shown.SHARED
        if _Shown.DEVICE not in self._tried and self._has_both():
            self._shown = _Shown.DEVICE
        return self._shown not in self._tried

    def _has_both(self) -> bool:
        try:
            return bool(self._config.secrets()) and bool(self._device()[1])
        except DeviceRefusedError:
            return False

    def _device(self) -> tuple[DeviceIdentity | None, str]:
        if self._store is None:
            return None, ""
        try:
            return self._store.identity(), self._store.token(self._config.base_url or "")
        except DeviceFileError as error:
            raise DeviceRefusedError(str(error)) from None

    def _keep(self, device_token: str) -> None:
        if self._store is None:
            return
        try:
            self._store.keep_token(self._config.base_url or "", device_token)
        except DeviceFileError as error:
            raise DeviceRefusedError(str(error)) from None
