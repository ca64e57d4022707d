"""Loads the models and reaches the servers that conversations work with."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.errors import ModelError
from models.progress import Progress
from models.registry import Registry
from pipeline.config import SttConfig, TtsConfig
from pipeline.end_of_turn import SmartTurn
from pipeline.errors import EndOfTurnError
from pipeline.interfaces import EndOfTurnDetector, SpeechToText, VoiceActivityDetector
from pipeline.stt import FasterWhisper
from pipeline.tts import HttpTextToSpeech
from pipeline.vad import SileroVad
from server.config import Config
from server.speech.child import SpeechServer, SpeechServerError
from server.speech_ladder import with_fallback_first, with_server

logger = logging.getLogger(__name__)

FIXTURE = "fixture"
"""Name of the 91-word test model in the catalogue."""


@dataclass(frozen=True, slots=True)
class Ears:
    """The models that hear; shared by all conversations of the process."""

    vad: VoiceActivityDetector
    end_of_turn: EndOfTurnDetector | None
    """``None`` when silence alone ends turns."""

    stt: SpeechToText


@contextmanager
def open_ears(
    config: Config, registry: Registry, progress: Progress, *, live: bool = True
) -> Iterator[Ears]:
    """Load the models that hear, fetching what is missing; blocks, so not on an event loop.

    Leaving the block joins every model's threads.

    Args:
        config: The settings.
        registry: Where the models are.
        progress: Shows downloads.
        live: Whether speakers' windows come spread over time and are worth gathering; on the
            audio clock those of one moment come at once.

    Raises:
        ModelError: A model could not be had; the message says what to do.
        StageError: A model's files could not be loaded.

    """
    with ExitStack() as stack:
        # The largest first: when it cannot be had, nothing else was loaded in vain.
        whisper = _whisper_folder(config.pipeline.stt, registry, progress)
        fixture = config.pipeline.stt.model_size == FIXTURE
        stt = FasterWhisper.load(whisper, config.pipeline.stt, fixture=fixture)
        stack.callback(stt.close)
        gather = config.pipeline.vad.gather if live else 0.0
        vad = _vad(gather, registry, progress)
        stack.callback(vad.close)
        detector = _smart_turn(config, registry, progress)
        if detector is not None:
            stack.callback(detector.close)
        yield Ears(vad, detector, stt)


def model_folder(config: SttConfig) -> Path | None:
    """Return the folder that ``model_size`` names; ``None`` when it is a name of the catalogue.

    The settings hold folders as absolute paths, so a folder ``medium`` that happens to lie in the
    working directory is none.
    """
    folder = Path(config.model_size)
    return folder if folder.is_absolute() and folder.is_dir() else None


def without_end_of_turn_model(config: Config) -> Config:
    """Return the settings with silence alone ending turns."""
    turns = config.pipeline.turns.model_copy(update={"end_of_turn_model": "silence"})
    pipeline = config.pipeline.model_copy(update={"turns": turns})
    return config.model_copy(update={"pipeline": pipeline})


def _whisper_folder(config: SttConfig, registry: Registry, progress: Progress) -> Path:
    return model_folder(config) or registry.ensure(config.model_size, progress).folder


def _vad(gather: float, registry: Registry, progress: Progress) -> SileroVad:
    found = registry.find("silero-vad") or registry.find("silero-vad-v6")
    files = found or registry.ensure("silero-vad", progress)
    # The wheel has the same weights in a form that is quicker for one speaker.
    alone = files.file("silero_vad_16k_sequence.onnx")
    return SileroVad(
        files.file(_one_file(registry, files.name)),
        alone=alone if alone.is_file() else None,
        gather=gather,
    )


def _one_file(registry: Registry, name: str) -> str:
    return registry.catalog.get(name).files[0].name


def _smart_turn(config: Config, registry: Registry, progress: Progress) -> SmartTurn | None:
    if config.pipeline.turns.end_of_turn_model == "silence":
        return None
    try:
        files = registry.ensure("smart-turn", progress)
        return SmartTurn(files.file(_one_file(registry, files.name)))
    except (ModelError, EndOfTurnError) as error:
        reason = " ".join(str(error).splitlines())
        logger.warning("Without the end-of-turn model, silence alone ends turns. %s", reason)
        return None


@asynccontextmanager
async def open_voice(config: Config) -> AsyncIterator[HttpTextToSpeech]:
    """Reach the configured text-to-speech server, or start our own.

    Raises:
        SpeechServerError: Our own could not be started, and there is no other.

    """
    async with AsyncExitStack() as stack:
        tts = config.tts
        if tts.url is None:
            server = SpeechServer(config.speech, stt=config.pipeline.stt, models=config.models)
            try:
                await stack.enter_async_context(server)
                tts = with_server(tts, server.url)
            except SpeechServerError as error:
                tts = with_fallback_first(tts, error)
                logger.warning("%s; a server of tts.fallbacks speaks", error)
        yield await stack.enter_async_context(open_tts(tts))


@asynccontextmanager
async def open_tts(config: TtsConfig) -> AsyncIterator[HttpTextToSpeech]:
    """Open the client of text-to-speech servers.

    Args:
        config: Names the first in its ``url``.

    """
    if config.url is None:
        raise AssertionError("nobody is named")
    tts = HttpTextToSpeech(config, config.url)
    try:
        yield tts
    finally:
        await tts.aclose()
