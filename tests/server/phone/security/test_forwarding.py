"""Where requests come from."""

from __future__ import annotations

import pytest

from server.phone.security.forwarding import (
    TrustedProxies,
    address_group,
    is_forwarded,
    is_straight,
)

TUNNEL = TrustedProxies(["127.0.0.0/8", "::1", "10.0.0.0/8"])


@pytest.mark.parametrize(
    ("names", "forwarded"),
    [
        (["Host", "User-Agent"], False),
        (["host", "X-Forwarded-For"], True),
        (["x-forwarded-anything"], True),
        (["Forwarded"], True),
        (["CF-Connecting-IP"], True),
        (["Via"], True),
        ([], False),
    ],
)
def test_a_request_through_a_proxy_is_not_from_this_machine(
    names: list[str], *, forwarded: bool
) -> None:
    assert is_forwarded(names) is forwarded


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("54.172.60.1", [], "54.172.60.1"),
        ("54.172.60.1", ["1.2.3.4"], "54.172.60.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["54.172.60.1"], "54.172.60.1"),
        ("::ffff:127.0.0.1", ["54.172.60.1"], "54.172.60.1"),
        ("127.0.0.1", ["6.6.6.6, 54.172.60.1"], "54.172.60.1"),
        ("127.0.0.1", ["6.6.6.6", "54.172.60.1, 10.1.1.1"], "54.172.60.1"),
        ("127.0.0.1", ["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
        ("127.0.0.1", ["54.172.60.1:4711"], "54.172.60.1"),
        ("::1", ["[2001:db8::5]:80"], "2001:db8::5"),
        ("127.0.0.1", ["54.172.60.1, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["54.172.60.1, "], "127.0.0.1"),
        ("127.0.0.1", ["<script>, 10.1.1.1"], "10.1.1.1"),
        ("127.0.0.1", ["1.1.1.1," * 1000 + "8.8.8.8"], "127.0.0.1"),
        ("", ["8.8.8.8"], ""),
    ],
)
def test_the_client_is_whom_our_own_proxies_heard(
    peer: str, forwarded_for: list[str], client: str
) -> None:
    assert TUNNEL.client(peer, forwarded_for) == client


def test_nobody_is_trusted_unless_told() -> None:
    assert TrustedProxies().client("127.0.0.1", ["8.8.8.8"]) == "127.0.0.1"
    assert not TrustedProxies().trusts("127.0.0.1")


def test_a_trusted_network_has_to_be_one() -> None:
    with pytest.raises(ValueError, match="everybody"):
        TrustedProxies(["everybody"])


def test_an_ipv6_customer_counts_as_one_address() -> None:
    assert address_group("2001:db8:1:2:3::4") == address_group("2001:db8:1:2:ffff::1")
    assert address_group("2001:db8:1:2::1") != address_group("2001:db8:1:3::1")
    assert address_group("::ffff:1.2.3.4") == "1.2.3.4"
    assert address_group("not an address") == "not an address"


@pytest.mark.parametrize(
    ("peer", "names", "straight"),
    [
        ("127.0.0.1", ["Host"], True),
        ("::1", [], True),
        ("::ffff:127.0.0.1", [], True),
        ("127.0.0.1", ["Host", "X-Forwarded-For"], False),
        ("127.0.0.1", ["ORIGIN"], False),
        ("10.0.0.1", ["Host"], False),
        ("203.0.113.7", [], False),
        ("testclient", [], False),
    ],
)
def test_straight_from_this_machine_is_through_nothing_and_from_no_page(
    peer: str, names: list[str], straight: bool
) -> None:
    assert is_straight(peer, names) is straight
