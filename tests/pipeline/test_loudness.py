"""Every voice is as loud as any other: replies of 3 s and more at -18 LUFS, within 2."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.offline_voice import OfflineVoice
from pipeline.audio import SPEECH_RATE, Samples
from pipeline.loudness import TARGET, VOICES, VoiceLevels
from tests.pipeline.ffmpeg_loudness import ffmpeg_loudness

VOICES_HEARD = ("en", "en-us+f3", "en+whisper", "nb")
LINES = (
    "Sure.",
    "I have looked at the calendar for you.",
    "There are three meetings on Tuesday, and the last one ends at half past four.",
    "Shall I move it?",
)
SHORT = (0, 3, 0, 3, 0, 3)
FULL_SCALE = 32767

Reply = list[Samples]


@pytest.fixture(scope="module")
def spoken() -> dict[str, Reply]:
    """Return the lines as espeak says them, by voice."""

    async def say(offline: OfflineVoice) -> dict[str, Reply]:
        return {
            voice: [
                await offline.say(line, voice=voice, pace=1.0, rate=SPEECH_RATE) for line in LINES
            ]
            for voice in VOICES_HEARD
        }

    offline = OfflineVoice()
    try:
        return asyncio.run(say(offline))
    finally:
        offline.close()


def at_level(reply: Reply, lufs: float, folder: Path) -> Reply:
    """Return a reply as a server would give it whose voices are so loud."""
    gain = 10.0 ** ((lufs - ffmpeg_loudness(np.concatenate(reply), folder)) / 20.0)
    return [np.clip(line * gain, -FULL_SCALE, FULL_SCALE).astype(np.int16) for line in reply]


def levelled(
    reply: Reply, levels: VoiceLevels, *, voice: str = "v", chunks: Sequence[int] = (1440, 11520)
) -> Samples:
    """Return a reply as it is heard: the first chunk of each sentence is short, as espeak's."""
    parts: list[Samples] = []
    for line in reply:
        sentence = levels.begin(voice)
        ends = [0, *range(chunks[0], len(line), chunks[-1]), len(line)]
        parts += [sentence.level(line[a:b]) for a, b in itertools.pairwise(ends)]
        parts.append(sentence.finish())
    sound = np.concatenate(parts)
    assert len(sound) == sum(map(len, reply))
    assert np.abs(sound.astype(int)).max() < 0.9 * FULL_SCALE
    return sound


@pytest.mark.parametrize("chunks", [(1440, 11520), (480, 480), (10**7, 10**7)])
@pytest.mark.parametrize("level", [None, -35.0, -6.0])
@pytest.mark.parametrize("voice", VOICES_HEARD)
def test_the_first_reply_and_the_next_are_as_loud_as_they_should_be(
    voice: str,
    level: float | None,
    chunks: tuple[int, int],
    spoken: dict[str, Reply],
    tmp_path: Path,
):
    reply = spoken[voice] if level is None else at_level(spoken[voice], level, tmp_path)
    levels = VoiceLevels()
    # The longest line alone is what is hardest: 3.3 s, nothing known of the voice.
    first = levelled(reply[2:3], levels, chunks=chunks)
    assert ffmpeg_loudness(first, tmp_path) == pytest.approx(TARGET, abs=2.0)
    second = levelled(reply, levels, chunks=chunks)
    assert ffmpeg_loudness(second, tmp_path) == pytest.approx(TARGET, abs=1.0)


def test_a_reply_of_short_sentences_is_as_loud_as_any(spoken: dict[str, Reply], tmp_path: Path):
    reply = [spoken["en"][index] for index in SHORT]
    assert sum(map(len, reply)) > 3 * SPEECH_RATE
    for level in (-35.0, -20.0, -6.0):
        sound = levelled(at_level(reply, level, tmp_path), VoiceLevels())
        assert ffmpeg_loudness(sound, tmp_path) == pytest.approx(TARGET, abs=2.0)


def test_a_known_voice_is_not_pumped(spoken: dict[str, Reply]):
    levels = VoiceLevels()
    levelled(spoken["en"], levels)
    line = spoken["en"][2]
    sound = levelled([line], levels)
    loud = np.abs(line.astype(int)) > 3000
    gains = sound[loud] / line[loud]
    gains = gains[200:-200]
    assert 20 * np.log10(gains.max() / gains.min()) < 3.0  # the limiter, at the highest peaks
    assert 20 * np.log10(np.percentile(gains, 95) / np.percentile(gains, 5)) < 0.8


def test_voices_do_not_learn_from_one_another(spoken: dict[str, Reply], tmp_path: Path):
    levels = VoiceLevels()
    quiet = at_level(spoken["en"], -35.0, tmp_path)
    loud = at_level(spoken["nb"], -9.0, tmp_path)
    for _ in range(2):
        for voice, reply in (("quiet", quiet), ("loud", loud)):
            sound = levelled(reply, levels, voice=voice)
            assert ffmpeg_loudness(sound, tmp_path) == pytest.approx(TARGET, abs=2.0)


@pytest.mark.parametrize(("before", "after"), [(-35.0, -6.0), (-6.0, -35.0)])
def test_another_server_behind_the_name_of_a_voice_is_noticed(
    before: float, after: float, spoken: dict[str, Reply], tmp_path: Path
):
    levels = VoiceLevels()
    levelled(at_level(spoken["en"], before, tmp_path), levels)
    sound = levelled(at_level(spoken["nb"], after, tmp_path), levels)
    assert ffmpeg_loudness(sound, tmp_path) == pytest.approx(TARGET, abs=2.0)


def test_the_first_sample_waits_for_no_second_chunk(spoken: dict[str, Reply]):
    first = VoiceLevels().begin("new").level(spoken["en"][2][:1440])
    assert 1440 - len(first) <= 240


def test_every_sentence_begins_and_ends_in_silence():
    sentence = VoiceLevels().begin("buzz")
    buzz = np.tile(np.array([8000, -8000], np.int16), 6000)
    sound = np.concatenate(
        [sentence.level(buzz[:50]), sentence.level(buzz[50:]), sentence.finish()]
    )
    assert len(sound) == len(buzz)
    assert abs(int(sound[0])) < 10
    assert abs(int(sound[-1])) < 10
    envelope = np.abs(sound.astype(int))
    assert np.all(np.diff(envelope[:100]) >= 0)
    assert np.all(np.diff(envelope[-120:]) <= 0)


def test_silence_stays_silence_and_teaches_nothing(spoken: dict[str, Reply], tmp_path: Path):
    levels = VoiceLevels()
    silence = np.zeros(2 * SPEECH_RATE, np.int16)
    assert not levelled([silence], levels).any()
    hiss = np.random.default_rng(0).normal(scale=8.0, size=SPEECH_RATE).astype(np.int16)
    line = np.concatenate([hiss, spoken["en"][2]])
    sound = levelled([line], levels)
    assert ffmpeg_loudness(sound[SPEECH_RATE:], tmp_path) == pytest.approx(TARGET, abs=2.0)


def test_a_sentence_without_sound_is_none():
    sentence = VoiceLevels().begin("mute")
    assert len(sentence.level(np.empty(0, np.int16))) == 0
    assert len(sentence.finish()) == 0


def test_memory_is_bounded():
    levels = VoiceLevels()
    for number in range(3 * VOICES):
        levels.begin(f"voice {number}")
    assert len(levels._voices) == VOICES
