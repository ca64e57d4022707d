"""Silero's voice activity model, many speakers in one call. Sans I/O, no thread, no clock.

The model is recurrent: it remembers each speaker from window to window. What it
remembers lies in a :class:`Voice` per speaker, so one session serves everyone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.audio import HEARING_RATE, VAD_WINDOW, Samples
from pipeline.errors import VoiceActivityError
from pipeline.onnx import open_session

CONTEXT = 64
"""Samples of the window before that the model sees again."""

UNITS = 128
"""Width of the recurrent layer."""

RESET_AFTER = 2 * HEARING_RATE // VAD_WINDOW
"""Windows (2 s) after which what is remembered of a speaker may be forgotten."""

QUIET = 0.1
"""Probability below which a window is clearly no speech."""

QUIET_WINDOWS = 5
"""Windows in a row (160 ms) that must be clearly no speech before anything is forgotten."""

_SCALE = np.float32(1 / 32768)
_Floats = npt.NDArray[np.float32]
_Array = npt.NDArray[Any]


class Voice:
    """What the model remembers of one speaker."""

    __slots__ = ("_quiet", "_since_reset", "context", "state")

    def __init__(self) -> None:
        self.state: _Floats = np.zeros((2, UNITS), np.float32)
        self.context: _Floats = np.zeros(CONTEXT, np.float32)
        self._since_reset = 0
        self._quiet = 0

    def reset(self) -> None:
        """Forget everything."""
        self.state.fill(0.0)
        self.context.fill(0.0)
        self._since_reset = 0
        self._quiet = 0

    def note(self, probability: float) -> None:
        """Take in the score of the newest window, and forget what makes the model deaf.

        Music and noise leave a state in which the model misses the speech that
        follows: after 20 s of music it hears 0.89 of the speech, with this
        0.97. Never during speech, where a fresh state would lose words.
        """
        self._since_reset += 1
        self._quiet = self._quiet + 1 if probability < QUIET else 0
        if self._quiet >= QUIET_WINDOWS and self._since_reset >= RESET_AFTER:
            self.reset()


class _Call:
    """Buffers of one call over some speakers, bound to the session so that nothing is copied.

    Args:
        session: The model.
        speakers: How many are scored at once.

    """

    def __init__(self, session: Any, speakers: int) -> None:
        self.input: _Floats = np.zeros((speakers, CONTEXT + VAD_WINDOW), np.float32)
        """Context and window of each speaker, in [-1, 1)."""
        self.state: _Floats = np.zeros((2, speakers, UNITS), np.float32)
        """What is remembered before the call."""
        self.probability: _Floats = np.zeros((speakers, 1), np.float32)
        """The result."""
        self.next_state: _Floats = np.zeros((2, speakers, UNITS), np.float32)
        """What is to be remembered."""
        self._session = session
        self._bindings: list[Any] = []

    def bind(self, inputs: dict[str, _Array], outputs: dict[str, _Array]) -> None:
        """Add a run of the model over (parts of) the buffers."""
        binding = self._session.io_binding()
        for name, part in inputs.items():
            binding.bind_input(name, "cpu", 0, part.dtype, part.shape, part.ctypes.data)
        for name, part in outputs.items():
            binding.bind_output(name, "cpu", 0, part.dtype, part.shape, part.ctypes.data)
        self._bindings.append(binding)

    def run(self) -> None:
        """Fill the result and the next state."""
        for binding in self._bindings:
            self._session.run_with_iobinding(binding)


class SileroModel:
    """The model in memory.

    Takes both forms in which Silero is published: ``input, state, sr``, which
    runs all speakers at once, and ``input, h, c``, which runs them one after
    the other (``silero_vad_16k_sequence.onnx``, and the copy in faster-whisper).

    Args:
        path: The ``.onnx`` file.
        alone: The same weights in the second form, for windows that come alone:
            an eighth cheaper there. ``None`` runs those through ``path`` too.

    Raises:
        VoiceActivityError: A file is missing, damaged, or another model.

    """

    def __init__(self, path: Path, *, alone: Path | None = None) -> None:
        self._path = path
        self._new_call = _form_of(path)
        self._calls: dict[int, _Call] = {}
        if alone is not None:
            self._calls[1] = _form_of(alone)(1)
        self.score([Voice()], [np.zeros(VAD_WINDOW, np.int16)])  # the first call is slow: now

    def score(self, voices: Sequence[Voice], windows: Sequence[Samples]) -> list[float]:
        """Score the next window of several speakers.

        Args:
            voices: Each speaker once; what is remembered of them moves on.
            windows: For each of them :data:`~pipeline.audio.VAD_WINDOW` samples.

        Returns:
            For each the probability in [0, 1] that it is speech.

        Raises:
            VoiceActivityError: The model failed; nothing that is remembered has changed.

        """
        if not voices:
            return []  # run for nobody, the model aborts the whole process
        call = self._calls.get(len(voices))
        if call is None:
            call = self._calls[len(voices)] = self._new_call(len(voices))
        for row, (voice, window) in enumerate(zip(voices, windows, strict=True)):
            heard = call.input[row]
            heard[:CONTEXT] = voice.context
            np.multiply(window, _SCALE, out=heard[CONTEXT:])
            call.state[:, row] = voice.state
        try:
            call.run()
        except Exception as failure:  # onnxruntime's errors have no base class of their own
            raise VoiceActivityError(f"{self._path}: the model failed ({failure})") from failure
        probabilities: list[float] = call.probability[:, 0].tolist()
        for row, voice in enumerate(voices):
            voice.state[:] = call.next_state[:, row]
            voice.context[:] = call.input[row, VAD_WINDOW:]
            voice.note(probabilities[row])
        return probabilities


def _form_of(path: Path) -> Callable[[int], _Call]:
    session = open_session(path, error=VoiceActivityError)
    match sorted(node.name for node in session.get_inputs()):
        case ["input", "sr", "state"]:
            return partial(_all_at_once, session, np.array(HEARING_RATE, np.int64))
        case ["c", "h", "input"]:
            return partial(_one_by_one, session)
        case names:
            raise VoiceActivityError(f"{path}: not a Silero VAD (its inputs: {', '.join(names)})")


def _all_at_once(session: Any, rate: _Array, speakers: int) -> _Call:
    call = _Call(session, speakers)
    call.bind(
        {"input": call.input, "state": call.state, "sr": rate},
        {"output": call.probability, "stateN": call.next_state},
    )
    return call


def _one_by_one(session: Any, speakers: int) -> _Call:
    call = _Call(session, speakers)
    for row in range(speakers):
        one = slice(row, row + 1)
        call.bind(
            {"input": call.input[one], "h": call.state[:1, one], "c": call.state[1:, one]},
            {
                "speech_probs": call.probability[row],
                "hn": call.next_state[:1, one],
                "cn": call.next_state[1:, one],
            },
        )
    return call
