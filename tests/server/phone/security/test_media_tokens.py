"""One-time tokens of media sockets."""

from __future__ import annotations

import re

import pytest

from server.phone.security.media_tokens import MediaPass, MediaToken, MediaTokens
from server.phone.security.refusals import Reason, Refusal

CALL, OTHER = "CA" + "1" * 32, "CA" + "2" * 32


def issued(tokens: MediaTokens, call: str = CALL, now: float = 0.0) -> MediaToken:
    token = tokens.issue(call, now)
    assert isinstance(token, MediaToken)
    return token


def redeemed(tokens: MediaTokens, token: str, now: float = 0.0) -> Reason | str:
    result = tokens.redeem(token, now)
    return result.reason if isinstance(result, Refusal) else result.call_sid


def test_a_token_opens_one_socket_of_its_call() -> None:
    tokens = MediaTokens()
    token = issued(tokens)
    assert tokens.redeem(token.value, 1.0) == MediaPass(CALL)
    assert redeemed(tokens, token.value, 1.0) is Reason.MEDIA_USED


def test_a_token_is_good_for_thirty_seconds() -> None:
    tokens = MediaTokens()
    in_time, late = issued(tokens), issued(tokens, OTHER)
    assert redeemed(tokens, in_time.value, 29.9) == CALL
    assert redeemed(tokens, late.value, 30.0) is Reason.MEDIA_EXPIRED
    assert redeemed(tokens, late.value, 30.0) is Reason.MEDIA_USED


@pytest.mark.parametrize("token", ["", "x", "../voice", "\ud800", "A" * 1_000_000])
def test_tokens_nobody_was_given_open_nothing(token: str) -> None:
    tokens = MediaTokens()
    issued(tokens)
    assert redeemed(tokens, token) is Reason.MEDIA_UNKNOWN


def test_a_changed_token_opens_nothing_and_uses_nothing() -> None:
    tokens = MediaTokens()
    token = issued(tokens).value
    for changed in (token[:-1], token + "A", token.swapcase(), token[::-1]):
        assert redeemed(tokens, changed) is Reason.MEDIA_UNKNOWN
    assert redeemed(tokens, token) == CALL


@pytest.mark.parametrize("named", [OTHER, "", CALL.lower(), CALL + "\x00", "\ud800", "C" * 100_000])
def test_the_socket_of_a_call_is_for_no_other(named: str) -> None:
    assert MediaPass(CALL).check_call(named) == Refusal(Reason.MEDIA_OTHER_CALL)
    assert MediaPass(CALL).check_call(CALL) is None


def test_a_new_token_of_a_call_voids_the_one_before() -> None:
    tokens = MediaTokens()
    first, second = issued(tokens), issued(tokens)
    assert redeemed(tokens, first.value) is Reason.MEDIA_UNKNOWN
    assert redeemed(tokens, second.value) == CALL


def test_a_call_that_is_over_needs_no_socket() -> None:
    tokens = MediaTokens()
    token, other = issued(tokens), issued(tokens, OTHER)
    tokens.revoke(CALL)
    assert redeemed(tokens, token.value) is Reason.MEDIA_UNKNOWN
    assert redeemed(tokens, other.value) == OTHER


def test_only_so_many_may_be_out_at_once() -> None:
    tokens = MediaTokens(capacity=3)
    given = [issued(tokens, f"CA{number}") for number in range(3)]
    refusal = tokens.issue("CA3", 0.0)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 503
    tokens.redeem(given[0].value, 0.0)
    issued(tokens, "CA3")


def test_old_tokens_are_forgotten() -> None:
    tokens = MediaTokens(capacity=3)
    used = issued(tokens)
    tokens.redeem(used.value, 0.0)
    for number in range(2):
        issued(tokens, f"CA{number}")
    issued(tokens, OTHER, 60.0)
    assert len(tokens._issued) == 1
    assert redeemed(tokens, used.value, 60.0) is Reason.MEDIA_UNKNOWN


def test_tokens_fit_a_path_and_cannot_be_guessed() -> None:
    tokens = MediaTokens(capacity=1000)
    values = {issued(tokens, str(number)).value for number in range(1000)}
    assert len(values) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", one) for one in values)


def test_no_log_and_no_memory_of_ours_has_a_token() -> None:
    tokens = MediaTokens(new_token=lambda: "very-secret")
    token = issued(tokens)
    shown = f"{token} {token!r} {tokens._issued} {tokens.redeem('very-secret', 0.0)}"
    assert "very-secret" not in shown
