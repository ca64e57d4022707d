from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from server.config import ConfigRequest, load_config
from server.speech.config import ProcessConfig, RemoteConfig, SpeechConfig


def test_names_of_voices_are_in_lower_case() -> None:
    assert SpeechConfig(voices={"Nia": "de+f2"}).voices == {"nia": "de+f2"}


def test_a_remote_engine_needs_an_address() -> None:
    with pytest.raises(ValidationError, match=r"engine=remote needs speech\.remote\.url"):
        SpeechConfig(engine="remote")


def test_a_piper_voice_is_a_file_or_a_name() -> None:
    voices = SpeechConfig(piper_voices=("voices/mine.onnx", "piper-en-us")).piper_voices
    assert voices == (Path("voices/mine.onnx"), "piper-en-us")


def test_the_path_of_a_piper_voice_counts_from_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("speech: {piper_voices: [voices/mine.onnx, piper-en-us, ~/its.onnx]}")
    voices = load_config(ConfigRequest(file=file, environment={})).speech.piper_voices
    assert voices == (
        tmp_path / "voices" / "mine.onnx",
        "piper-en-us",
        Path.home() / "its.onnx",
    )


def test_settings_survive_the_way_to_the_process_and_only_there_is_the_secret_plain() -> None:
    remote = RemoteConfig(url="http://127.0.0.1:1", api_key=SecretStr("s3cret"))
    settings = ProcessConfig(
        speech=SpeechConfig(voices={"extra": "fr"}, piper_voices=("/a.onnx", "b"), remote=remote),
        remote_key="s3cret",
    )
    arrived = ProcessConfig.model_validate_json(settings.model_dump_json())
    assert arrived.revealed() == settings.speech
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in settings.speech.model_dump_json()
