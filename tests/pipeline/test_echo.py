"""The bot's voice through open microphones, in a room made of a delay, a tail and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.audio import HEARING_RATE, SPEECH_RATE, VAD_WINDOW, Samples, decode_file
from pipeline.echo import LONGEST_DELAY, EchoGuard
from tests.conftest import REPOSITORY

CLIPS = REPOSITORY / "models" / "fixture" / "clips"
WINDOW = VAD_WINDOW / HEARING_RATE
PIECE = SPEECH_RATE // 50
START = 1000.0
"""When a conversation begins: clocks do not start at zero."""

Floats = npt.NDArray[np.float64]


def clip(name: str, rate: int) -> Floats:
    return np.concatenate(list(decode_file(CLIPS / f"{name}.flac", rate=rate))).astype(np.float64)


def reply(*names: str) -> Samples:
    """Two seconds of silence, and sentences with a second of silence behind each."""
    parts = [np.zeros(2 * SPEECH_RATE)]
    for name in names:
        parts += [clip(name, SPEECH_RATE), np.zeros(SPEECH_RATE)]
    return np.concatenate(parts).astype(np.int16)


@dataclass(frozen=True)
class Room:
    delay: float = 0.3
    gain: float = -15.0
    noise: float = 10.0
    seed: int = 1

    def echo(self, played: Samples) -> Floats:
        """Return what the microphone picks up of ``played``, at 16 kHz."""
        random = np.random.default_rng(self.seed)
        at = np.arange(0, len(played), SPEECH_RATE / HEARING_RATE)
        sound = np.interp(at, np.arange(len(played)), played)
        times = np.arange(HEARING_RATE // 5) / HEARING_RATE
        tail = random.standard_normal(len(times)) * np.exp(-times / 0.04) * 0.05
        tail[0] = 1.0
        size = len(sound) + len(tail)
        wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)
        shift = round(self.delay * HEARING_RATE)
        echo = np.concatenate([np.zeros(shift), wet])[: len(sound)]
        return echo * 10.0 ** (self.gain / 20.0)

    def microphone(self, echo: Floats, *voices: tuple[float, str]) -> Samples:
        """Return an echo with noise, and clips that a person says from some seconds on."""
        sound = echo + np.random.default_rng(self.seed).standard_normal(len(echo)) * self.noise
        for at, name in voices:
            voice = clip(name, HEARING_RATE)
            first = round(at * HEARING_RATE)
            sound[first : first + len(voice)] += voice[: len(sound) - first]
        return np.clip(sound, -32768, 32767).astype(np.int16)


def hear(
    guard: EchoGuard,
    played: Samples,
    *heard: tuple[str, Samples],
    start: float = START,
    least: float = 300.0,
) -> list[npt.NDArray[np.float64]]:
    """Let everybody hear for as long as it was played.

    Returns:
        For each speaker and each window 1.0 for echo, 0.0 for not, and NaN for silence.

    """
    results = [np.full(len(samples) // VAD_WINDOW, np.nan) for _, samples in heard]
    fed = 0
    for index in range(len(results[0])):
        at = index * WINDOW
        while fed < min(len(played), (at + WINDOW) * SPEECH_RATE):
            if np.any(piece := played[fed : fed + PIECE]):
                guard.receive_played(piece, start + fed / SPEECH_RATE)
            fed += PIECE
        for result, (speaker, samples) in zip(results, heard, strict=True):
            window = samples[index * VAD_WINDOW : (index + 1) * VAD_WINDOW]
            is_echo = guard.receive_heard(speaker, window, start + at)
            if np.sqrt((window.astype(np.float64) ** 2).mean()) > least:
                result[index] = is_echo
    return results


def between(result: npt.NDArray[np.float64], start: float, end: float) -> float:
    """Return the share of the loud windows between two times that were called echo."""
    return float(np.nanmean(result[int(start / WINDOW) : int(end / WINDOW)]))


SENTENCES = reply("ann-weather", "ann-philosophy", "ann-game")
SECONDS = len(SENTENCES) / SPEECH_RATE


@pytest.mark.parametrize("delay", [0.08, 0.25, 0.5, 0.8, 1.1])
def test_the_own_voice_is_known_at_any_delay(delay: float) -> None:
    room = Room(delay=delay)
    (result,) = hear(EchoGuard(), SENTENCES, ("ann", room.microphone(room.echo(SENTENCES))))
    loud = np.flatnonzero(~np.isnan(result))
    assert np.nanmean(result) > 0.93
    assert result[loud[5:]].mean() > 0.96  # the first 0.16 s may be taken for a person


@pytest.mark.parametrize("gain", [-6.0, -18.0, -30.0])
def test_the_own_voice_is_known_however_loud(gain: float) -> None:
    room = Room(gain=gain, noise=2.0)
    (result,) = hear(
        EchoGuard(), SENTENCES, ("ann", room.microphone(room.echo(SENTENCES))), least=50.0
    )
    assert np.nanmean(result) > 0.9


def test_the_second_echo_is_known_from_its_beginning() -> None:
    room = Room()
    (result,) = hear(EchoGuard(), SENTENCES, ("ann", room.microphone(room.echo(SENTENCES))))
    second = 2.0 + 2.95 + 1.0 + room.delay
    loud = np.flatnonzero(~np.isnan(result))
    assert result[loud[loud * WINDOW > second][:10]].mean() > 0.8


def test_a_person_over_a_reply_is_no_echo() -> None:
    # Made by the same synthesizer as the reply: as much alike as two voices can be.
    room, shares = Room(noise=50.0), []
    for name in ("ben-timer", "ben-back", "ben-time", "ben-reminder"):
        quiet = np.zeros(round(SECONDS * HEARING_RATE))
        heard = room.microphone(quiet, (2.5, name), (6.2, name), (9.9, name))
        (result,) = hear(EchoGuard(), SENTENCES, ("ben", heard))
        shares.append(np.nanmean(result))
    assert np.mean(shares) < 0.02


@pytest.mark.parametrize("name", ["ben-timer", "ben-back", "ben-time", "ben-reminder"])
def test_a_person_over_their_echo_is_heard_within_a_fifth_of_a_second(name: str) -> None:
    room = Room(gain=-18.0)
    heard = room.microphone(room.echo(SENTENCES), (6.4, name))
    (result,) = hear(EchoGuard(), SENTENCES, ("ben", heard))
    speech = 6.4 + 0.3
    assert between(result, 2.6, 6.2) > 0.9
    assert between(result, speech + 0.2, speech + 1.2) < 0.2


def test_after_a_person_spoke_over_it_the_echo_is_known_again() -> None:
    room = Room(gain=-18.0)
    heard = room.microphone(room.echo(SENTENCES), (6.2, "ben-time"))
    (result,) = hear(EchoGuard(), SENTENCES, ("ben", heard))
    assert between(result, 10.0, SECONDS) > 0.95


def test_a_reply_that_was_ducked_and_paused_is_known() -> None:
    played = SENTENCES.copy()
    played[round(3.2 * SPEECH_RATE) : 4 * SPEECH_RATE] //= 5
    pause = np.zeros(round(0.8 * SPEECH_RATE), np.int16)
    middle = round(7.1 * SPEECH_RATE)
    played = np.concatenate([played[:middle], pause, played[middle:]])
    room = Room(noise=3.0)
    heard = room.microphone(room.echo(played))
    (result,) = hear(EchoGuard(), played, ("ann", heard), least=100.0)
    assert np.nanmean(result) > 0.93


def test_everyone_has_a_delay_of_their_own() -> None:
    rooms = [Room(delay=0.15, seed=2), Room(delay=0.7, seed=3)]
    open_microphones = [
        (f"speaker {number}", room.microphone(room.echo(SENTENCES)))
        for number, room in enumerate(rooms)
    ]
    quiet = np.zeros(round(SECONDS * HEARING_RATE))
    person = ("ben", Room(noise=50.0).microphone(quiet, (2.5, "ben-timer"), (6.3, "ben-reminder")))
    *echoes, alone = hear(EchoGuard(), SENTENCES, *open_microphones, person)
    assert [np.nanmean(echo) > 0.93 for echo in echoes] == [True, True]
    assert np.nanmean(alone) < 0.05


def test_a_delay_that_changes_is_learnt_again() -> None:
    guard = EchoGuard()
    near, far = Room(delay=0.15), Room(delay=0.6)
    hear(guard, SENTENCES, ("ann", near.microphone(near.echo(SENTENCES))))
    (result,) = hear(
        guard, SENTENCES, ("ann", far.microphone(far.echo(SENTENCES))), start=START + 60.0
    )
    assert np.nanmean(result) > 0.9


def test_clients_that_send_nothing_in_silence_are_judged_alike() -> None:
    room = Room(noise=0.0)
    heard = room.microphone(room.echo(SENTENCES))
    guard, fed, flags = EchoGuard(), 0, []
    for index in range(len(heard) // VAD_WINDOW):
        while fed < (index + 1) * WINDOW * SPEECH_RATE:
            if np.any(piece := SENTENCES[fed : fed + PIECE]):
                guard.receive_played(piece, START + fed / SPEECH_RATE)
            fed += PIECE
        window = heard[index * VAD_WINDOW : (index + 1) * VAD_WINDOW]
        if np.abs(window).max() > 500:
            flags.append(guard.receive_heard("ann", window, START + index * WINDOW))
    assert np.mean(flags) > 0.9


@pytest.mark.parametrize("name", ["ben-timer", "ben-back", "ben-time", "ben-reminder"])
def test_who_sent_nothing_while_a_reply_played_is_no_echo(name: str) -> None:
    voice = Room(noise=0.0).microphone(np.zeros(round(SECONDS * HEARING_RATE)), (4.0, name))
    guard, fed, flags = EchoGuard(), 0, []
    for index in range(len(voice) // VAD_WINDOW):
        while fed < (index + 1) * WINDOW * SPEECH_RATE:
            if np.any(piece := SENTENCES[fed : fed + PIECE]):
                guard.receive_played(piece, START + fed / SPEECH_RATE)
            fed += PIECE
        window = voice[index * VAD_WINDOW : (index + 1) * VAD_WINDOW]
        if np.abs(window).max() > 500:
            flags.append(guard.receive_heard("ben", window, START + index * WINDOW))
    assert len(flags) > 20
    assert not any(flags)


def test_nothing_is_echo_before_anything_was_played() -> None:
    guard = EchoGuard()
    heard = Room().microphone(np.zeros(3 * HEARING_RATE), (0.0, "ben-timer"))
    windows = heard[: len(heard) // VAD_WINDOW * VAD_WINDOW].reshape(-1, VAD_WINDOW)
    assert not any(
        guard.receive_heard("ben", window, START + index * WINDOW)
        for index, window in enumerate(windows)
    )


def test_nothing_is_echo_long_after_a_reply() -> None:
    room = Room()
    guard = EchoGuard()
    heard = room.microphone(room.echo(SENTENCES))
    hear(guard, SENTENCES, ("ann", heard))
    at = START + SECONDS + LONGEST_DELAY
    loud = heard[4 * HEARING_RATE :][:VAD_WINDOW]
    assert not guard.receive_heard("ann", loud, at)


def test_who_was_forgotten_is_learnt_anew() -> None:
    room = Room()
    guard = EchoGuard()
    heard = room.microphone(room.echo(SENTENCES))
    (before,) = hear(guard, SENTENCES, ("ann", heard))
    guard.forget("ann")
    guard.forget("nobody")
    (after,) = hear(guard, SENTENCES, ("ann", heard), start=START + 300.0)
    assert np.array_equal(np.nan_to_num(before), np.nan_to_num(after))


def test_a_reply_of_minutes_and_a_window_that_comes_late_do_no_harm() -> None:
    guard, room = EchoGuard(), Room()
    long = np.tile(SENTENCES[2 * SPEECH_RATE :], 6)
    (result,) = hear(guard, long, ("ann", room.microphone(room.echo(long))))
    assert np.nanmean(result[-3000:]) > 0.97
    guard.receive_heard("ann", np.zeros(VAD_WINDOW, np.int16), START - 50.0)


def test_pieces_may_be_of_any_length_and_their_times_inexact() -> None:
    room = Room()
    heard = room.microphone(room.echo(SENTENCES))
    random = np.random.default_rng(5)
    guard, fed, flags = EchoGuard(), 0, []
    for index in range(len(heard) // VAD_WINDOW):
        while fed < min(len(SENTENCES), (index + 2) * WINDOW * SPEECH_RATE):
            size = int(random.integers(1, 2000))
            at = START + fed / SPEECH_RATE + random.uniform(-0.01, 0.01)
            guard.receive_played(SENTENCES[fed : fed + size], at)
            fed += size
        window = heard[index * VAD_WINDOW : (index + 1) * VAD_WINDOW]
        is_echo = guard.receive_heard("ann", window, START + index * WINDOW)
        if np.abs(window).max() > 1000:
            flags.append(is_echo)
    assert np.mean(flags) > 0.9
