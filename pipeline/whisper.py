"""A Whisper model in faster-whisper: loading it, and decoding one utterance.

Everything here blocks, and may be called from several threads at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_compression_ratio, get_suppressed_tokens

from pipeline.audio import HEARING_RATE, Samples, to_float
from pipeline.config import SttConfig
from pipeline.errors import SpeechToTextError
from pipeline.transcript_filter import Hypothesis

_WINDOW = 30 * HEARING_RATE
"""Samples that Whisper hears at once."""

_WINDOW_FRAMES = 3000

_MARGIN_FRAMES = 128
"""Frames of silence after an utterance that is encoded at its own length.

64 positions of the encoder: with none, a model trained for short audio gets 318 % of the words
wrong on hard speech, with 64 positions 19 % (github.com/futo-org/whisper-acft/issues/5).
"""

_LONGEST_TOKENS = 220
"""Tokens that fit into the model's 448 beside the longest prompt."""


@dataclass(frozen=True, slots=True)
class _Window:
    """The words of 30 s or less; a part of faster-whisper's ``Segment``."""

    text: str
    no_speech_prob: float
    avg_logprob: float
    compression_ratio: float


def worker_count(config: SttConfig) -> int:
    """Utterances to transcribe at once."""
    return config.workers or max(2, (os.cpu_count() or 2) // 2)


class WhisperDecoder:
    """A loaded model with its settings.

    Greedy or beam search at temperature 0, in one pass: decoding again at higher
    temperatures, as Whisper does for files, costs up to six times as much on bad
    audio, and the transcript filter refuses such words anyway.

    Args:
        folder: Model in CTranslate2 form, with its ``tokenizer.json``.
        config: How to run it.

    Raises:
        SpeechToTextError: The model cannot be loaded, or does not fit the settings.

    """

    def __init__(self, folder: Path, config: SttConfig) -> None:
        self._model = _load(folder, config)
        self._language = _language(self._model, config)
        self._beam_size = config.beam_size
        self._own_length = config.audio_context == "auto"
        try:
            # The first run allocates, and shows files that do not belong together.
            self.decode(np.zeros(HEARING_RATE, np.int16))
        except (RuntimeError, ValueError) as error:
            raise SpeechToTextError(f"the model in {folder} does not run: {error}") from error

    def decode(self, samples: Samples, hotwords: Sequence[str] = ()) -> Hypothesis:
        """Transcribe one utterance.

        Args:
            samples: 16 kHz mono, at least one.
            hotwords: Names for the prompt, already safe
                (:func:`~pipeline.transcript_filter.clean_hotwords`).

        """
        audio = to_float(samples)
        prompt = ", ".join(hotwords) or None
        if self._own_length:
            return self._decode_own_length(audio, prompt)
        return self._decode_full(audio, prompt)

    def _decode_full(self, audio: npt.NDArray[np.float32], prompt: str | None) -> Hypothesis:
        windows, info = self._model.transcribe(
            audio,
            language=self._language,
            beam_size=self._beam_size,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            hotwords=prompt,
            max_new_tokens=_most_tokens(len(audio)),
            # Our own filter decides, and says why.
            no_speech_threshold=None,
            log_prob_threshold=None,
            compression_ratio_threshold=None,
        )
        return _joined(windows, info.language)

    def _decode_own_length(self, audio: npt.NDArray[np.float32], prompt: str | None) -> Hypothesis:
        language = self._language
        windows = []
        for start in range(0, len(audio), _WINDOW):
            piece = audio[start : start + _WINDOW]
            encoded = self._model.encode(self._short_features(piece))
            if language is None:
                ((token, _), *_) = self._model.model.detect_language(encoded)[0]
                language = token.removeprefix("<|").removesuffix("|>")
            windows.append(self._generate(encoded, language, prompt, _most_tokens(len(piece))))
        return _joined(windows, language or "en")

    def _short_features(self, piece: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        features = self._model.feature_extractor(piece)
        # Whisper leaves out the frame that the padding added.
        heard = features.shape[-1] - 1
        frames = heard + _MARGIN_FRAMES
        if (frames + 1) // 2 == features.shape[0]:
            # CTranslate2 tells encoded audio from features by this number, and would
            # encode what is encoded.
            frames += 2
        frames = min(frames, _WINDOW_FRAMES)
        padded: npt.NDArray[np.float32] = np.zeros((features.shape[0], frames), np.float32)
        padded[:, :heard] = features[:, :heard]
        return padded

    def _generate(
        self,
        encoded: ctranslate2.StorageView,
        language: str,
        prompt: str | None,
        most_tokens: int | None,
    ) -> _Window:
        model = self._model
        tokenizer = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )
        tokens = model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=prompt)
        (result,) = model.model.generate(
            encoded,
            [tokens],
            beam_size=self._beam_size,
            max_length=len(tokens) + most_tokens if most_tokens else model.max_length,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        said = result.sequences_ids[0]
        text = tokenizer.decode(said).strip()
        return _Window(
            text=text,
            no_speech_prob=result.no_speech_prob,
            # The score is a mean over the words; Whisper's measure counts the end token too.
            avg_logprob=result.scores[0] * len(said) / (len(said) + 1),
            compression_ratio=get_compression_ratio(text),
        )


def _load(folder: Path, config: SttConfig) -> WhisperModel:
    # faster-whisper asks the hub for a tokenizer that is not there; this program
    # never reaches for the network where a folder was given.
    for name in ("model.bin", "config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise SpeechToTextError(
                f"{folder} holds no {name}: it must hold a Whisper model in CTranslate2 form;"
                " `models pull` fetches one that is complete"
            )
    device = _device(config)
    try:
        return WhisperModel(
            str(folder),
            device=device,
            compute_type=_compute_type(config, device),
            num_workers=worker_count(config),
            cpu_threads=config.threads,
            local_files_only=True,
        )
    except Exception as error:  # tokenizers raises nothing narrower for a broken file
        raise SpeechToTextError(f"the model in {folder} cannot be loaded: {error}") from error


def _device(config: SttConfig) -> str:
    cards = ctranslate2.get_cuda_device_count()
    if config.device == "cuda" and not cards:
        raise SpeechToTextError(
            "pipeline.stt.device is cuda, but no graphics card can be used; set it to auto or cpu"
        )
    return "cuda" if cards and config.device != "cpu" else "cpu"


def _compute_type(config: SttConfig, device: str) -> str:
    if config.compute_type != "auto":
        return config.compute_type
    wanted = "float16" if device == "cuda" else "int8"
    return wanted if wanted in ctranslate2.get_supported_compute_types(device) else "default"


def _language(model: WhisperModel, config: SttConfig) -> str | None:
    """Return the language to decode; ``None`` to detect it."""
    if config.language == "auto":
        return None if model.model.is_multilingual else "en"
    if config.language not in model.supported_languages:
        raise SpeechToTextError(
            f"this model does not know the language {config.language!r}; set"
            " pipeline.stt.language, or choose a model_size without .en for other languages"
            " than English"
        )
    return config.language


def _most_tokens(samples: int) -> int | None:
    """Bound the decoder on short sounds.

    Whisper goes on to 224 tokens when it loops, which takes seconds. CTranslate2
    decodes half of what it is allowed: 20 tokens and 40 more a second, beyond any
    language's fastest speech. ``None`` leaves the model's bound.
    """
    most = 2 * (20 + 40 * samples // HEARING_RATE)
    return most if most < _LONGEST_TOKENS else None


def _joined(decoded: Iterable[_Window], language: str) -> Hypothesis:
    windows = list(decoded)
    if not windows:
        return Hypothesis("", language, no_speech_prob=0.0, avg_logprob=0.0, compression_ratio=0.0)
    return Hypothesis(
        text=" ".join(window.text.strip() for window in windows).strip(),
        language=language,
        no_speech_prob=sum(window.no_speech_prob for window in windows) / len(windows),
        avg_logprob=sum(window.avg_logprob for window in windows) / len(windows),
        compression_ratio=max(window.compression_ratio for window in windows),
    )
