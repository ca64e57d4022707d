from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import HEARING_RATE, VAD_WINDOW, Samples
from pipeline.config import SttConfig, VadConfig
from pipeline.interfaces import Transcript
from pipeline.speech_gate import SpeechGate, Voiced
from pipeline.spoken_units import count_words, split_units
from pipeline.transcript_filter import Hypothesis, clean_hotwords, judge
from pipeline.vad_model import SileroModel, Voice
from pipeline.whisper import WhisperDecoder
from tests.conftest import REPOSITORY, SharedAudio

DATA = Path(__file__).parent / "data" / "phantoms.txt"


@dataclass(frozen=True)
class Example:
    kind: str
    text: str

    @property
    def voiced(self) -> float:
        """Seconds in which people would say it."""
        return max(0.35, count_words(split_units(self.text)) / 2.5)

    def dropped(self, *, voiced: float | None = None, no_speech: float = 0.01) -> str:
        return believed(
            self.text,
            voiced=voiced or self.voiced,
            no_speech=no_speech,
            compression=len(self.text.encode()) / len(zlib.compress(self.text.encode())),
        ).dropped


LINES = [line for line in DATA.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
EXAMPLES = [Example(*(field.strip() for field in line.split("|", 1))) for line in LINES]


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


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda it: it.text)
def test_every_example_is_believed_as_its_evidence_allows(example: Example) -> None:
    in_doubt = example.dropped(no_speech=0.3)
    match example.kind:
        case "phantom":
            assert not example.dropped(voiced=max(0.8, example.voiced))
            assert in_doubt
            assert example.dropped(voiced=0.79)
            assert example.dropped(voiced=20.0)
        case "everyday":
            assert not example.dropped()
            assert in_doubt == "known phantom"
        case "invented":
            assert example.dropped()
            assert in_doubt
        case _:
            assert example.kind == "speech"
            assert not example.dropped()
            assert not in_doubt


def test_there_are_enough_examples() -> None:
    kinds = Counter(example.kind for example in EXAMPLES)

    assert kinds["phantom"] >= 150
    assert kinds["speech"] >= 150
    assert kinds["everyday"] + kinds["invented"] >= 50


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


def test_a_quarter_of_a_second_is_speech() -> None:
    assert believed("yes", voiced=0.25).text == "yes"


def test_three_tenths_of_a_second_may_be_two_words() -> None:
    assert believed("Go on.", voiced=0.299).dropped == "more words than can be said"
    assert believed("Go on.", voiced=0.3).text == "Go on."
    assert believed("Go on.", voiced=0.3, no_speech=0.3).text == "Go on."


def test_one_undoubted_word_may_be_very_short() -> None:
    assert believed("No.", voiced=0.27).text == "No."
    assert believed("No.", voiced=0.27, no_speech=0.3).dropped == "more words than can be said"
    assert believed("Thank you.", voiced=0.27).dropped == "more words than can be said"


def test_silence_needs_both_signs() -> None:
    assert believed("the mocha", no_speech=0.7, logprob=-1.2).dropped == "no speech"
    assert believed("the mocha", no_speech=0.61, logprob=-1.01).dropped == "no speech"
    assert believed("the mocha", no_speech=0.6, logprob=-1.2).text == "the mocha"
    assert believed("the mocha", no_speech=0.7, logprob=-1.0).text == "the mocha"
    assert believed("the mocha", no_speech=0.5, logprob=-1.2).text == "the mocha"


def test_a_text_that_compresses_too_well_is_a_repetition() -> None:
    assert believed("la di da", compression=2.5).dropped == "repetition"
    assert believed("la di da", compression=2.4).text == "la di da"


@pytest.mark.parametrize(
    "text",
    [
        "I'm going to go. I'm going to go. I'm going to go. I'm going to go.",
        "the the the the the the the the",
        "well the cat and the dog the cat and the dog the cat and the dog the cat and the dog",
    ],
)
def test_words_that_come_again_and_again_are_a_repetition(text: str) -> None:
    assert believed(text, voiced=9.0).dropped == "repetition"


def test_a_sentence_whose_end_loops_is_given_once() -> None:
    text = "Jarvis, what time is it it it it it it it it"

    assert believed(text, compression=3.0) == Transcript("Jarvis, what time is it", "en")
    assert believed(text, voiced=0.8).dropped == "" == believed(text, logprob=-1.0).dropped
    assert believed(text, no_speech=0.21).dropped == "repetition"
    assert believed(text, logprob=-1.01).dropped == "repetition"


def test_a_loop_needs_as_many_other_words_to_be_an_end() -> None:
    looped = " ".join(["to the cat"] * 4)

    assert believed(f"Please talk {looped}", voiced=6.0).dropped == "repetition"
    assert believed(f"Please talk now {looped}", voiced=6.0).text == "Please talk now to the cat"


def test_several_loops_are_cut_one_by_one() -> None:
    text = "Ann said go " + "no " * 8 + "then we all went " + "up " * 8

    assert believed(text, voiced=6.0).text == "Ann said go no then we all went up"


def test_what_is_left_of_a_loop_may_still_be_repetitive() -> None:
    # Two words of six letters in turn, never four times: no loop, but it compresses well.
    rest = " ".join(["abcdef ghijkl"] * 3 + ["x"] + ["abcdef ghijkl"] * 3 + ["y"]) * 3
    text = f"{rest} " + "it " * 8

    assert believed(text, voiced=30.0).dropped == "repetition"


