"""Whether a server can be reached, found out quickly.

A name server or a router that swallows packets makes every network library wait far longer than a
person does: the hub's client takes 23 s and more to say that it is offline.
"""

from __future__ import annotations

import contextlib
import socket
import urllib.request
from queue import Empty, Queue
from threading import Thread
from urllib.parse import urlsplit

PATIENCE = 1.0
"""Seconds for a name to be resolved and a connection to open."""


def reachable(url: str) -> bool:
    """Try to connect to the server of ``url``, for at most about :data:`PATIENCE` seconds.

    Behind a proxy the answer is always yes: only the proxy can tell.
    """
    parts = urlsplit(url)
    if not parts.hostname or _has_proxy(parts.scheme, parts.hostname):
        return True
    port = parts.port or (80 if parts.scheme == "http" else 443)
    outcomes: Queue[bool] = Queue()
    # IPv4 and IPv6 side by side: where one of them leads nowhere, the other still counts. Daemon
    # threads, because resolving a name cannot be interrupted.
    for family in (socket.AF_INET, socket.AF_INET6):
        arguments = (parts.hostname, port, family, outcomes)
        Thread(target=_connect, args=arguments, daemon=True).start()
    with contextlib.suppress(Empty):
        return outcomes.get(timeout=PATIENCE) or outcomes.get(timeout=PATIENCE)
    return False


def _has_proxy(scheme: str, host: str) -> bool:
    proxies = urllib.request.getproxies()
    return bool(proxies.get(scheme) or proxies.get("all")) and not urllib.request.proxy_bypass(host)


def _connect(host: str, port: int, family: socket.AddressFamily, outcomes: Queue[bool]) -> None:
    with contextlib.suppress(OSError):
        for *_, address in socket.getaddrinfo(host, port, family, socket.SOCK_STREAM):
            with socket.socket(family, socket.SOCK_STREAM) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(address)
                outcomes.put(item=True)
                return
    outcomes.put(item=False)
