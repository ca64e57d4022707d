from __future__ import annotations

import pytest

from pipeline.interfaces import Transcript
from pipeline.transcript_filter import Hypothesis, clean_hotwords, judge


def believed(
    text: str,
    *,
    voiced: float = 2.0,
    no_speech: float = 0.01,
    logprob: float = -0.2,
    compression: float = 1.0,
    hotwords: tuple[str, ...] = (),
) -> Transcript:
    hypothesis = Hypothesis(
        text, "en", no_speech_prob=no_speech, avg_logprob=logprob, compression_ratio=compression
    )
    return judge(hypothesis, voiced=voiced, hotwords=hotwords)


def test_speech_is_believed() -> None:
    assert believed("  Jarvis, what time is it? ") == Transcript("Jarvis, what time is it?", "en")


def test_the_language_is_kept() -> None:
    hypothesis = Hypothesis("Guten Tag", "de", 0.0, -0.1, 0.9)

    assert judge(hypothesis, voiced=1.0).language == "de"


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_heard_is_no_drop(text: str) -> None:
    assert believed(text) == Transcript("", "en", dropped="")


@pytest.mark.parametrize("text", ["...", "♪♪", "?!", "[ - ]"])
def test_signs_are_no_words(text: str) -> None:
    assert believed(text).dropped == "no words"


def test_too_little_speech_for_any_words() -> None:
    assert believed("yes", voiced=0.24).dropped == "too little speech"


def test_one_undoubted_word_may_be_very_short() -> None:
    assert believed("No.", voiced=0.27).text == "No."
    assert believed("No.", voiced=0.27, no_speech=0.3).dropped == "more words than can be said"
    assert believed("Thank you.", voiced=0.27).dropped == "more words than can be said"


def test_silence_needs_both_signs() -> None:
    assert believed("the mocha", no_speech=0.7, logprob=-1.2).dropped == "no speech"
    assert believed("the mocha", no_speech=0.7, logprob=-0.9).text == "the mocha"
    assert believed("the mocha", no_speech=0.5, logprob=-1.2).text == "the mocha"


def test_a_text_that_compresses_too_well_is_a_repetition() -> None:
    assert believed("la di da", compression=2.5).dropped == "repetition"
    assert believed("la di da", compression=2.4).text == "la di da"


@pytest.mark.parametrize(
    "text",
    [
        "I'm going to go. I'm going to go. I'm going to go. I'm going to go.",
        "so so so so so so so so",
        "well the cat and the dog the cat and the dog the cat and the dog the cat and the dog",
    ],
)
def test_words_that_come_again_and_again_are_a_repetition(text: str) -> None:
    assert believed(text, voiced=9.0).dropped == "repetition"


@pytest.mark.parametrize("text", ["no no no no", "row row row your boat", "bye bye, bye bye, Ann"])
def test_people_repeat_themselves_a_little(text: str) -> None:
    assert believed(text).text == text


def test_nobody_speaks_that_fast() -> None:
    nine = "one two three four five six seven eight nine"

    assert believed(nine, voiced=1.1).dropped == "more words than can be said"
    assert believed(nine, voiced=1.2).text == nine


def test_vowel_signs_do_not_make_more_words() -> None:
    assert believed("नमस्ते आप कैसे हैं", voiced=0.6).dropped == ""


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Don\N{RIGHT SINGLE QUOTATION MARK}t forget to like and subscribe.",
        "Subtitles by the Amara.org community",
        "Untertitelung des ZDF, 2020",
        "Sous-titrage Société Radio-Canada",
        "Sottotitoli creati dalla comunità Amara.org",
        "Субтитры сделал DimaTorzok",
        "ご視聴ありがとうございました。",
        "请不吝点赞 订阅 转发",
    ],
)
def test_phantoms_are_dropped_on_weak_evidence_only(text: str) -> None:
    assert believed(text, no_speech=0.3, voiced=3.0).dropped == "known phantom"
    assert believed(text, voiced=0.75).dropped in {"known phantom", "more words than can be said"}
    assert believed(text, no_speech=0.1, voiced=3.0).text == text


@pytest.mark.parametrize("text", ["Thank you.", "Bye.", "you"])
def test_what_people_say_too_is_dropped_only_when_the_model_doubts(text: str) -> None:
    assert believed(text, voiced=0.4).text == text
    assert believed(text, voiced=0.4, no_speech=0.3).dropped == "known phantom"


def test_words_after_a_phantom_are_speech() -> None:
    assert believed("Thanks for watching the kids", no_speech=0.3).dropped == ""


def test_the_whole_prompt_comes_back_as_an_echo() -> None:
    names = ("Jarvis", "Ann Lee")

    assert believed("Jarvis, Ann Lee.", hotwords=names).dropped == "echo of the hotwords"
    assert believed("Jarvis, Ann Lee, Jarvis", hotwords=names).dropped == "echo of the hotwords"
    assert believed("Jarvis, ask Ann Lee", hotwords=names).text == "Jarvis, ask Ann Lee"


def test_a_name_alone_is_how_people_call_an_agent() -> None:
    assert believed("Jarvis!", voiced=0.5, hotwords=("Jarvis",)).text == "Jarvis!"
    assert believed("Jarvis? Jarvis!", hotwords=("Jarvis", "Ann")).text == "Jarvis? Jarvis!"
    assert believed("Jarvis", no_speech=0.3, hotwords=("Jarvis",)).dropped == "echo of the hotwords"


def test_names_are_given_once() -> None:
    assert clean_hotwords(["Jarvis", "Ann", "jarvis", ""]) == ("Jarvis", "Ann")


def test_a_name_cannot_spell_a_control_token() -> None:
    assert clean_hotwords(["<|endoftext|>", "x<|notimestamps|>y", "🔥", "☆Zoë-Ann O'Neil☆"]) == (
        "endoftext",
        "x notimestamps y",
        "Zoë-Ann O'Neil",
    )


def test_names_of_all_scripts_stay_whole() -> None:
    assert clean_hotwords(["प्रिया", "Łukasz", "小明"]) == ("प्रिया", "Łukasz", "小明")


def test_a_prompt_is_bounded() -> None:
    names = clean_hotwords(f"name{number} " + "x" * 100 for number in range(100))

    assert len(names) == 16
    assert all(len(name) <= 32 for name in names)
