"""What is written about a call, and when: in every order in which things are told."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from discord_bot import call_texts
from discord_bot.captions import INTERVAL, LONGEST_MESSAGE, Captions
from discord_bot.telephone import (
    Activity,
    CallEvent,
    CallNews,
    CallStage,
    Changed,
    Heard,
    Over,
    PhoneCall,
    Said,
)
from tests.discord_bot.phone_calls import call, result

TITLE = "📞 **Jarvis** calls **+1555…22**: Book a table."


class Channel:
    """Writes what captions want, at their times."""

    def __init__(self, first: PhoneCall | None = None) -> None:
        self.captions = Captions(first or call())
        self.call = first or call()
        self.now = 100.0
        self.messages: list[str] = []
        self.writes: list[float] = []

    def tell(self, event: CallEvent, at: float = 0.0, **changes: object) -> None:
        if changes:
            self.call = call(**{"stage": self.call.stage, **changes})
        self.captions.receive(CallNews(self.call, event, at))

    def write_once(self) -> bool:
        write = self.captions.next_write(self.now)
        if write is None:
            return False
        assert 0 < len(write.text) <= LONGEST_MESSAGE
        assert write.page <= len(self.messages)
        self.messages[write.page :] = [write.text, *self.messages[write.page + 1 :]]
        self.writes.append(self.now)
        self.captions.receive_written(write, self.now)
        return True

    def settle(self) -> list[str]:
        """Let time pass until nothing is to be written."""
        while self.write_once() or self.captions.deadline() is not None:
            self.now = max(self.now, self.captions.deadline() or 0.0)
        return self.messages


def said(at: float, text: str, *, by_agent: bool = False, interrupted: bool = False) -> Said:
    return Said(at, by_agent, text, interrupted)


def test_a_call_is_followed_from_dialling_to_what_came_of_it() -> None:
    channel = Channel()
    assert channel.settle() == [f"{TITLE}\n*Dialling…*"]
    channel.tell(Changed(), stage=CallStage.RINGING)
    assert channel.settle() == [f"{TITLE}\n*Ringing…*"]
    channel.tell(Changed(), stage=CallStage.TALKING)
    channel.tell(Activity.SPEAKING)
    assert channel.settle() == [f"{TITLE}\n*In progress: Jarvis speaks…*"]
    channel.tell(said(1.0, "Hello.", by_agent=True))
    channel.tell(Activity.HEARING)
    assert channel.settle()[0].splitlines()[1:] == [
        "**Jarvis**: Hello.",
        "*In progress: +1555…22 speaks…*",
    ]
    channel.tell(Heard("Who is"))
    channel.tell(Heard("Who is this?"))
    channel.tell(Activity.THINKING)
    assert channel.settle()[0].splitlines()[2:] == [
        "**+1555…22**: Who is this?",
        "*In progress: Jarvis thinks…*",
    ]
    channel.tell(said(2.0, "Who is this?"))
    channel.tell(said(3.0, "I am", by_agent=True, interrupted=True))
    channel.tell(said(4.0, "", by_agent=True, interrupted=True))
    channel.tell(Changed(), stage=CallStage.ENDED, result=result())
    done = result(summary="A table is booked.", next_steps=("Go there",))
    channel.tell(Over(), stage=CallStage.ENDED, result=done)
    [text] = channel.settle()
    assert text.splitlines() == [
        TITLE,
        "**Jarvis**: Hello.",
        "**+1555…22**: Who is this?",
        "**Jarvis**: I am— *(interrupted)*",
        "**Jarvis**: *(interrupted before a word was heard)*",
        "☎️ **Over**: they hung up, 1 min 23 s, about 0.03 USD",
        "**Report**: A table is booked.",
        "**Next**: Go there",
    ]
    assert channel.captions.is_done


def test_what_happens_at_once_is_one_edit_and_edits_keep_their_distance() -> None:
    channel = Channel()
    assert channel.write_once()
    for number in range(20):
        channel.tell(said(float(number), f"word {number}"))
        assert not channel.write_once()
        channel.now += INTERVAL / 40
    channel.settle()
    assert len(channel.writes) == 2
    assert channel.writes[1] - channel.writes[0] >= INTERVAL


def test_what_is_told_late_stands_where_it_was_said() -> None:
    channel = Channel()
    channel.tell(said(5.0, "It is noon.", by_agent=True))
    channel.tell(said(3.0, "What time is it?"))
    text = channel.settle()[0]
    assert text.index("What time") < text.index("noon")


def test_nothing_that_others_say_is_more_than_words() -> None:
    channel = Channel()
    words = (
        "*hi* @everyone <@1> `x` ||y|| https://evil.example [a](b)\n# big\n> quoted ~~no~~ a_b \\"
    )
    channel.tell(said(1.0, words))
    assert channel.settle()[0].splitlines()[1] == (
        r"**+1555…22**: \*hi\* \@everyone \<\@1\> \`x\` \|\|y\|\| https\://evil.example"
        r" \[a\]\(b\) \# big \> quoted \~\~no\~\~ a\_b \\"
    )


def test_somebody_who_is_called_again_is_told_with_the_reason() -> None:
    at = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    channel = Channel()
    channel.tell(Changed(), stage=CallStage.AGAIN_LATER, problem="busy", again_at=at)
    channel.tell(Changed())
    assert channel.settle()[0].splitlines()[1:] == [
        "*Attempt 1: busy*",
        f"*Calling again <t:{round(at.timestamp())}:R>*",
    ]
    channel.tell(Changed(), stage=CallStage.DIALLING, attempt=2, problem="busy")
    channel.tell(Changed(), stage=CallStage.AGAIN_LATER, attempt=2, problem="nobody answered")
    assert "*Attempt 2: nobody answered*" in channel.settle()[0]


def test_a_long_call_goes_on_in_a_new_message_and_full_ones_stay() -> None:
    channel = Channel()
    for number in range(12):
        channel.tell(said(float(number), f"{number} " + "word " * 120))
        channel.settle()
    assert len(channel.messages) == 6
    assert all("*Dialling…*" not in text for text in channel.messages[:-1])
    assert channel.messages[-1].endswith("*Dialling…*")
    before = channel.messages[:-1]
    channel.tell(said(0.5, "late"))
    assert channel.settle()[:-1] == before
    assert channel.messages[-1].startswith("**+1555…22**: late")


def test_what_cannot_be_written_is_tried_again_a_few_times() -> None:
    captions = Captions(call())
    now = 0.0
    for wait in (3.0, 10.0, 30.0):
        assert captions.next_write(now) is not None
        captions.receive_failure(now)
        assert captions.deadline() == now + wait
        now += wait
    assert captions.next_write(now) is not None
    captions.receive_failure(now)
    assert captions.is_done
    assert captions.deadline() is None


def test_a_channel_that_is_gone_ends_them_at_once() -> None:
    captions = Captions(call())
    captions.receive_refusal()
    assert captions.is_done
    assert captions.next_write(0.0) is None


def test_who_leaves_in_the_middle_says_so_at_once() -> None:
    channel = Channel()
    channel.settle()
    channel.captions.break_off()
    assert channel.write_once()
    assert channel.messages[0].endswith(call_texts.GOING_OFFLINE)
    channel.tell(said(1.0, "more"))
    assert channel.captions.is_done


def test_a_call_that_broke_says_that_its_end_is_not_known() -> None:
    channel = Channel()
    channel.tell(Over())
    assert "not known yet" in channel.settle()[0]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.integers(0, 2500).map(
    lambda length: "[*" * (length // 2)
)
EVENTS = st.one_of(
    st.sampled_from(Activity),
    st.builds(Said, st.floats(0, 60), st.booleans(), TEXTS, st.booleans()),
    st.just(Changed()),
    st.builds(Heard, TEXTS),
)
TOLD = st.lists(
    st.tuples(EVENTS, st.sampled_from(CallStage), st.floats(0, 3.0), TEXTS), max_size=30
)


@given(TOLD, st.booleans())
def test_whatever_is_told_in_whatever_order_it_fits_and_nothing_is_lost(
    told: list[tuple[CallEvent, CallStage, float, str]], ends: bool
) -> None:
    channel = Channel()
    lines: list[str] = []
    for event, stage, passed, text in told:
        channel.tell(event, stage=stage, problem=text)
        if isinstance(event, Said):
            lines += call_texts.said(channel.call, event)
        channel.now += passed
        channel.write_once()
    if ends:
        channel.tell(
            Over(), stage=CallStage.ENDED, result=result(summary="[*" * 2000, how="*" * 900)
        )
    written = "\n".join(channel.settle())
    assert channel.captions.is_done is ends
    for line in lines:
        assert written.count(line) >= lines.count(line)
    gaps = zip(channel.writes, channel.writes[1:], strict=False)
    assert all(later - earlier >= INTERVAL - 1e-9 for earlier, later in gaps)
