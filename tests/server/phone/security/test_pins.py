"""The PIN."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from server.phone.security.pins import PinGuard, PinRight, PinRules, PinWrong
from server.phone.security.refusals import Reason, Refusal

ANN, BEN = "+12125550123", "+12065550199"


def guard(rules: PinRules | None = None) -> PinGuard:
    return PinGuard(SecretStr("490213"), rules)


def test_the_right_pin_is_right() -> None:
    assert guard().check(ANN, "490213", 0.0) == PinRight()


@pytest.mark.parametrize(
    "entered",
    ["", "49021", "4902130", "490214", "\u0664\u0669\u0660\u0662\u0661\u0663", "490213\n"],
)
def test_anything_else_is_wrong(entered: str) -> None:
    assert guard().check(ANN, entered, 0.0) == PinWrong(2)


def test_an_endless_pin_is_wrong() -> None:
    assert guard().check(ANN, "490213" * 1_000_000, 0.0) == PinWrong(2)


def test_after_three_mistakes_even_the_right_pin_does_not_help() -> None:
    pins = guard()
    verdicts = [pins.check(ANN, "000000", at) for at in (0.0, 1.0, 2.0)]
    assert verdicts[:2] == [PinWrong(2), PinWrong(1)]
    assert verdicts[2] == Refusal(Reason.PIN_LOCKED)
    assert pins.check(ANN, "490213", 3.0) == Refusal(Reason.PIN_LOCKED)
    assert pins.locked(ANN, 3.0) is not None
    assert pins.check(BEN, "490213", 3.0) == PinRight()


def test_each_mistake_is_forgiven_by_itself() -> None:
    pins = guard(PinRules(lockout=900.0))
    for at in (0.0, 400.0, 800.0):
        pins.check(ANN, "000000", at)
    assert pins.locked(ANN, 899.0) is not None
    assert pins.locked(ANN, 900.0) is None
    assert pins.check(ANN, "000000", 901.0) == Refusal(Reason.PIN_LOCKED)


def test_getting_it_right_forgives_the_mistakes_before() -> None:
    pins = guard()
    pins.check(ANN, "1", 0.0)
    pins.check(ANN, "1", 0.0)
    assert pins.check(ANN, "490213", 0.0) == PinRight()
    assert pins.check(ANN, "1", 0.0) == PinWrong(2)


def test_a_guesser_with_a_new_number_each_time_locks_everybody_out() -> None:
    pins = guard(PinRules(in_total=20))
    for guess in range(20):
        pins.check(f"+1212555{guess:04}", f"{guess:06}", float(guess))
    assert pins.check(BEN, "490213", 20.0) == Refusal(Reason.PIN_LOCKED, "all callers together")
    assert pins.check(BEN, "490213", 901.0) == PinRight()


def test_what_is_remembered_has_a_bound() -> None:
    pins = guard(PinRules(in_total=1_000_000, lockout=1e9))
    for guess in range(3000):
        pins.check(str(guess), "1", float(guess))
    assert len(pins._wrong) == 1024


@pytest.mark.parametrize("pin", ["", "123", "1" * 17, "12a4", "\u0661\u0662\u0663\u0664", " 1234"])
def test_a_pin_has_four_to_sixteen_digits(pin: str) -> None:
    with pytest.raises(ValueError, match="4 to 16 digits") as caught:
        PinGuard(SecretStr(pin))
    assert not pin or pin not in str(caught.value)


def test_a_pin_of_ones_own_tells_who_it_is() -> None:
    pins = PinGuard(SecretStr("490213"), of_people={"ann": SecretStr("1111")})
    assert pins.check(BEN, "1111", 0.0) == PinRight("ann")
    assert pins.check(BEN, "490213", 0.0) == PinRight()


def test_personal_pins_work_without_one_for_all_and_are_guessed_as_seldom() -> None:
    pins = PinGuard(None, PinRules(per_caller=2), {"ann": SecretStr("1111")})
    assert pins.check(ANN, "2222", 0.0) == PinWrong(1)
    assert isinstance(pins.check(ANN, "3333", 1.0), Refusal)
    assert isinstance(pins.check(ANN, "1111", 2.0), Refusal)


def test_a_personal_pin_has_to_be_one_too() -> None:
    with pytest.raises(ValueError, match="4 to 16 digits"):
        PinGuard(None, of_people={"ann": SecretStr("12")})
