"""What goes wrong with a speech server, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx

from pipeline.errors import TextToSpeechError
from pipeline.speech_audio import SpeechAudioError
from pipeline.tts_refusal import Refusal

LONGEST_EXCERPT = 160
"""Characters of a server's own words in our messages."""


class SpeechServerError(TextToSpeechError):
    """One server did not speak; another may.

    Args:
        message: What happened and what to do.
        well: It refused this text alone, and may speak the next.
        retry_after: Seconds for which it wants to be left alone.

    """

    def __init__(self, message: str, *, well: bool = False, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.well = well
        self.retry_after = retry_after


class Failures:
    """Makes the errors of one server; none shows its key.

    Args:
        server: What it is called.
        setting: The settings' section that it comes from.
        key: Never shown.
        connect_timeout: Seconds for which it is tried to be reached.

    """

    def __init__(self, server: str, setting: str, *, key: str, connect_timeout: float) -> None:
        self._server = server
        self._setting = setting
        self._key = key
        self._connect_timeout = connect_timeout

    def because(self, words: str) -> SpeechServerError:
        """Return an error that says what the server did."""
        return SpeechServerError(f"{self._server} {words}")

    def no_audio(self, kind: str, start: bytes) -> SpeechServerError:
        """Return the error of an answer that is something else."""
        words = self._excerpt(start.decode(errors="replace"))
        return self.because(
            f"answered with {kind} instead of audio: {words}; "
            f"{self._setting}.url must be the address of a text-to-speech server"
        )

    def refused(self, refusal: Refusal) -> SpeechServerError:
        """Return the error of a refusal."""
        words = f": {self._excerpt(refusal.message)}" if refusal.message else ""
        return SpeechServerError(
            f"{self._server} answered {refusal.status}{words}{self._advice(refusal)}",
            well=refusal.of_text,
            retry_after=refusal.retry_after,
        )

    def _advice(self, refusal: Refusal) -> str:
        setting, status = self._setting, refusal.status
        target = _without_login(refusal.target)
        advice = (
            (status in {401, 403}, f"; {setting}.api_key must be a key it accepts"),
            (status in {429, 503}, "; it is busy, or loads its model"),
            (refusal.target, f", which leads to {target}; {setting}.url must lead there itself"),
            (refusal.of_voice, f"; {setting}.voice must be a voice it has"),
            (refusal.of_model, f"; {setting}.model must be a model it has"),
            (
                status == HTTPStatus.NOT_FOUND,
                f"; {setting}.url must be a server with /v1/audio/speech",
            ),
        )
        return next((words for applies, words in advice if applies), "")

    @contextmanager
    def of_network(self, late: str) -> Iterator[None]:
        """Translate what goes wrong on the network; ``late`` says what took too long."""
        try:
            yield
        except TimeoutError as error:
            raise self.because(late) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self.because(
                f"cannot be reached ({str(error) or 'no answer'}, tried for at most "
                f"{self._connect_timeout:g} s); start it, or correct {self._setting}.url, "
                "or leave tts.url empty for the built-in voices"
            ) from error
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            raise self.because("broke off; its log may say why") from error
        except httpx.HTTPError as error:
            raise self.because(f"cannot be used ({self._excerpt(str(error))})") from error

    @contextmanager
    def of_sound(self) -> Iterator[None]:
        """Translate what is no sound."""
        try:
            yield
        except SpeechAudioError as error:
            raise self.because(f"sent {error}") from error

    def _excerpt(self, words: str) -> str:
        """Shorten a server's own words for a message, without our key in them."""
        if self._key:
            words = words.replace(self._key, "***")
        words = " ".join(words.split())
        return words if len(words) <= LONGEST_EXCERPT else words[: LONGEST_EXCERPT - 1] + "…"


def _without_login(target: str) -> str:
    """Return the address of a redirection."""
    try:
        url = httpx.URL(target)
    except httpx.InvalidURL:
        return "nowhere"
    return f"{url.scheme}://{url.netloc.decode()}{url.path}" if url.host else url.path
