from pipeline.agents.chat_history import ChatHistories, ChatHistory


def told(history: ChatHistory) -> list[str]:
    return [message["content"] for message in history.messages()]


def test_what_was_said_is_remembered_in_turns() -> None:
    history = ChatHistory(5)
    history.add("Ann: hello", "Hello, Ann.", ended=True)
    history.settle(None)
    assert history.messages() == [
        {"role": "user", "content": "Ann: hello"},
        {"role": "assistant", "content": "Hello, Ann."},
    ]


def test_only_the_last_turns_are_remembered() -> None:
    history = ChatHistory(2)
    for number in range(4):
        history.add(f"q{number}", f"a{number}", ended=True)
    assert told(history) == ["q2", "a2", "q3", "a3"]


def test_nothing_is_remembered_when_so_configured() -> None:
    history = ChatHistory(0)
    history.add("q", "a", ended=True)
    history.settle("a")
    assert told(history) == []


def test_a_turn_in_which_nothing_was_said_is_forgotten() -> None:
    history = ChatHistory(5)
    history.add("q", " ", ended=True)
    assert told(history) == []


def test_of_a_reply_that_was_cut_off_only_the_words_heard_remain() -> None:
    history = ChatHistory(5)
    history.add("q", "one two three", ended=False)
    history.settle("one two")
    assert told(history) == ["q", "one two"]
    history.settle("one two")
    history.settle(None)
    assert told(history) == ["q", "one two"]


def test_also_of_one_that_had_been_sent_in_full() -> None:
    history = ChatHistory(5)
    history.add("q", "one two three", ended=True)
    history.settle("one")
    assert told(history) == ["q", "one"]


def test_a_reply_of_which_nothing_was_heard_is_forgotten_with_its_question() -> None:
    for ended, interrupted in ((True, ""), (False, ""), (False, None)):
        history = ChatHistory(5)
        history.add("q", "one two three", ended=ended)
        history.settle(interrupted)
        assert told(history) == []


def test_every_conversation_and_agent_has_its_own() -> None:
    histories = ChatHistories(5)
    histories.of("a", "jarvis").add("q", "a", ended=True)
    assert told(histories.of("a", "jarvis")) == ["q", "a"]
    assert told(histories.of("a", "sage")) == []
    assert told(histories.of("b", "jarvis")) == []


def test_the_conversation_not_used_for_longest_is_forgotten_first() -> None:
    histories = ChatHistories(5, most=2)
    for name in ("a", "b"):
        histories.of(name, "jarvis").add("q", name, ended=True)
    histories.of("a", "jarvis")
    histories.of("c", "jarvis")
    assert told(histories.of("a", "jarvis")) == ["q", "a"]
    assert told(histories.of("b", "jarvis")) == []
