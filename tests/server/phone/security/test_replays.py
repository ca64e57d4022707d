"""Requests that come again."""

from __future__ import annotations

from server.phone.security.replays import (
    LIFETIME,
    Answer,
    Repeat,
    RepeatKind,
    ReplayStore,
    replay_key,
)

KEY = replay_key("HMAC_SHA1", "c2lnbmF0dXJl")
TWIML = Answer(200, "text/xml", "<Response/>")


def test_the_first_is_new_and_the_second_a_retry() -> None:
    store = ReplayStore()
    assert store.notice(KEY, "token", 0.0) is None
    assert store.notice(KEY, "token", 1.0) == Repeat(RepeatKind.RETRY, None)


def test_a_retry_gets_the_same_answer() -> None:
    store = ReplayStore()
    store.notice(KEY, "token", 0.0)
    store.keep_answer(KEY, TWIML)
    assert store.notice(KEY, "token", 1.0) == Repeat(RepeatKind.RETRY, TWIML)


def test_with_another_token_or_none_it_is_a_replay_still() -> None:
    store = ReplayStore()
    store.notice(KEY, "token", 0.0)
    for token in ("other", ""):
        assert store.notice(KEY, token, 1.0) == Repeat(RepeatKind.REPLAY, None)
    without = ReplayStore()
    without.notice(KEY, "", 0.0)
    assert without.notice(KEY, "", 0.0) == Repeat(RepeatKind.REPLAY, None)


def test_another_signature_or_algorithm_is_another_request() -> None:
    store = ReplayStore()
    store.notice(KEY, "token", 0.0)
    assert store.notice(replay_key("HMAC_SHA1", "other"), "token", 0.0) is None
    assert store.notice(replay_key("HMAC_SHA256", "c2lnbmF0dXJl"), "token", 0.0) is None


def test_requests_are_forgotten_after_longer_than_any_call() -> None:
    store = ReplayStore()
    store.notice(KEY, "token", 0.0)
    assert store.notice(KEY, "token", LIFETIME - 1) is not None
    assert store.notice(KEY, "token", LIFETIME) is None
    assert len(store) == 1


def test_what_is_remembered_has_a_bound() -> None:
    store = ReplayStore(capacity=100)
    for number in range(1000):
        store.notice(replay_key("HMAC_SHA1", str(number)), "", 0.0)
    assert len(store) == 100
    assert store.notice(replay_key("HMAC_SHA1", "999"), "", 0.0) is not None


def test_what_failed_may_come_again() -> None:
    store = ReplayStore()
    store.notice(KEY, "token", 0.0)
    store.forget(KEY)
    store.forget(KEY)
    assert store.notice(KEY, "token", 1.0) is None


def test_an_answer_to_what_is_forgotten_is_not_kept() -> None:
    store = ReplayStore()
    store.keep_answer(KEY, TWIML)
    assert len(store) == 0
