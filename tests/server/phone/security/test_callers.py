"""Who may call in."""

from __future__ import annotations

import pytest

from server.phone.security.callers import (
    AskForPin,
    Assurance,
    Attestation,
    CallerRules,
    CallersPolicy,
    TakeMessage,
    UnknownCaller,
    Welcome,
    decide_caller,
    parse_attestation,
)
from server.phone.security.refusals import Reason, Refusal

ANN = "+12125550123"
STRANGER = "+12065550199"
HIDDEN = "+266696687"
LIST = frozenset({ANN})


@pytest.mark.parametrize(
    ("verstat", "attestation"),
    [
        ("TN-Validation-Passed-A", Attestation.A),
        ("TN-Validation-Passed-B", Attestation.B),
        ("TN-Validation-Passed-C", Attestation.C),
        ("TN-Validation-Failed", Attestation.FAILED),
        ("TN-Validation-Failed-A", Attestation.FAILED),
        ("No-TN-Validation", Attestation.NONE),
        ("", Attestation.NONE),
        ("TN-Validation-Passed", Attestation.NONE),
        ("tn-validation-passed-a", Attestation.NONE),
        ("TN-Validation-Passed-A" * 1000, Attestation.NONE),
    ],
)
def test_attestation_is_read_strictly(verstat: str, attestation: Attestation) -> None:
    assert parse_attestation(verstat) is attestation


def test_those_in_the_list_are_let_in() -> None:
    decision = decide_caller(CallerRules(allowed=LIST), ANN, Attestation.NONE)
    assert isinstance(decision, Welcome)
    assert decision.caller is not None
    assert (decision.caller.e164, decision.listed, decision.assurance) == (
        ANN,
        True,
        Assurance.CLAIMED,
    )


def test_attestation_a_is_assurance() -> None:
    decision = decide_caller(CallerRules(allowed=LIST), ANN, Attestation.A)
    assert isinstance(decision, Welcome)
    assert decision.assurance is Assurance.ATTESTED


@pytest.mark.parametrize(
    ("claimed", "attestation", "reason"),
    [
        (STRANGER, Attestation.A, Reason.CALLER_UNKNOWN),
        (HIDDEN, Attestation.NONE, Reason.CALLER_HIDDEN),
        ("Anonymous", Attestation.NONE, Reason.CALLER_HIDDEN),
        ("client:ann", Attestation.NONE, Reason.CALLER_HIDDEN),
        (ANN + "\n", Attestation.A, Reason.CALLER_HIDDEN),
        (ANN, Attestation.FAILED, Reason.CALLER_UNPROVEN),
    ],
)
def test_strangers_are_refused_by_default(
    claimed: str, attestation: Attestation, reason: Reason
) -> None:
    decision = decide_caller(CallerRules(allowed=LIST), claimed, attestation)
    assert isinstance(decision, Refusal)
    assert decision.reason is reason
    assert claimed not in decision.note


def test_hidden_callers_are_strangers_even_when_their_non_number_is_listed() -> None:
    rules = CallerRules(allowed=frozenset({HIDDEN}))
    assert decide_caller(rules, HIDDEN, Attestation.A) == Refusal(Reason.CALLER_HIDDEN)


@pytest.mark.parametrize("attestation", [Attestation.NONE, Attestation.C, Attestation.B])
def test_a_network_may_have_to_vouch(attestation: Attestation) -> None:
    rules = CallerRules(allowed=LIST, attestation=Attestation.A)
    decision = decide_caller(rules, ANN, attestation)
    assert isinstance(decision, Refusal)
    assert decision.reason is Reason.CALLER_UNPROVEN
    assert isinstance(decide_caller(rules, ANN, Attestation.A), Welcome)


def test_strangers_may_get_something_else() -> None:
    take = decide_caller(
        CallerRules(allowed=LIST, unknown=UnknownCaller.MESSAGE), STRANGER, Attestation.B
    )
    assert isinstance(take, TakeMessage)
    assert take.refusal.reason is Reason.CALLER_UNKNOWN
    ask = decide_caller(CallerRules(unknown=UnknownCaller.PIN), HIDDEN, Attestation.NONE)
    assert ask == AskForPin(None)


def test_everybody_may_call_where_it_is_open_but_only_the_listed_are_linked() -> None:
    rules = CallerRules(CallersPolicy.OPEN, allowed=LIST)
    ann = decide_caller(rules, ANN, Attestation.A)
    forger = decide_caller(rules, ANN, Attestation.FAILED)
    stranger = decide_caller(rules, STRANGER, Attestation.NONE)
    hidden = decide_caller(rules, HIDDEN, Attestation.A)
    assert [isinstance(one, Welcome) and one.listed for one in (ann, forger, stranger, hidden)] == [
        True,
        False,
        False,
        False,
    ]
    assert hidden == Welcome(None, listed=False, assurance=Assurance.CLAIMED)


def test_nobody_may_call_where_it_is_off() -> None:
    rules = CallerRules(CallersPolicy.OFF, UnknownCaller.PIN, LIST)
    assert decide_caller(rules, ANN, Attestation.A) == Refusal(Reason.CALLERS_OFF)
