from __future__ import annotations

import davey

from discord_bot.dave import FAILURES_ALLOWED, FAILURES_EXCUSED, DaveKeys
from discord_bot.rtp import SILENCE
from discord_bot.speakers import Sealed
from tests.discord_bot.groups import ANN, BOT, Call, pair

STRANGER = 9


def test_packet_is_opened_with_its_senders_key() -> None:
    bot, ann = pair()
    keys = DaveKeys(Call(bot), BOT)
    assert keys.open(ANN, ann.encrypt_opus(b"opus packet")) == b"opus packet"
    assert keys.opened == 1


def test_silence_is_never_encrypted() -> None:
    assert DaveKeys(Call(None), BOT).open(ANN, SILENCE) == SILENCE


def test_key_of_somebody_who_is_not_in_the_group_may_still_come() -> None:
    bot, ann = pair()
    keys = DaveKeys(Call(bot), BOT)
    assert keys.open(STRANGER, ann.encrypt_opus(b"opus packet")) is Sealed.NO_KEY_OF_SENDER
    assert DaveKeys(Call(None), BOT).open(ANN, b"x") is Sealed.NO_GROUP


def test_nothing_in_the_clear_is_accepted_in_an_encrypted_call() -> None:
    bot, _ = pair()
    keys = DaveKeys(Call(bot), BOT)
    assert keys.open(ANN, b"opus packet") is Sealed.NOT_ENCRYPTED


def test_session_and_version_are_those_of_the_moment() -> None:
    call = Call(None, 0)
    keys = DaveKeys(call, BOT)
    assert keys.open(ANN, b"opus packet") == b"opus packet"
    assert keys.passed_through == 1
    call.dave_session, ann = pair()
    call.dave_protocol_version = 1
    assert keys.open(ANN, ann.encrypt_opus(b"opus packet")) == b"opus packet"
    call.dave_session, ann = pair()
    assert keys.open(ANN, ann.encrypt_opus(b"opus packet")) == b"opus packet"


def test_packet_encrypted_before_a_downgrade_is_still_opened() -> None:
    bot, ann = pair()
    keys = DaveKeys(Call(bot, 0), BOT)
    assert keys.open(ANN, ann.encrypt_opus(b"opus packet")) == b"opus packet"
    assert keys.open(ANN, b"in the clear") == b"in the clear"
    assert keys.open(ANN, b"looks encrypted\xfa\xfa") is Sealed.NOT_ENCRYPTED


def test_trial_tells_whose_packet_it_is_and_is_no_failure() -> None:
    bot, ann = pair()
    keys = DaveKeys(Call(bot), BOT)
    assert list(keys.holders()) == [ANN]
    payload = ann.encrypt_opus(b"opus packet")
    assert keys.try_open(STRANGER, payload) is None
    assert keys.try_open(ANN, payload) == b"opus packet"
    keys.give_up(Sealed.NO_SENDER)
    assert not keys.failures


def test_nobody_can_be_found_by_the_key_where_nothing_is_encrypted() -> None:
    bot, _ = pair()
    assert list(DaveKeys(Call(bot, 0), BOT).holders()) == []
    assert list(DaveKeys(Call(None), BOT).holders()) == []
    assert list(DaveKeys(Call(davey.DaveSession(1, BOT, 7)), BOT).holders()) == []


def test_too_many_failures_in_a_row_are_told_once() -> None:
    bot, ann = pair()
    keys = DaveKeys(Call(bot), BOT)
    for _ in range(FAILURES_ALLOWED):
        keys.give_up(Sealed.NO_VALID_KEY)
    assert not keys.take_failed()
    keys.give_up(Sealed.NO_VALID_KEY)
    assert keys.take_failed()
    assert not keys.take_failed()
    keys.give_up(Sealed.NO_VALID_KEY)
    keys.open(ANN, ann.encrypt_opus(b"opus packet"))
    for _ in range(FAILURES_ALLOWED):
        keys.give_up(Sealed.NO_VALID_KEY)
    assert not keys.take_failed()


def test_failures_while_the_group_changes_are_to_be_expected() -> None:
    bot, _ = pair()
    keys = DaveKeys(Call(bot, dave_pending_transitions={5: 1}), BOT)
    for _ in range(2 * FAILURES_ALLOWED):
        keys.give_up(Sealed.NO_VALID_KEY)
    assert not keys.take_failed()


def test_change_that_is_never_carried_out_does_not_excuse_failures_for_ever() -> None:
    bot, _ = pair()
    keys = DaveKeys(Call(bot, dave_pending_transitions={5: 1}), BOT)
    for _ in range(FAILURES_EXCUSED + FAILURES_ALLOWED):
        keys.give_up(Sealed.NO_VALID_KEY)
    assert not keys.take_failed()
    keys.give_up(Sealed.NO_VALID_KEY)
    assert keys.take_failed()


def test_new_session_counts_anew() -> None:
    bot, _ = pair()
    keys = DaveKeys(Call(bot), BOT)
    for _ in range(2 * FAILURES_ALLOWED):
        keys.give_up(Sealed.NO_VALID_KEY)
    keys.receive_new_session()
    assert not keys.take_failed()


def test_strangers_packets_are_no_reason_for_new_keys() -> None:
    bot, _ = pair()
    keys = DaveKeys(Call(bot), BOT)
    for _ in range(2 * FAILURES_ALLOWED):
        keys.give_up(Sealed.NO_KEY_OF_SENDER)
    assert not keys.take_failed()
    assert keys.failures == {Sealed.NO_KEY_OF_SENDER: 2 * FAILURES_ALLOWED}


def test_packet_of_another_group_has_no_valid_key() -> None:
    bot, _ = pair()
    _, ann = pair()
    assert DaveKeys(Call(bot), BOT).open(ANN, ann.encrypt_opus(b"x" * 20)) is Sealed.NO_VALID_KEY
