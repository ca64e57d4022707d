"""Recognition through the real faster-whisper, with the fixture model of the repository."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import jiwer
import numpy as np
import pytest

from benchmarks import random_whisper
from pipeline.audio import HEARING_RATE, Samples, decode_file
from pipeline.config import SttConfig
from pipeline.errors import SpeechToTextError
from pipeline.interfaces import Recognition, Segment, Transcript
from pipeline.stt import FasterWhisper
from pipeline.whisper import WhisperDecoder

REPOSITORY = Path(__file__).parents[2]
FIXTURE = REPOSITORY / "models" / "fixture"
SHARED = REPOSITORY.parent / "shared"
REAL_MODEL = os.environ.get("OPENCLAW_VOICE_TEST_WHISPER", "")

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the recordings in ../shared")

CLIPS = json.loads((FIXTURE / "clips" / "clips.json").read_text())


def config(**settings: object) -> SttConfig:
    return SttConfig.model_validate({"allow_test_fixture": True, "workers": 2, **settings})


@contextlib.contextmanager
def recogniser(settings: SttConfig, folder: Path = FIXTURE / "whisper") -> Iterator[FasterWhisper]:
    stt = FasterWhisper.load(folder, settings)
    try:
        yield stt
    finally:
        stt.close()


@pytest.fixture(scope="module")
def fixture() -> Iterator[FasterWhisper]:
    with recogniser(config()) as stt:
        yield stt


def audio(path: Path) -> Samples:
    return np.concatenate(list(decode_file(path)))


def clip(number: int) -> Samples:
    return audio(FIXTURE / "clips" / CLIPS[number]["file"])


def begin(
    stt: FasterWhisper, samples: Samples, *, voiced: float = 1.5, hotwords: Sequence[str] = ()
) -> Recognition:
    segment = Segment("ann", 0.0, len(samples) / HEARING_RATE, voiced)
    return stt.start(samples, segment, hotwords=hotwords)


def heard(stt: FasterWhisper, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcript:
    return asyncio.run(begin(stt, samples, hotwords=hotwords).transcript())


@pytest.mark.parametrize("entry", CLIPS, ids=lambda entry: str(entry["file"]))
def test_every_clip_gives_its_words(fixture: FasterWhisper, entry: dict[str, str]) -> None:
    samples = audio(FIXTURE / "clips" / entry["file"])

    assert heard(fixture, samples) == Transcript(entry["text"], "en")


@pytest.mark.parametrize("entry", CLIPS, ids=lambda entry: str(entry["file"]))
def test_its_own_length_is_enough_to_hear(entry: dict[str, str]) -> None:
    samples = audio(FIXTURE / "clips" / entry["file"])

    with recogniser(config(audio_context="auto")) as stt:
        assert heard(stt, samples) == Transcript(entry["text"], "en")


@needs_shared
@pytest.mark.parametrize("audio_context", [pytest.param("full", marks=pytest.mark.slow), "auto"])
def test_all_clips_of_the_fixture_stay_below_five_percent_of_errors(audio_context: str) -> None:
    folder = SHARED / "models" / "whisper-fixture" / "audio"
    entries = json.loads((folder / "manifest.json").read_text())

    with recogniser(config(audio_context=audio_context)) as stt:
        said = [heard(stt, audio(folder / entry["file"])).text for entry in entries]

    assert len(entries) == 32
    assert jiwer.wer([entry["text"] for entry in entries], said) <= 0.05


@pytest.mark.parametrize("audio_context", ["full", "auto"])
def test_silence_and_noise_are_no_words(audio_context: str) -> None:
    noise = np.random.default_rng(1).normal(0, 1500, 2 * HEARING_RATE).astype(np.int16)

    with recogniser(config(audio_context=audio_context)) as stt:
        assert heard(stt, np.zeros(2 * HEARING_RATE, np.int16)).text == ""
        assert heard(stt, noise).text == ""


@pytest.mark.parametrize("audio_context", ["full", "auto"])
def test_an_utterance_may_be_longer_than_the_window(audio_context: str) -> None:
    first, second = clip(0), clip(1)
    samples = np.zeros(40 * HEARING_RATE, np.int16)
    samples[: len(first)] = first
    samples[31 * HEARING_RATE :][: len(second)] = second

    with recogniser(config(audio_context=audio_context)) as stt:
        transcript = asyncio.run(begin(stt, samples, voiced=4.0).transcript())

    assert transcript.text == f"{CLIPS[0]['text']} {CLIPS[1]['text']}"


def test_the_model_is_not_asked_about_a_click(fixture: FasterWhisper) -> None:
    click = begin(fixture, clip(0), voiced=0.1)
    nothing = begin(fixture, np.empty(0, np.int16))

    assert asyncio.run(click.transcript()) == Transcript("", dropped="too little speech")
    assert asyncio.run(nothing.transcript()) == Transcript("", dropped="too little speech")


def test_what_the_filter_refuses_is_logged_only_for_debugging(
    fixture: FasterWhisper, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "pipeline"):
        transcript = asyncio.run(begin(fixture, clip(0), voiced=0.5).transcript())

    assert transcript == Transcript("", dropped="more words than can be said")
    assert [
        (record.levelname, CLIPS[0]["text"] in record.message) for record in caplog.records
    ] == [("DEBUG", True)]


def test_the_fixture_is_told_no_names(fixture: FasterWhisper) -> None:
    transcript = heard(fixture, clip(0), hotwords=["Jarvis", "Sage", "<|endoftext|>"])

    assert transcript.text == CLIPS[0]["text"]


def test_eight_at_once_are_not_mixed_up(fixture: FasterWhisper) -> None:
    samples = [clip(number) for number in range(len(CLIPS))]

    async def main() -> list[str]:
        recognitions = [begin(fixture, piece) for piece in samples]
        return [(await recognition.transcript()).text for recognition in recognitions]

    assert asyncio.run(main()) == [entry["text"] for entry in CLIPS]


def test_closing_joins_the_threads() -> None:
    before = set(threading.enumerate())
    stt = FasterWhisper.load(FIXTURE / "whisper", config(workers=3))
    assert len(set(threading.enumerate()) - before) == 3

    async def main() -> None:
        recognition = begin(stt, clip(0))
        await stt.aclose()
        with contextlib.suppress(SpeechToTextError):  # it may have been first
            await recognition.transcript()

    asyncio.run(main())

    assert (
        not {thread for thread in threading.enumerate() if thread.name.startswith("stt-")} - before
    )


ENDING = """
import asyncio, sys
from pathlib import Path
import numpy as np
from pipeline.config import SttConfig
from pipeline.interfaces import Segment
from pipeline.stt import FasterWhisper

