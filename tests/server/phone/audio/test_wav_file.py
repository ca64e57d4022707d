"""A WAV file that can be read at any moment."""

from __future__ import annotations

import os
import stat
import wave
from pathlib import Path

import pytest

from server.phone.audio.wav_file import WavFile, repair


def read(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 2, 2)
        return file.readframes(file.getnframes())


def opened(path: Path) -> WavFile:
    return WavFile(path, rate=8000, channels=2)


def test_it_can_be_read_after_every_write(tmp_path):
    path = tmp_path / "call.wav"
    file = opened(path)
    assert read(path) == b""
    for index in range(1, 5):
        file.append(bytes([index]) * 400)
        assert len(read(path)) == 400 * index
    assert file.seconds == pytest.approx(0.05)
    file.close()
    assert read(path) == b"".join(bytes([index]) * 400 for index in range(1, 5))


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_its_owner_may_read_it(tmp_path):
    opened(tmp_path / "call.wav").close()
    assert stat.S_IMODE((tmp_path / "call.wav").stat().st_mode) == 0o600


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "call.wav").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        opened(tmp_path / "call.wav")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "call.wav").symlink_to(tmp_path / "elsewhere.wav")
    with pytest.raises(FileExistsError):
        opened(tmp_path / "call.wav")
    assert not (tmp_path / "elsewhere.wav").exists()


@pytest.mark.parametrize("extra", [0, 1, 3, 4, 401])
def test_sound_the_header_does_not_tell_of_is_recovered(tmp_path, extra):
    path = tmp_path / "call.wav"
    file = opened(path)
    file.append(b"\x01" * 400)
    file.close()
    with path.open("ab") as end:
        end.write(b"\x02" * extra)
    assert len(read(path)) == 400
    assert repair(path)
    assert read(path) == b"\x01" * 400 + b"\x02" * (extra // 4 * 4)
    assert path.stat().st_size == 44 + 400 + extra // 4 * 4
    assert repair(path)


def test_a_header_that_tells_too_much_is_put_right(tmp_path):
    path = tmp_path / "call.wav"
    file = opened(path)
    file.append(b"\x01" * 400)
    file.close()
    os.truncate(path, 44 + 203)
    assert repair(path)
    assert read(path) == b"\x01" * 200


@pytest.mark.parametrize("content", [b"", b"RIFF", b"\0" * 44, b"\0" * 1000, b"OggS" * 200])
def test_what_holds_no_sound_is_left_alone(tmp_path, content):
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    assert not repair(path)
    assert path.read_bytes() == content


def test_an_empty_recording_holds_no_sound(tmp_path):
    opened(tmp_path / "call.wav").close()
    assert not repair(tmp_path / "call.wav")
