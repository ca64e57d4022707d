"""Settings of the speech server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from models.config import ModelsConfig
from pipeline.config import Seconds, Settings, SttConfig

DEFAULT_VOICE = "default"
"""The name under which every client may ask for :attr:`SpeechConfig.default_voice`."""

Device = Literal["auto", "cpu", "cuda"]

_GRAPH = ".onnx"


def _path_of_graph(voice: str | Path) -> str | Path:
    return Path(voice) if isinstance(voice, str) and voice.endswith(_GRAPH) else voice


PiperVoice = Annotated[str | Path, AfterValidator(_path_of_graph)]
"""The file of a voice, or its name in the catalogue."""

EngineName = Literal["auto", "espeak", "piper", "kokoro", "remote"]


class RemoteConfig(Settings):
    """Another speech server that speaks for this one."""

    url: Annotated[str, Field(pattern=r"^https?://[^/?#]+")] | None = None
    """Any server with OpenAI's /v1/audio/speech, such as http://10.0.0.5:8881."""

    model: str = "tts-1"
    """Model name sent to it."""

    voice: str = "default"
    """Its voice for requests that name none."""

    api_key: SecretStr | None = None
    """Sent as a bearer token; secret, from the environment only."""

    connect_timeout: Seconds = 3.0
    """Seconds to reach it."""

    stall_timeout: Seconds = 10.0
    """Seconds without a sound after which it is given up."""


class SpeechConfig(Settings):
    """The speech server. In the service it runs on loopback when ``tts.url`` is not set."""

    engine: EngineName = "auto"
    """What makes the sound: remote (another server), kokoro or piper (natural voices; fetch them
    with "models pull kokoro" or "models pull piper-en-us"), or espeak, which is always there, works
    offline at once and in 100 languages. auto takes the first of these that is there. An engine
    that is chosen and missing, or that fails, is replaced by the next."""

    device: Device = "auto"
    """Where piper and kokoro run; auto takes the graphics card when onnxruntime can use one."""

    host: str = "127.0.0.1"
    """Address ``run.py speech`` listens on; 0.0.0.0 lets other machines use the voices."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8881
    """Port ``run.py speech`` listens on; 0 takes a free one, as the service always does."""

    default_voice: str = "jarvis"
    """Voice of a request that names none, or "default"."""

    voices: dict[str, str] = Field(default_factory=dict)
    """Names of your own and an engine's voice for each; GET /v1/audio/voices lists what there is.
    An espeak voice is a language tag, with or without a variant: en-gb, de, en-us+f3."""

    piper_voices: tuple[PiperVoice, ...] = ()
    """Piper voices to offer, the default one first: names from "models list" or paths of .onnx
    files, each with its .onnx.json beside it; a relative path counts from the settings file. None:
    all of the catalogue that are there."""

    remote: RemoteConfig = RemoteConfig()
    """Another speech server that speaks for this one."""

    max_input: Annotated[int, Field(ge=1, le=100_000)] = 4096
    """Characters one request may ask for; 4096 is OpenAI's limit."""

    max_upload: Annotated[int, Field(ge=1, le=1_000_000_000)] = 25_000_000
    """Bytes of a recording that is sent to be transcribed; 25 MB is OpenAI's limit."""

    max_recording: Seconds = 3600.0
    """Seconds of a recording that is sent to be transcribed."""

    start_timeout: Seconds = 20.0
    """Seconds the speech server may take to start."""

    @field_validator("voices")
    @classmethod
    def _in_lower_case(cls, voices: dict[str, str]) -> dict[str, str]:
        return {name.lower(): voice for name, voice in voices.items()}

    @model_validator(mode="after")
    def _remote_has_an_address(self) -> Self:
        if self.engine == "remote" and self.remote.url is None:
            raise ValueError("engine=remote needs speech.remote.url")
        return self


class ProcessConfig(Settings):
    """All that the speech server's process is told by its parent."""

    speech: SpeechConfig = SpeechConfig()
    """Voices and limits."""

    stt: SttConfig = SttConfig()
    """Recognition, for transcriptions."""

    models: ModelsConfig = ModelsConfig()
    """Where model files are."""

    remote_key: str = Field(default="", repr=False)
    """The secret of :attr:`RemoteConfig.api_key`, which JSON leaves out."""

    def revealed(self) -> SpeechConfig:
        """Return the speech settings with their secret."""
        if not self.remote_key:
            return self.speech
        remote = self.speech.remote.model_copy(update={"api_key": SecretStr(self.remote_key)})
        return self.speech.model_copy(update={"remote": remote})