stt = FasterWhisper.load(Path("models/fixture/whisper"), SttConfig(allow_test_fixture=True))
noise = np.random.default_rng(1).normal(0, 1500, 25 * 16000).astype(np.int16)

async def main():
    for start in range(16):
        stt.start(noise, Segment("ann", start, start + 25, 20.0)).commit()
    await asyncio.sleep(0.03)

try:
    asyncio.run(main())
    {ending}
finally:
    {closing}
"""


@pytest.mark.parametrize(
    ("ending", "closing", "status"),
    [
        ("pass", "stt.close()", 0),
        ("pass", "pass", 0),
        ("sys.exit(3)", "asyncio.run(stt.aclose())", 3),
        ("raise KeyboardInterrupt", "stt.close()", -2),
    ],
    ids=["close", "forgotten", "aclose", "interrupted"],
)
def test_a_program_ends_cleanly_in_the_middle_of_a_decode(
    ending: str, closing: str, status: int
) -> None:
    program = ENDING.format(ending=ending, closing=closing)

    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == status, ended.stderr


def test_the_fixture_must_be_allowed() -> None:
    with pytest.raises(SpeechToTextError, match="test fixture"):
        FasterWhisper.load(FIXTURE / "whisper", SttConfig())


def test_an_unmarked_fixture_must_be_allowed_too(tmp_path: Path) -> None:
    with pytest.raises(SpeechToTextError, match="test fixture"):
        FasterWhisper.load(tmp_path, SttConfig(), fixture=True)


def test_the_fixture_says_once_that_it_is_in_use(caplog: pytest.LogCaptureFixture) -> None:
    with recogniser(config()) as stt:
        heard(stt, clip(0))

    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "test fixture" in warnings[0]


@pytest.mark.parametrize("missing", ["tokenizer.json", "model.bin", "config.json"])
def test_an_incomplete_model_is_named_and_nothing_is_fetched(tmp_path: Path, missing: str) -> None:
    folder = shutil.copytree(FIXTURE / "whisper", tmp_path / "model")
    (folder / missing).unlink()

    with pytest.raises(SpeechToTextError, match=rf"holds no {missing}.*models pull"):
        FasterWhisper.load(folder, config())


@pytest.mark.parametrize("broken", ["tokenizer.json", "model.bin"])
def test_a_broken_model_is_one_clear_error(tmp_path: Path, broken: str) -> None:
    folder = shutil.copytree(FIXTURE / "whisper", tmp_path / "model")
    (folder / broken).write_bytes((folder / broken).read_bytes()[:1000])

    with pytest.raises(SpeechToTextError, match="cannot be loaded"):
        FasterWhisper.load(folder, config())


def test_files_that_do_not_belong_together_are_found_at_once(tmp_path: Path) -> None:
    folder = shutil.copytree(FIXTURE / "whisper", tmp_path / "model")
    (folder / "preprocessor_config.json").write_text('{"feature_size": 128}')

    with pytest.raises(SpeechToTextError, match="does not run"):
        FasterWhisper.load(folder, config())


def test_an_english_model_refuses_other_languages() -> None:
    with pytest.raises(SpeechToTextError, match="does not know the language 'de'"):
        FasterWhisper.load(FIXTURE / "whisper", config(language="de"))


@pytest.mark.parametrize("audio_context", ["full", "auto"])
def test_an_english_model_detects_nothing(audio_context: str) -> None:
    with recogniser(config(language="auto", audio_context=audio_context)) as stt:
        assert heard(stt, clip(0)) == Transcript(CLIPS[0]["text"], "en")


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with all of Whisper's languages that understands none of them."""
    folder = tmp_path_factory.mktemp("multilingual")
    random_whisper.make(folder, random_whisper.SIZES["smallest"])
    return folder


