"""The address by which providers reach us."""

from __future__ import annotations

import pytest

from server.phone.security.public_url import PublicUrl


def test_addresses_are_made_of_it() -> None:
    public = PublicUrl.parse("https://phone.example.com/")
    assert public.url("/voice") == "https://phone.example.com/voice"
    assert public.url("/voice/stream/x", "stream") == "wss://phone.example.com/voice/stream/x"
    behind = PublicUrl.parse("https://Example.com:8443/phone/")
    assert behind.url("/voice") == "https://Example.com:8443/phone/voice"


def test_signatures_are_tried_without_and_with_the_port() -> None:
    public = PublicUrl.parse("https://phone.example.com")
    assert public.signed_urls("/voice?a=%20b", "webhook") == (
        "https://phone.example.com/voice?a=%20b",
        "https://phone.example.com:443/voice?a=%20b",
    )
    other = PublicUrl.parse("https://[2001:db8::1]:8443")
    assert other.signed_urls("/s", "stream") == (
        "wss://[2001:db8::1]/s",
        "wss://[2001:db8::1]:8443/s",
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "phone.example.com",
        "ftp://phone.example.com",
        "https://",
        "https://user:secret@phone.example.com",
        "https://phone.example.com?x=1",
        "https://phone.example.com#x",
        "https://phone.example.com:port",
    ],
)
def test_what_is_no_public_url_is_said_so(url: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - ports have the library's message
        PublicUrl.parse(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://phone.example.com",
        "https://localhost:4545",
        "https://127.0.0.1",
        "https://192.168.1.5",
        "https://10.1.2.3",
        "https://169.254.169.254",
        "https://100.64.1.1",
        "https://[::1]",
        "https://[fd00::1]:8443",
        "https://server.local",
        "https://intranet",
        "https://phone.internal.",
    ],
)
def test_setup_learns_that_twilio_cannot_reach_it(url: str) -> None:
    assert PublicUrl.parse(url).problem()


@pytest.mark.parametrize("url", ["https://phone.example.com", "https://8.8.8.8:8443"])
def test_public_addresses_are_no_problem(url: str) -> None:
    assert PublicUrl.parse(url).problem() is None
