from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from pipeline.audio import VAD_WINDOW, Samples
from pipeline.config import VadConfig
from pipeline.errors import VoiceActivityError
from pipeline.speech_gate import SpeechGate, Voiced
from pipeline.vad_model import QUIET_WINDOWS, RESET_AFTER, SileroModel, Voice
from tests.conftest import Recording, SharedAudio
from tests.pipeline.smart_turn_reference import signals

WINDOW = 0.032


def windows_of(samples: Samples) -> list[Samples]:
    return [
        samples[at : at + VAD_WINDOW] for at in range(0, len(samples) - VAD_WINDOW + 1, VAD_WINDOW)
    ]


def made_up(speaker: int, count: int = 40) -> list[Samples]:
    return windows_of(np.roll(signals()["turn"], 997 * speaker)[: count * VAD_WINDOW])


def scores(model: SileroModel, samples: Samples, voice: Voice | None = None) -> list[float]:
    voice = voice or Voice()
    return [model.score([voice], [window])[0] for window in windows_of(samples)]


def published_scores(path: Path, windows: Sequence[Samples]) -> list[float]:
    """Step the graph as its authors do: context before the window, state handed on, no resets."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    state, context = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32)
    probabilities = []
    for window in windows:
        heard = np.concatenate([context, window.astype(np.float32) / 32768.0])
        context = heard[-64:]
        inputs = {"input": heard[None], "state": state, "sr": np.array(16_000, np.int64)}
        probability, state = session.run(None, inputs)
        probabilities.append(float(probability[0, 0]))
    return probabilities


def speech(probabilities: list[float]) -> list[Voiced]:
    gate = SpeechGate(VadConfig())
    return [
        voiced
        for index, probability in enumerate(probabilities)
        for voiced in gate.receive(probability, start=index * WINDOW, end=(index + 1) * WINDOW)
    ]


def recall(recording: Recording, voiced: list[Voiced]) -> float:
    """Share of the labelled speech, in whole windows, that was found."""
    found = {round(window.start / WINDOW) for window in voiced}
    labelled = {
        index
        for start, end in recording.facts["speech"]
        for index in range(int(np.ceil(start / WINDOW)), int(end / WINDOW))
    }
    return len(found & labelled) / len(labelled)


@pytest.fixture(scope="module")
def model(silero_path: Path) -> SileroModel:
    return SileroModel(silero_path)


def test_scores_equal_those_of_the_published_loop(model: SileroModel, silero_path: Path) -> None:
    samples = signals()["turn"]
    expected = published_scores(silero_path, windows_of(samples)[:RESET_AFTER])
    assert scores(model, samples)[:RESET_AFTER] == pytest.approx(expected, abs=1e-5)


def test_speakers_scored_together_get_what_they_would_get_alone(model: SileroModel) -> None:
    speakers = [made_up(speaker) for speaker in range(7)]
    voices = [Voice() for _ in speakers]
    together = [model.score(voices, windows) for windows in zip(*speakers, strict=True)]
    for speaker, windows in enumerate(speakers):
        alone = scores(model, np.concatenate(windows))
        assert [row[speaker] for row in together] == pytest.approx(alone, abs=1e-5)


def test_speakers_may_come_and_go_and_change_places(model: SileroModel) -> None:
    ann, ben = made_up(1, 3), made_up(2, 3)
    voices = Voice(), Voice()
    first = model.score(voices, [ann[0], ben[0]])
    second = model.score(voices[::-1], [ben[1], ann[1]])
    third = model.score(voices[:1], [ann[2]])
    assert [first[0], second[1], third[0]] == pytest.approx(
        scores(model, np.concatenate(ann)), abs=1e-5
    )


def test_the_form_for_one_speaker_gives_the_same_scores(
    model: SileroModel, silero_path: Path, silero_alone_path: Path
) -> None:
    both = SileroModel(silero_path, alone=silero_alone_path)
    voice, other = Voice(), Voice()
    mixed = [
        both.score([voice], [window])[0]
        if index % 3
        else both.score([other, voice], [window, window])[1]
        for index, window in enumerate(made_up(3))
    ]
    assert mixed == pytest.approx(scores(model, np.concatenate(made_up(3))), abs=1e-5)


def test_the_fallback_model_scores_several_speakers(silero_fallback_path: Path) -> None:
    fallback = SileroModel(silero_fallback_path)
    speakers = [made_up(speaker, 10) for speaker in range(3)]
    voices = [Voice() for _ in speakers]
    together = [fallback.score(voices, windows) for windows in zip(*speakers, strict=True)]
    for speaker, windows in enumerate(speakers):
        alone = scores(fallback, np.concatenate(windows))
        assert [row[speaker] for row in together] == pytest.approx(alone, abs=1e-5)


def test_a_long_quiet_makes_the_model_forget() -> None:
    voice = Voice()
    voice.state.fill(1.0)
    for _ in range(RESET_AFTER - 1):
        voice.note(0.05)
    assert voice.state.all()
    voice.note(0.05)
    assert not voice.state.any()


def test_nothing_is_forgotten_during_speech() -> None:
    voice = Voice()
    voice.state.fill(1.0)
    for _ in range(2 * RESET_AFTER):
        voice.note(0.9)
    for _ in range(QUIET_WINDOWS - 1):
        voice.note(0.05)
    assert voice.state.all()
    voice.note(0.05)
    assert not voice.state.any()


def test_one_loud_window_starts_the_count_of_quiet_ones_again() -> None:
    voice = Voice()
    voice.state.fill(1.0)
    for _ in range(RESET_AFTER):
        for probability in (0.05, 0.05, 0.05, 0.05, 0.1):
            voice.note(probability)
    assert voice.state.all()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VoiceActivityError, match=r"gone\.onnx: no such model file"):
        SileroModel(tmp_path / "gone.onnx")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "silero_vad.onnx").write_bytes(b"not a model")
    with pytest.raises(VoiceActivityError, match=r"silero_vad\.onnx: not an ONNX model"):
        SileroModel(tmp_path / "silero_vad.onnx")


def test_another_model_is_refused(smart_turn_path: Path) -> None:
    with pytest.raises(VoiceActivityError, match="not a Silero VAD"):
        SileroModel(smart_turn_path)


def test_human_speech_is_found_from_start_to_end(
    model: SileroModel, shared_audio: SharedAudio
) -> None:
    commands = shared_audio.of_kind("command")[::4]
    found = [speech(scores(model, command.samples)) for command in commands]
    recalls = [recall(*pair) for pair in zip(commands, found, strict=True)]
    assert np.mean(recalls) > 0.99
    assert min(recalls) > 0.9
    segments = [command.facts["speech"] for command in commands]
    starts = [
        voiced[0].start - spoken[0][0] for voiced, spoken in zip(found, segments, strict=True)
    ]
    ends = [voiced[-1].end - spoken[-1][1] for voiced, spoken in zip(found, segments, strict=True)]
    assert np.mean(np.abs(starts) < 0.15) >= 0.95
    assert np.mean(np.abs(ends) < 0.15) >= 0.95


def test_noise_and_music_are_no_speech(model: SileroModel, shared_audio: SharedAudio) -> None:
    for recording in shared_audio.of_kind("noise", "music"):
        assert not speech(scores(model, recording.samples)), recording.facts["path"]


def test_speech_after_music_is_heard_because_the_state_is_reset(
    model: SileroModel, silero_path: Path, shared_audio: SharedAudio
) -> None:
    (music,) = shared_audio.of_kind("music")
    prefix = np.resize(music.samples, 625 * VAD_WINDOW)  # 20 s
    after_music = Voice()
    scores(model, prefix, after_music)
    ours, without_reset = [], []
    for command in shared_audio.of_kind("command")[:12]:
        with_rule = scores(model, command.samples, copy.deepcopy(after_music))
        windows = [*windows_of(prefix), *windows_of(command.samples)]
        ours.append(recall(command, speech(with_rule)))
        deaf = published_scores(silero_path, windows)[625:]
        without_reset.append(recall(command, speech(deaf)))
    assert np.mean(ours) > 0.97
    assert np.mean(ours) > np.mean(without_reset) + 0.03


def test_nobody_to_score_is_no_call_of_the_model(model: SileroModel) -> None:
    assert model.score([], []) == []
