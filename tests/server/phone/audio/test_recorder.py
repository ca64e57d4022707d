"""Recording a call while it lasts."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
import wave
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from server.phone.audio import recorder as module
from server.phone.audio.recorder import Recorder
from server.phone.audio.stereo import Side
from server.phone.audio.wav_file import WavFile, repair

ROOT = Path(__file__).parents[4]


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (8000, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def tone(value: int, seconds: float = 0.02) -> np.ndarray:
    return np.full(round(8000 * seconds), value, np.int16)


def finished(recorder: Recorder, now: float):
    recorder.finish(now)
    return asyncio.run(recorder.wait_written())


def test_both_sides_are_written_where_they_were_heard(tmp_path):
    recorder = Recorder(tmp_path / "call.wav", 100.0)
    for index in range(500):
        now = 100.0 + index * 0.02
        recorder.record(Side.CALLER, now, tone(100), now + 0.02)
        if 250 <= index < 300:
            recorder.record(Side.BOT, now - 0.1, tone(200), now)
    recording = finished(recorder, 110.0)
    assert recording.error == ""
    assert recording.seconds == pytest.approx(10.0)
    sound = read(recording.path)
    assert len(sound) == 80_000
    assert (sound[:, 0] == 100).all()
    assert np.flatnonzero(sound[:, 1]).tolist() == list(range(39_200, 47_200))


def test_it_is_written_as_the_call_goes(tmp_path):
    recorder = Recorder(tmp_path / "call.wav", 0.0)
    for index in range(500):
        recorder.record(Side.CALLER, index * 0.02, tone(1), index * 0.02)
    deadline, file = time.monotonic() + 20, tmp_path / "call.wav"
    while not file.exists() or file.stat().st_size < 44 + 7 * 8000 * 4:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    finished(recorder, 10.0)


def test_silence_is_written_too(tmp_path):
    recorder = Recorder(tmp_path / "call.wav", 0.0)
    for second in range(60):
        recorder.advance(float(second))
    assert finished(recorder, 60.0).seconds == pytest.approx(60.0)
    assert not read(tmp_path / "call.wav").any()


def test_a_stall_of_the_network_leaves_no_hole(tmp_path):
    recorder = Recorder(tmp_path / "call.wav", 0.0)
    for index in range(500):
        at = index * 0.02
        now = 6.5 if 5.0 <= at < 6.5 else at
        recorder.record(Side.CALLER, at, tone(1), now)
    finished(recorder, 10.0)
    assert read(tmp_path / "call.wav")[:, 0].all()


def test_what_comes_after_the_end_is_not_recorded(tmp_path):
    recorder = Recorder(tmp_path / "call.wav", 0.0)
    recorder.finish(1.0)
    recorder.finish(2.0)
    recorder.record(Side.CALLER, 1.5, tone(1), 5.0)
    assert finished(recorder, 9.0).seconds == pytest.approx(1.0)


def test_a_folder_that_is_not_there_ends_the_recording_only(tmp_path, caplog):
    recorder = Recorder(tmp_path / "nowhere" / "call.wav", 0.0)
    for index in range(500):
        recorder.record(Side.CALLER, index * 0.02, tone(1), index * 0.02)
    recording = finished(recorder, 10.0)
    assert "No such file" in recording.error
    assert recording.seconds == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process")
def test_a_full_disk_ends_the_recording_and_keeps_what_was_written(tmp_path):
    # The limit on a file's size is the nearest to a full disk that any machine has.
    program = """if True:
        import asyncio, resource, signal, sys
        from pathlib import Path
        import numpy as np
        from server.phone.audio.recorder import Recorder
        from server.phone.audio.stereo import Side
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        recorder = Recorder(Path(sys.argv[1]), 0.0)
        for index in range(1000):
            recorder.record(Side.CALLER, index * 0.02, np.ones(160, np.int16), index * 0.02)
        recorder.finish(20.0)
        recording = asyncio.run(recorder.wait_written())
        print(recording.error, "|", recording.seconds)
    """
    path = tmp_path / "call.wav"
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )  # fmt: skip - one line for where and how
    assert "File too large" in done.stdout
    assert "Traceback" not in done.stderr
    sound = read(path)
    assert 2 * 8000 <= len(sound) <= 25_000
    assert sound[:, 0].all()
    assert path.stat().st_size == 44 + 4 * len(sound)
    assert float(done.stdout.split("|")[1]) == pytest.approx(len(sound) / 8000)


def test_a_disk_that_hangs_blocks_nothing_and_ends_the_recording(tmp_path, caplog):
    answers = threading.Event()

    class HangingFile(WavFile):
        """On a network drive that does not answer for a while."""

        def append(self, pcm: bytes) -> None:
            answers.wait(30)
            super().append(pcm)

    recorder = Recorder(tmp_path / "call.wav", 0.0, partial(HangingFile, rate=8000, channels=2))
    for index in range(10_000):
        recorder.record(Side.CALLER, index * 0.02, tone(1), index * 0.02)
    assert recorder.error == "the disk is too slow"
    assert recorder._disk._blocks.qsize() * 16_000 <= module.MOST_UNWRITTEN + 64_000
    answers.set()
    recording = finished(recorder, 200.0)
    assert recording.error == "the disk is too slow"
    assert len(read(recording.path)) == pytest.approx(recording.seconds * 8000)
    assert len(caplog.records) == 1


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_a_disk_that_is_dead_is_not_waited_for(tmp_path, monkeypatch):
    back = threading.Event()

    class Dead(WavFile):
        def append(self, data: bytes) -> None:
            back.wait()

    monkeypatch.setattr(module, "LONGEST_WAIT", 0.1)
    make = partial(Dead, rate=8000, channels=2)
    recorder = Recorder(tmp_path / "call.wav", 0.0, make)
    recorder.record(Side.CALLER, 0.0, tone(100, 1.0), 5.0)
    recording = finished(recorder, 6.0)
    assert recording.seconds == 0.0
    assert "too slow" in recording.error
    back.set()


def test_a_process_that_is_killed_leaves_a_file_that_can_be_read(tmp_path):
    rng = random.Random(7)  # noqa: S311 - moments to kill at
    longest = 0
    for attempt in range(8):
        path = tmp_path / f"call{attempt}.wav"
        command = [sys.executable, str(Path(__file__).with_name("recording_process.py"))]
        with subprocess.Popen(
            [*command, str(path), "50"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        ) as process:  # fmt: skip - one line for where and how
            assert process.stdout is not None
            assert process.stdout.readline() == b"recording\n"
            time.sleep(rng.uniform(0.0, 1.5))
            os.kill(process.pid, signal.SIGKILL)
        if not path.exists() or path.stat().st_size < 44:
            continue  # killed before the thread had made the file
        before = read(path)
        repair(path)
        after = read(path)
        assert len(after) >= len(before)
        assert path.stat().st_size == 44 + 4 * len(after)
        assert np.array_equal(after[:, 0], -after[:, 1])
        longest = max(longest, len(after))
    assert longest > 8000
