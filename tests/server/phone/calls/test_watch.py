"""How long a call may last, and be silent."""

from __future__ import annotations

from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import EndReason
from server.phone.calls.watch import AskWhetherSomebodyIsThere, CallWatch, SayGoodbye, WrapUp

LIMITS = LimitsConfig(silence=8.0, silence_prompts=2, wrap_up=30.0)


def test_a_long_call_is_wrapped_up_and_ended() -> None:
    watch = CallWatch(LIMITS, 600.0, now=100.0)
    watch.agent_is_busy()
    assert watch.provider_limit == 715.0
    assert watch.deadline() == 670.0
    assert watch.step(669.9) == ()
    assert watch.step(670.0) == (WrapUp(30.0),)
    assert watch.step(670.0) == ()
    assert watch.deadline() == 700.0
    assert watch.step(700.0) == (SayGoodbye(EndReason.TOO_LONG),)
    assert watch.step(900.0) == ()
    assert watch.deadline() is None


def test_a_call_too_short_to_wrap_up_is_only_ended() -> None:
    watch = CallWatch(LIMITS, 40.0, now=0.0)
    watch.agent_is_busy()
    assert watch.deadline() == 40.0


def test_silence_is_asked_about_and_then_ends_the_call() -> None:
    watch = CallWatch(LIMITS, 600.0, now=0.0)
    assert watch.deadline() == 8.0
    assert watch.step(8.0) == (AskWhetherSomebodyIsThere(1),)
    watch.agent_is_busy()
    watch.nobody_speaks(10.0)
    assert watch.deadline() == 18.0
    assert watch.step(18.0) == (AskWhetherSomebodyIsThere(2),)
    watch.agent_is_busy()
    watch.nobody_speaks(20.0)
    watch.nobody_speaks(25.0)  # told twice
    assert watch.step(28.0) == (SayGoodbye(EndReason.SILENCE),)


def test_whoever_speaks_is_there() -> None:
    watch = CallWatch(LIMITS, 600.0, now=0.0)
    watch.step(8.0)
    watch.step(16.0)
    watch.caller_speaks()
    assert watch.step(60.0) == ()
    watch.nobody_speaks(61.0)
    assert watch.step(69.0) == (AskWhetherSomebodyIsThere(1),)


def test_the_agents_work_is_no_silence() -> None:
    watch = CallWatch(LIMITS, 600.0, now=0.0)
    watch.agent_is_busy()
    assert watch.step(300.0) == ()


def test_without_prompts_silence_ends_the_call_at_once() -> None:
    watch = CallWatch(LIMITS.model_copy(update={"silence_prompts": 0}), 600.0, now=0.0)
    assert watch.step(8.0) == (SayGoodbye(EndReason.SILENCE),)