@pytest.mark.parametrize("audio_context", ["full", "auto"])
def test_a_multilingual_model_is_told_or_detects_the_language(
    multilingual: Path, audio_context: str
) -> None:
    with recogniser(config(language="de", audio_context=audio_context), multilingual) as stt:
        assert heard(stt, clip(0)).language == "de"
    with recogniser(config(language="auto", audio_context=audio_context), multilingual) as stt:
        assert heard(stt, clip(0)).language in random_whisper.LANGUAGES


@pytest.mark.parametrize("audio_context", ["full", "auto"])
def test_names_reach_the_model(multilingual: Path, audio_context: str) -> None:
    decoder = WhisperDecoder(multilingual, config(audio_context=audio_context))

    # This decoder ends at a fixed position, so a longer prompt leaves fewer words.
    words = decoder.decode(clip(0)).text.split()
    after_prompt = decoder.decode(clip(0), ["Jarvis", "Ann Lee", "Sage"]).text.split()

    assert 0 < len(after_prompt) < len(words)


def test_encoded_audio_is_never_taken_for_features() -> None:
    decoder = WhisperDecoder(FIXTURE / "whisper", config(audio_context="auto"))

    for hundredths in range(1, 300):
        features = decoder._short_features(np.zeros(160 * hundredths, np.float32))
        encoded = decoder._model.encode(features)
        assert encoded.shape[1] != decoder._model.model.n_mels


def test_a_card_that_is_not_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    # Read by CUDA itself: on a machine with a card, there is none.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    with pytest.raises(SpeechToTextError, match="no graphics card"):
        FasterWhisper.load(FIXTURE / "whisper", config(device="cuda"))


@pytest.mark.real_models
@needs_shared
@pytest.mark.skipif(not REAL_MODEL, reason="OPENCLAW_VOICE_TEST_WHISPER names no model folder")
def test_real_weights_understand_read_sentences() -> None:
    manifest = json.loads((SHARED / "audio" / "manifest.json").read_text())
    entries = [entry for entry in manifest if entry["path"].startswith("read/")]

    with recogniser(SttConfig(), Path(REAL_MODEL)) as stt:
        said = [_plain(heard_long(stt, SHARED / "audio" / entry["path"])) for entry in entries]

    assert jiwer.wer([_plain(entry["text"]) for entry in entries], said) <= 0.15


@pytest.mark.real_models
@needs_shared
@pytest.mark.skipif(not REAL_MODEL, reason="OPENCLAW_VOICE_TEST_WHISPER names no model folder")
@pytest.mark.parametrize("name", ["kitchen30", "white", "pink", "keyboard_like_clicks"])
def test_real_weights_hear_no_words_in_noise(name: str) -> None:
    with recogniser(SttConfig(), Path(REAL_MODEL)) as stt:
        noise = audio(SHARED / "audio" / "nonspeech" / f"{name}.flac")[: 3 * HEARING_RATE]

        assert asyncio.run(begin(stt, noise, voiced=0.5).transcript()).text == ""


def heard_long(stt: FasterWhisper, path: Path) -> str:
    samples = audio(path)
    return asyncio.run(begin(stt, samples, voiced=len(samples) / HEARING_RATE).transcript()).text


def _plain(text: str) -> str:
    plain = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.Strip()])
    return str(plain(text))
