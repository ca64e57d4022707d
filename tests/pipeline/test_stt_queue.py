from __future__ import annotations

from pipeline.stt_queue import Queued, Standing, TranscriptionQueue


class Utterance(Queued):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def filled(*names: str, bound: int = 8) -> tuple[TranscriptionQueue[Utterance], list[Utterance]]:
    queue: TranscriptionQueue[Utterance] = TranscriptionQueue(bound)
    items = [Utterance(name) for name in names]
    for item in items:
        queue.add(item)
    return queue, items


def order(queue: TranscriptionQueue[Utterance]) -> list[str]:
    taken = []
    while item := queue.take():
        taken.append(item.name)
    return taken


def test_first_come_first_served() -> None:
    queue, _ = filled("a", "b", "c")

    assert order(queue) == ["a", "b", "c"]


def test_committed_before_speculative_in_the_order_of_their_commits() -> None:
    queue, (_, b, _, d) = filled("a", "b", "c", "d")

    assert queue.commit(d)
    assert queue.commit(b)

    assert order(queue) == ["d", "b", "a", "c"]


def test_committing_twice_keeps_the_place() -> None:
    queue, (a, b) = filled("a", "b")

    assert queue.commit(b)
    assert queue.commit(a)
    assert queue.commit(b)

    assert order(queue) == ["b", "a"]


def test_the_oldest_speculative_one_gives_way() -> None:
    queue, (a, b, c) = filled("a", "b", "c", bound=2)

    assert a.standing is Standing.SHED
    assert [b.standing, c.standing] == [Standing.SPECULATIVE] * 2
    assert order(queue) == ["b", "c"]


def test_a_new_one_gives_way_itself_when_only_committed_ones_wait() -> None:
    queue, (a,) = filled("a", bound=1)
    queue.commit(a)
    late = Utterance("late")

    queue.add(late)

    assert late.standing is Standing.SHED
    assert order(queue) == ["a"]


def test_a_shed_one_comes_back_when_it_is_committed() -> None:
    queue, (a, b, _) = filled("a", "b", "c", bound=2)

    assert queue.commit(a)

    assert b.standing is Standing.SHED
    assert order(queue) == ["a", "c"]


def test_a_shed_one_is_refused_when_only_committed_ones_wait() -> None:
    queue, (a, b, c) = filled("a", "b", "c", bound=2)
    queue.commit(b)
    queue.commit(c)

    assert not queue.commit(a)

    assert a.standing is Standing.SHED
    assert order(queue) == ["b", "c"]


def test_one_that_waits_is_never_refused() -> None:
    queue, (a, b) = filled("a", "b", bound=2)

    assert queue.commit(a)
    assert queue.commit(b)

    assert len(queue) == 2


def test_cancelled_ones_are_not_taken() -> None:
    queue, (a, b, c) = filled("a", "b", "c")
    queue.commit(c)

    queue.cancel(a)
    queue.cancel(c)
    queue.cancel(c)

    assert a.standing is Standing.CANCELLED
    assert order(queue) == ["b"]
    assert b.standing is Standing.TAKEN


def test_committing_after_it_was_taken_or_cancelled_changes_nothing() -> None:
    queue, (a, b) = filled("a", "b")
    queue.take()
    queue.cancel(b)

    assert queue.commit(a)
    assert queue.commit(b)

    assert len(queue) == 0


def test_clearing_cancels_and_returns_all_that_waits() -> None:
    queue, (a, b, c) = filled("a", "b", "c", bound=2)
    queue.commit(c)

    assert queue.clear() == [c, b]

    assert b.standing is c.standing is Standing.CANCELLED
    assert a.standing is Standing.SHED
    assert queue.take() is None
