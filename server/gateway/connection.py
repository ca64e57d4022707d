"""Connections to the Gateway, made as the settings say."""

from __future__ import annotations

from collections.abc import Callable

from openclaw_client import DeviceStore, GatewayClient, SpontaneousRun
from server.config import Config
from server.version import VERSION

DEVICE_FILE = "openclaw-device.json"
"""The key by which gateways know this device, in ``data_dir``."""


def gateway_client(
    config: Config, on_spontaneous: Callable[[SpontaneousRun], None] | None = None
) -> GatewayClient:
    """Return a client that is not connected yet.

    Args:
        config: The settings; all connections of one installation share its device.
        on_spontaneous: Is told what agents say by themselves; must not block or raise.

    """
    file = config.openclaw.device_file or config.data_dir / DEVICE_FILE
    return GatewayClient(
        config.openclaw,
        device=DeviceStore(file),
        version=VERSION,
        on_spontaneous=on_spontaneous,
    )
