from __future__ import annotations

from pipeline.speech_text.gist import SLACK, Ending, Gist, SpokenPiece


def piece(text: str) -> SpokenPiece:
    return SpokenPiece(text, text, "en")


def test_the_beginning_is_spoken_at_once_and_the_rest_is_held() -> None:
    gist = Gist(10)
    assert gist.push(piece("a" * 10)) == piece("a" * 10)
    assert gist.push(piece("b")) is None


def test_a_little_more_is_spoken_after_all() -> None:
    gist = Gist(10)
    gist.push(piece("a" * 10))
    gist.push(piece("b" * SLACK))
    assert gist.flush() == Ending((piece("b" * SLACK),))


def test_much_more_is_dropped_but_for_a_question_at_the_end() -> None:
    gist = Gist(10)
    for text in ("a" * 10, "b" * SLACK, "c", "Shall I?"):
        gist.push(piece(text))
    assert gist.flush() == Ending((piece("Shall I?"),), is_cut=True)
    gist.push(piece("It is over."))
    assert gist.flush() == Ending(is_cut=True)


def test_the_first_piece_is_spoken_however_long_it_is() -> None:
    gist = Gist(10)
    assert gist.push(piece("a" * 1000)) == piece("a" * 1000)
    assert gist.flush() == Ending()


def test_without_a_limit_all_is_spoken() -> None:
    gist = Gist(None)
    assert all(gist.push(piece("a" * 100)) for _ in range(100))
    assert gist.flush() == Ending()
