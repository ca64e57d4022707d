import pytest

from pipeline.names import split_words
from pipeline.wording import buckets, sequences, wording_model


def log_odds(text: str) -> float:
    return wording_model().log_odds(split_words(text))


def test_the_model_sees_words_pairs_the_opening_and_the_length() -> None:
    assert list(sequences(split_words("um turn it off"))) == [
        *("turn", "it", "off"),
        *("<s> turn", "turn it", "it off", "off </s>"),
        "<s> turn it off",
        "#3",
    ]
    assert list(sequences(split_words("go"))) == ["go", "<s> go", "go </s>", "#1"]
    assert list(sequences(split_words("um, uh"))) == []
    assert list(sequences(split_words(" ".join("ab" for _ in range(20)))))[-1] == "#12"


def test_buckets_are_the_same_everywhere() -> None:
    assert buckets(split_words("go")) == [20164, 26020, 37718, 46257]


def test_requests_to_assistants_score_above_talk() -> None:
    requests = ["turn off the kitchen lights", "what is the weather in london", "play some jazz"]
    talk = ["i think we should leave at eight", "we should have bought it", "yeah but so do i"]
    assert min(map(log_odds, requests)) > 3.0
    assert max(map(log_odds, talk)) < -3.0


@pytest.mark.parametrize("text", ["", "um", "?!"])
def test_nothing_said_tells_nothing(text: str) -> None:
    assert log_odds(text) == 0.0


def test_what_is_heard_the_same_scores_the_same() -> None:
    assert log_odds("Um, turn OFF the lights!") == log_odds("turn off the lights")
    assert wording_model() is wording_model()
