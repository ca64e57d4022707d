from __future__ import annotations

from server.phone.engines.realtime.replies import Replies
from tests.server.phone.engines.realtime.protocol_call import Ear

SECOND = b"\0" * 8000


def reply(seconds: int = 1, words: str = "One two.") -> Replies:
    replies = Replies()
    replies.add_words("r1", "i1", words)  # may come before the first sound
    for _ in range(seconds):
        replies.add_sound("r1", "i1", SECOND, 5.0, None)
    return replies


def test_a_reply_is_settled_once_it_is_complete_and_heard():
    replies, ear = reply(), Ear()
    ear.seconds[1] = 1.0
    assert replies.settle(ear) == []
    assert replies.seconds_left(ear) is None
    replies.end_sound("i1")
    (said,) = replies.settle(ear)
    assert (said.text, said.heard, said.heard_seconds) == ("One two.", "One two.", 1.0)
    assert said.at == 5.0
    assert not replies.playing


def test_until_it_is_heard_it_is_told_how_long_that_takes():
    replies, ear = reply(seconds=2), Ear()
    replies.end_response("r1")
    ear.seconds[1] = 0.5
    assert replies.settle(ear) == []
    assert replies.seconds_left(ear) == 1.5


def test_pieces_are_numbered_over_the_call():
    replies = Replies()
    sounds = [replies.add_sound("r", f"i{n // 2}", SECOND, 0.0, None) for n in range(6)]
    assert [sound.piece for sound in sounds] == [1, 1, 2, 2, 3, 3]


def test_nothing_is_added_to_a_response_that_is_dropped():
    replies, ear = reply(), Ear()
    replies.drop("r1")
    replies.cut_short(ear)
    replies.add_words("r1", "i1", "three")
    assert replies.add_sound("r1", "i1", SECOND, 6.0, None) is None
    assert not replies.playing
    replies.end_response("r1")
    assert replies.take_unheard() == ["i1"]


def test_words_heard_are_those_whose_sound_was():
    replies, ear = reply(seconds=4, words="One two three four."), Ear()
    ear.seconds[1] = 2.1
    (cut,) = replies.cut_short(ear)
    assert cut.said.heard == "One two"
    assert cut.heard_ms == 2100
    assert cut.said.interrupted


def test_what_a_session_that_is_gone_said_is_marked_so():
    replies, ear = reply(), Ear()
    replies.end_all()
    assert replies.unfinished() == [(5.0, "One two.")]
    (cut,) = replies.cut_short(ear)
    assert cut.gone
    assert replies.take_unheard() == []
