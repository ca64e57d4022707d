"""What agents say by themselves is told from other people's turns and from leftovers."""

from openclaw_client.protocol import AgentEvent
from openclaw_client.runs import ChatEvent, ChatState
from openclaw_client.spontaneous import SETTLING, SpontaneousRun, SpontaneousRuns

SESSION = "agent:main:x"


def begin(*, by_itself: bool = True, run_id: str = "r", phase: str = "start") -> AgentEvent:
    return AgentEvent(run_id, SESSION, "lifecycle", {"phase": phase}, by_itself=by_itself)


def end(text: str | None, state: ChatState = ChatState.FINAL, run_id: str = "r") -> ChatEvent:
    return ChatEvent(run_id, SESSION, state, text=text)


def settled() -> SpontaneousRuns:
    runs = SpontaneousRuns()
    runs.connected(100.0, first=True)
    return runs


def test_a_run_that_the_gateway_began_says_its_words():
    runs = settled()
    runs.receive_agent(begin(), 100.0)
    assert runs.receive_chat(end("The timer", ChatState.DELTA)) is None
    assert runs.receive_chat(end("The timer rang. ")) == (
        SpontaneousRun(SESSION, "r", "The timer rang.")
    )
    assert runs.receive_chat(end("The timer rang.")) is None


def test_other_peoples_turns_are_not_spoken():
    runs = settled()
    runs.receive_agent(begin(by_itself=False), 100.0)
    assert runs.receive_chat(end("For the text channel")) is None


def test_a_run_whose_beginning_was_not_seen_is_stale():
    assert settled().receive_chat(end("old news")) is None
    runs = settled()
    runs.receive_agent(begin(phase="model"), 100.0)
    assert runs.receive_chat(end("old news")) is None


def test_what_begins_soon_after_a_new_connection_is_a_leftover():
    runs = SpontaneousRuns()
    runs.connected(100.0, first=False)
    runs.receive_agent(begin(), 100.0 + SETTLING - 1)
    assert runs.receive_chat(end("old news")) is None
    runs.receive_agent(begin(), 100.0 + SETTLING)
    assert runs.receive_chat(end("news")) is not None


def test_a_new_connection_forgets_what_had_begun():
    runs = settled()
    runs.receive_agent(begin(), 100.0)
    runs.connected(200.0, first=False)
    assert runs.receive_chat(end("old news")) is None


def test_silence_is_not_spoken():
    for text in ("", None, "HEARTBEAT_OK", " NO_REPLY "):
        runs = settled()
        runs.receive_agent(begin(), 100.0)
        assert runs.receive_chat(end(text)) is None


def test_a_failed_run_is_not_spoken():
    for state in (ChatState.ERROR, ChatState.ABORTED):
        runs = settled()
        runs.receive_agent(begin(), 100.0)
        assert runs.receive_chat(end("half", state)) is None


def test_nothing_counts_before_there_was_a_connection():
    runs = SpontaneousRuns()
    runs.receive_agent(begin(), 100.0)
    assert runs.receive_chat(end("news")) is None


def test_runs_that_never_end_do_not_pile_up():
    runs = settled()
    for number in range(100):
        runs.receive_agent(begin(run_id=f"r{number}"), 100.0)
    assert runs.receive_chat(end("news", run_id="r0")) is None
    assert runs.receive_chat(end("news", run_id="r99")) is not None
