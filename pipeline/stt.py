"""Speech recognition with faster-whisper."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.audio import Samples
from pipeline.config import SttConfig
from pipeline.errors import SpeechToTextError
from pipeline.interfaces import Recognition, Segment, Transcript
from pipeline.stt_workers import RecognitionWorkers
from pipeline.transcript_filter import SHORTEST_SPEECH, TOO_LITTLE_SPEECH, clean_hotwords, judge
from pipeline.whisper import WhisperDecoder, worker_count

FIXTURE_MARK = "TEST_FIXTURE"
"""A file of this name in a model's folder says that the model is a test fixture."""

_log = logging.getLogger(__name__)


class FasterWhisper:
    """Whisper on this machine, shared by all conversations of the process.

    Close it before the interpreter exits; made by :meth:`load`.

    Args:
        decoder: The loaded model.
        config: Queue, threads and hotwords.
        prompted: Whether the model is told names likely to be said.

    """

    def __init__(self, decoder: WhisperDecoder, config: SttConfig, *, prompted: bool) -> None:
        self._decoder = decoder
        self._prompted = prompted
        self._workers = RecognitionWorkers(
            workers=worker_count(config), bound=config.queue, timeout=config.timeout
        )

    @classmethod
    def load(cls, folder: Path, config: SttConfig, *, fixture: bool = False) -> FasterWhisper:
        """Load a model and run it once; blocks for a fraction of a second to many.

        Args:
            folder: Whisper model in CTranslate2 form. Nothing is fetched.
            config: How to run it.
            fixture: It is the test fixture; so is any folder that holds a file
                ``TEST_FIXTURE``.

        Raises:
            SpeechToTextError: The model is incomplete, broken, does not fit the
                settings, or is the fixture and that is not allowed.

        """
        fixture = fixture or (folder / FIXTURE_MARK).is_file()
        if fixture:
            _admit_fixture(config)
        # The fixture was trained without prompts, and falls silent when given one.
        prompted = config.hotwords and not fixture
        return cls(WhisperDecoder(folder, config), config, prompted=prompted)

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> Recognition:
        """Begin to transcribe one utterance; see :class:`~pipeline.interfaces.SpeechToText`."""
        names = clean_hotwords(hotwords) if self._prompted else ()
        return self._workers.start(partial(self._transcribe, samples, segment.voiced, names))

    def close(self) -> None:
        """Refuse new work, drop what waits, and join the threads.

        Takes as long as the utterances that are being decoded right now.
        """
        self._workers.close()

    async def aclose(self) -> None:
        """Do :meth:`close` without holding up the event loop.

        Cancelling stops the waiting only; the threads end all the same.
        """
        await self._workers.aclose()

    def _transcribe(self, samples: Samples, voiced: float, hotwords: Sequence[str]) -> Transcript:
        if voiced < SHORTEST_SPEECH or not len(samples):
            return Transcript("", dropped=TOO_LITTLE_SPEECH)
        hypothesis = self._decoder.decode(samples, hotwords)
        transcript = judge(hypothesis, voiced=voiced, hotwords=hotwords)
        if transcript.dropped:
            _log.debug("Dropped %r: %s", hypothesis.text, transcript.dropped)
        return transcript


def _admit_fixture(config: SttConfig) -> None:
    if not config.allow_test_fixture:
        raise SpeechToTextError(
            "this model is the test fixture, which turns other speech into sentences nobody said;"
            " choose another pipeline.stt.model_size (for tests only:"
            " pipeline.stt.allow_test_fixture=true)"
        )
    _log.warning(
        "The test fixture is recognising speech: it knows 91 words and invents sentences for all"
        " others. Not for real conversations."
    )