@pytest.mark.parametrize("text", ["stop " * 8, "no " * 12, "Jarvis! " * 9, "hey Jarvis " * 5])
def test_what_people_call_out_they_may_repeat(text: str) -> None:
    once = text[: len(text) // 4].split()[:2]
    transcript = believed(text, voiced=3.0, compression=3.0, hotwords=("Jarvis",))

    assert transcript.dropped == ""
    assert split_units(transcript.text) == split_units(" ".join(dict.fromkeys(once)))


def test_a_stop_is_believed_though_it_loops_in_doubt() -> None:
    assert believed("Stop! " * 8, voiced=3.0, no_speech=0.5).text == "Stop!"


def test_what_is_called_out_depends_on_the_language() -> None:
    japanese = Hypothesis("はいはいはいはい", "ja", 0.01, -0.2, 2.0)
    english = Hypothesis("はいはいはいはい", "en", 0.01, -0.2, 2.0)

    assert judge(japanese, voiced=1.0).text == "はい"
    assert judge(english, voiced=1.0).dropped == "repetition"


def test_a_phantom_that_is_said_four_times_is_one_without_other_doubt() -> None:
    assert believed("you you you").text == "you you you"
    assert believed("you you you you").dropped == "known phantom"
    assert believed("Thank you. Thank you. Thank you.").dropped == ""
    assert believed("thank you thank you thank you thank you").dropped == "known phantom"


@pytest.mark.parametrize("text", ["no no no no", "row row row your boat", "bye bye, bye bye, Ann"])
def test_people_repeat_themselves_a_little(text: str) -> None:
    assert believed(text).text == text


def test_nobody_speaks_that_fast() -> None:
    nine = "one two three four five six seven eight nine"

    assert believed(nine, voiced=1.1).dropped == "more words than can be said"
    assert believed(nine, voiced=1.2).text == nine
    assert believed("one two three four five six seven eight", voiced=1.0).dropped == ""


def test_two_characters_without_spaces_count_as_a_word() -> None:
    fourteen = "一二三四五六七八九十百千万億"

    assert believed(fourteen, voiced=0.85).dropped == "more words than can be said"
    assert believed(fourteen, voiced=0.86).text == fourteen
    assert believed("はい", voiced=0.27).text == "はい"
    assert believed("だめだ", voiced=0.27).dropped == "more words than can be said"


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


def test_each_evidence_against_a_phantom_has_its_bound() -> None:
    phantom = "Thanks for watching!"

    assert believed(phantom, voiced=0.8).text == phantom
    assert believed(phantom, voiced=0.79).dropped == "known phantom"
    assert believed(phantom, no_speech=0.2).text == phantom
    assert believed(phantom, no_speech=0.21).dropped == "known phantom"
    assert believed(phantom, logprob=-1.0).text == phantom
    assert believed(phantom, logprob=-1.01).dropped == "known phantom"
    assert believed(phantom, voiced=3.0).text == phantom
    assert believed(phantom, voiced=3.01).dropped == "known phantom"


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


def test_names_in_the_order_of_the_prompt_are_an_echo() -> None:
    names = ("Jarvis", "Sage", "Ann", "Ben")

    assert believed("Jarvis, Sage, Ann.", hotwords=names).dropped == "echo of the hotwords"
    assert believed("Sage Ann Ben", hotwords=names).dropped == "echo of the hotwords"
    assert believed("Jarvis, Sage?", hotwords=names).text == "Jarvis, Sage?"
    assert believed("Ann, Sage, Jarvis.", hotwords=names).text == "Ann, Sage, Jarvis."
    assert believed("Jarvis, Sage, Ann, go.", hotwords=names).dropped == ""
    assert believed("Ben, Ann, Sage, Jarvis", hotwords=names).dropped == "echo of the hotwords"
    assert believed("Ann, Jarvis", hotwords=names, no_speech=0.3).dropped == "echo of the hotwords"
    assert believed("Ann, Jarvis", hotwords=names, logprob=-1.5).text == "Ann, Jarvis"


def test_names_that_begin_alike_are_told_apart() -> None:
    assert believed("Ann Lee, Bo", hotwords=("Ann", "Ann Lee", "Bo", "Cy")).text == "Ann Lee, Bo"


def test_descriptions_of_sounds_are_left_out() -> None:
    assert believed("[laughter] Okay, go.").text == "Okay, go."
    assert believed("(door slams)").dropped == "no words"
    assert believed("Call (555) 1234.").text == "Call (555) 1234."


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


WINDOW = 2 * HEARING_RATE


def voiced_windows(samples: Samples, silero: SileroModel) -> list[Voiced]:
    voice, gate, found = Voice(), SpeechGate(VadConfig()), []
    step = VAD_WINDOW / HEARING_RATE
    for number in range(len(samples) // VAD_WINDOW):
        window = samples[number * VAD_WINDOW : (number + 1) * VAD_WINDOW]
        (probability,) = silero.score([voice], [window])
        found += gate.receive(probability, start=number * step, end=(number + 1) * step)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("gain", [0.3, 1.0, 3.0])
def test_recorded_noise_and_music_give_no_words(
    shared_audio: SharedAudio, silero_path: Path, gain: float
) -> None:
    settings = SttConfig(allow_test_fixture=True, audio_context="auto")
    decoder = WhisperDecoder(REPOSITORY / "models" / "fixture" / "whisper", settings)
    silero = SileroModel(silero_path)
    invented = 0
    for recording in shared_audio.of_kind("noise", "music"):
        samples = np.clip(recording.samples * gain, -32768, 32767).astype(np.int16)
        speech = voiced_windows(samples, silero)
        for start in range(0, len(samples) - WINDOW + 1, WINDOW):
            hypothesis = decoder.decode(samples[start : start + WINDOW])
            begin, end = start / HEARING_RATE, (start + WINDOW) / HEARING_RATE
            voiced = sum(it.end - it.start for it in speech if begin <= it.start < end)
            invented += bool(hypothesis.text)
            assert judge(hypothesis, voiced=voiced).text == "", recording.facts

    assert invented  # or the filter was not asked
