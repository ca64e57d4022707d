"""The program's own recogniser in the speech server, loaded when it is first asked for."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO, Protocol

from models.config import ModelsConfig
from models.errors import ModelError
from models.registry import Registry
from pipeline.config import SttConfig
from pipeline.errors import StageError
from pipeline.interfaces import Segment, SpeechToText
from server.speech.recordings import Recording, Stretch, read_recording
from server.speech.subtitles import Passage

SPEAKER = "recording"
"""Whom the recogniser is told that it hears."""


class RecogniserError(Exception):
    """Nothing can be transcribed at the moment. The message says what to do."""


class Recogniser(Protocol):
    """Transcribes recordings."""

    @property
    def model(self) -> str:
        """Name of the model, as in the settings."""

    async def read(self, file: BinaryIO) -> Recording:
        """Decode a file and find the speech in it, off the event loop.

        Raises:
            RecordingError: The file is no recording that can be taken.

        Cancelling stops the work soon.

        """

    def transcribe(self, recording: Recording) -> AsyncGenerator[Passage]:
        """Stream what is said, one stretch of speech after another.

        Raises:
            RecogniserError: There is no model, or it failed.

        Closing the generator, or cancelling, stops after the stretch that is being transcribed.

        """

    async def aclose(self) -> None:
        """Free the model."""


class _ClosableSpeechToText(SpeechToText, Protocol):
    async def aclose(self) -> None: ...


class WhisperRecogniser:
    """faster-whisper with the settings of the conversation; a :class:`Recogniser`.

    Args:
        stt: The settings.
        models: Where model files are. None is fetched: a request must not wait for a download.
        longest: Seconds of the longest recording.

    """

    def __init__(self, stt: SttConfig, models: ModelsConfig, longest: float) -> None:
        self._config = stt
        self._models = models
        self._longest = longest
        self._loading = asyncio.Lock()
        self._stt: _ClosableSpeechToText | None = None

    @property
    def model(self) -> str:
        """Name of the model, as in the settings."""
        return self._config.model_size

    async def read(self, file: BinaryIO) -> Recording:
        """Decode a file and find the speech in it; see :class:`Recogniser`."""
        given_up = threading.Event()
        try:
            return await asyncio.to_thread(self._read, file, given_up)
        finally:
            given_up.set()

    def _read(self, file: BinaryIO, given_up: threading.Event) -> Recording:
        # A path, not the stream: FFmpeg then reads without holding Python's lock.
        with tempfile.NamedTemporaryFile() as copy:
            shutil.copyfileobj(file, copy)
            copy.flush()
            return read_recording(Path(copy.name), longest=self._longest, given_up=given_up)

    async def transcribe(self, recording: Recording) -> AsyncGenerator[Passage]:
        """Stream what is said; see :class:`Recogniser`."""
        stt = await self._loaded()
        for stretch in recording.stretches:
            if passage := await _transcribe(stt, stretch):
                yield passage

    async def aclose(self) -> None:
        """Free the model; takes as long as what is being transcribed right now."""
        if self._stt is not None:
            await self._stt.aclose()

    async def _loaded(self) -> SpeechToText:
        async with self._loading:
            if self._stt is None:
                try:
                    self._stt = await asyncio.to_thread(self._load)
                except (ModelError, StageError) as error:
                    raise RecogniserError(str(error)) from error
            return self._stt

    def _load(self) -> _ClosableSpeechToText:
        # It takes long to import, and few servers are ever asked to transcribe.
        from pipeline.stt import FasterWhisper  # noqa: PLC0415 - see above

        name = self._config.model_size
        folder = Path(name)
        if not (folder.is_absolute() and folder.is_dir()):
            found = Registry(self._models).find(name)
            if found is None:
                raise ModelError(
                    f"The model {name} is not on this machine;"
                    f" run: uv run run.py models pull {name}"
                )
            folder = found.folder
        return FasterWhisper.load(folder, self._config)


async def _transcribe(stt: SpeechToText, stretch: Stretch) -> Passage | None:
    segment = Segment(SPEAKER, stretch.start, stretch.end, stretch.voiced)
    recognition = stt.start(stretch.samples, segment)
    recognition.commit()
    try:
        transcript = await recognition.transcript()
    except StageError as error:
        raise RecogniserError(str(error)) from error
    if not transcript.text:
        return None
    return Passage(stretch.start, stretch.end, transcript.text, transcript.language)
