"""Text-to-speech over HTTP, by any server with OpenAI's ``/v1/audio/speech``.

Servers differ in what they send: raw PCM at a rate that they say in the content
type, in ``X-Sample-Rate`` or not at all; no PCM but WAV; other names of voices.
The client asks for PCM, listens to what it gets, and remembers.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Any, Literal, cast

import httpx

from pipeline.audio import SPEECH_RATE, Resampler, Samples
from pipeline.config import TtsConfig
from pipeline.errors import TextToSpeechError
from pipeline.speech_audio import PcmDecoder, SpeechAudioError, SpeechDecoder, WavDecoder

logger = logging.getLogger(__name__)

AudioFormat = Literal["pcm", "wav"]

KEEP_WARM = 60.0
"""Seconds an idle connection is kept for the next sentence."""

LONGEST_EXCERPT = 160
"""Characters of a server's own words in our messages."""

_ERROR_BODY = 16_384
"""Bytes of an error that are read at most."""

_REFUSALS = frozenset({400, 404, 415, 422})
"""Statuses with which servers refuse a format or a voice; another may do."""

_RATES = range(4_000, 192_001)
"""Sample rates, in hertz, that are believed."""

_COMPRESSED = (b"ID3", b"OggS", b"fLaC", b"\xff\xf1", b"\xff\xf9", b"\xff\xfb", b"\xff\xf3")
"""First bytes of MP3, Ogg, FLAC and AAC streams."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What a server said instead of speaking."""

    status: int
    message: str
    about: str
    """Everything it said on what is wrong, lower case."""

    @property
    def of_voice(self) -> bool:
        """Whether it is the voice, and plainly not the format."""
        return "voice" in self.about and "format" not in self.about


class HttpTextToSpeech:
    """Speech synthesis on a server; a :class:`pipeline.interfaces.TextToSpeech`.

    Keeps connections warm between sentences, so :meth:`aclose` it in the end.

    Args:
        config: Voice, pace and time limits.
        url: The server, with or without ``/v1``; the settings' own ``url`` is not looked at.

    Raises:
        TextToSpeechError: The address is not one.

    """

    def __init__(self, config: TtsConfig, url: str) -> None:
        self._config = config
        self._formats: tuple[AudioFormat, ...] = ("pcm", "wav")
        self._refused: set[str] = set()
        self._secret = config.api_key.get_secret_value() if config.api_key else ""
        try:
            base = httpx.URL(url.rstrip("/").removesuffix("/v1"))
        except httpx.InvalidURL as error:
            raise TextToSpeechError(f"tts.url is not an address ({error})") from error
        if base.scheme not in {"http", "https"} or not base.host:
            raise TextToSpeechError("tts.url must begin with http:// or https://")
        self._server = f"the speech server at {base.scheme}://{base.netloc.decode()}"
        self._client = httpx.AsyncClient(
            base_url=base,
            headers={"Authorization": f"Bearer {self._secret}"} if self._secret else None,
            timeout=httpx.Timeout(None, connect=config.connect_timeout),
            limits=httpx.Limits(keepalive_expiry=KEEP_WARM),
            trust_env=False,  # what people hear goes to this server, not to a proxy found somewhere
        )

    async def aclose(self) -> None:
        """Close all connections; what is being synthesized breaks off."""
        await self._client.aclose()

    async def synthesize(self, text: str, *, voice: str) -> AsyncGenerator[Samples]:
        """Stream the sound of ``text`` at :data:`pipeline.audio.SPEECH_RATE`.

        Args:
            text: A sentence or clause, already speakable.
            voice: As the server names it; one it does not know is replaced by ``config.voice``.

        Raises:
            TextToSpeechError: The server cannot be reached, refused, sent something
                else than audio, sent none, was too slow, or broke off. What was
                yielded stands.

        Closing the generator, or cancelling, ends the request at once.

        """
        deadline = asyncio.get_running_loop().time() + self._config.first_audio_timeout
        response, audio_format = await self._open(text, voice, deadline)
        decoder: SpeechDecoder | None = None
        resampler: Resampler | None = None
        async with aclosing(response), aclosing(self._receive(response, deadline)) as chunks:
            async for data in chunks:
                decoder = decoder or self._decoder(response, audio_format, data)
                samples = self._decode(decoder, data)
                if not len(samples):
                    continue
                resampler = resampler or Resampler(decoder.rate, SPEECH_RATE)
                if len(speech := resampler.push(samples)):
                    yield speech
        if resampler is None:
            raise TextToSpeechError(f"{self._server} sent no audio; its log may say why")
        if len(speech := resampler.flush()):
            yield speech

    async def voices(self) -> tuple[str, ...]:
        """Ask for the names of the voices.

        Returns:
            The names; empty when the server does not tell them.

        Raises:
            TextToSpeechError: The server cannot be reached.

        Cancelling is safe.

        """
        limit = self._config.connect_timeout + self._config.stall_timeout
        with self._explained(f"did not list its voices within {limit:g} s"):
            async with asyncio.timeout(limit):
                response = await self._client.get("/v1/audio/voices")
        try:
            return tuple(_voice_names(response.json())) if response.is_success else ()
        except ValueError:
            return ()

    async def resolve_voice(self, wanted: str, fallback: str | None = None) -> str:
        """Choose the voice of an agent that was given none.

        Args:
            wanted: A name the server may have a voice of, such as the agent's id.
            fallback: What to use otherwise; the settings' voice when not given.

        Returns:
            ``wanted`` as the server spells it, else the fallback; when that was
            left at "default" and the server has no such voice, its first one.

        Never fails: a server that is not up yet is tried again by the first sentence.

        """
        fallback = fallback or self._config.voice
        try:
            names = await self.voices()
        except TextToSpeechError as error:
            logger.warning("%s; %s speaks with the voice %s", error, wanted, fallback)
            return fallback
        spelling = {name.lower(): name for name in reversed(names)}
        for name in (wanted, fallback):
            if name.lower() in spelling:
                return spelling[name.lower()]
        return names[0] if names and fallback == TtsConfig().voice else fallback

    async def _open(
        self, text: str, voice: str, deadline: float
    ) -> tuple[httpx.Response, AudioFormat]:
        """Send the request, in other formats and voices if need be, until one is taken."""
        candidates = dict.fromkeys((voice, self._config.voice))
        voices = [name for name in candidates if name not in self._refused] or [voice]
        refused: set[str] = set()
        with self._explained(f"gave no sound within {self._config.first_audio_timeout:g} s"):
            async with asyncio.timeout_at(deadline):
                for candidate in voices:
                    for audio_format in self._formats:
                        response = await self._send(text, candidate, audio_format)
                        if response.is_success:
                            self._remember(audio_format, refused)
                            return response, audio_format
                        refusal = await _read_refusal(response)
                        if refusal.of_voice or refusal.status not in _REFUSALS:
                            break
                    if refusal.status not in _REFUSALS:
                        break
                    refused.add(candidate)
        raise self._refusal_error(refusal)

    def _remember(self, audio_format: AudioFormat, refused: set[str]) -> None:
        self._formats = (audio_format,)
        self._refused |= refused
        for voice in refused:
            logger.warning(
                "%s has no voice %s; %s is used", self._server, voice, self._config.voice
            )

    async def _send(self, text: str, voice: str, audio_format: AudioFormat) -> httpx.Response:
        body = {
            "model": self._config.model,
            "input": text,
            "voice": voice,
            "response_format": audio_format,
            "speed": self._config.speed,
        }
        request = self._client.build_request("POST", "/v1/audio/speech", json=body)
        try:
            return await self._client.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # A kept connection may have been closed by the server just now.
            return await self._client.send(request, stream=True)

    async def _receive(self, response: httpx.Response, deadline: float) -> AsyncGenerator[bytes]:
        """Yield the body as it arrives, within the time limits."""
        loop = asyncio.get_running_loop()
        late = f"gave no sound within {self._config.first_audio_timeout:g} s"
        async with aclosing(_body(response)) as body:
            while True:
                with self._explained(late):
                    async with asyncio.timeout_at(deadline):
                        data = await anext(body, b"")
                if not data:
                    return
                yield data
                deadline = loop.time() + self._config.stall_timeout
                late = f"stopped mid-sentence for {self._config.stall_timeout:g} s"

    def _decoder(
        self, response: httpx.Response, audio_format: AudioFormat, start: bytes
    ) -> SpeechDecoder:
        """Choose a decoder by what the server says and by the first bytes."""
        content_type = Message()
        content_type["Content-Type"] = response.headers.get("Content-Type", "audio/unknown")
        kind = content_type.get_content_type()
        if not kind.startswith("audio/") and kind != "application/octet-stream":
            words = self._excerpt(start.decode(errors="replace"))
            raise TextToSpeechError(
                f"{self._server} answered with {kind} instead of audio: {words}; "
                "tts.url must be the address of a text-to-speech server"
            )
        if start.startswith(b"RIFF") or "wav" in kind or audio_format == "wav":
            return WavDecoder()
        if start.startswith(_COMPRESSED):
            raise TextToSpeechError(
                f"{self._server} sent compressed audio ({kind}) where PCM was asked for; "
                "let it send pcm or wav"
            )
        said = (content_type.get_param("rate"), response.headers.get("X-Sample-Rate"))
        rates = (int(rate) for rate in said if isinstance(rate, str) and rate.isdecimal())
        return PcmDecoder(
            next((rate for rate in rates if rate in _RATES), self._config.sample_rate)
        )

    def _decode(self, decoder: SpeechDecoder, data: bytes) -> Samples:
        try:
            return decoder.push(data)
        except SpeechAudioError as error:
            raise TextToSpeechError(f"{self._server} sent {error}") from error

    def _refusal_error(self, refusal: _Refusal) -> TextToSpeechError:
        match refusal.status:
            case 401 | 403:
                advice = "; tts.api_key must be a key it accepts"
            case 404:
                advice = "; tts.url must be a server with /v1/audio/speech"
            case 429 | 503:
                advice = "; it is busy, or loads its model"
            case _:
                advice = ""
        words = f": {self._excerpt(refusal.message)}" if refusal.message else ""
        return TextToSpeechError(f"{self._server} answered {refusal.status}{words}{advice}")

    @contextmanager
    def _explained(self, late: str) -> Iterator[None]:
        """Translate what goes wrong on the network; ``late`` says what took too long."""
        config = self._config
        try:
            yield
        except TimeoutError as error:
            raise TextToSpeechError(f"{self._server} {late}") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise TextToSpeechError(
                f"{self._server} cannot be reached ({str(error) or 'no answer'}, tried for at most "
                f"{config.connect_timeout:g} s); start it, or correct tts.url, "
                "or leave tts.url empty for the built-in voices"
            ) from error
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            raise TextToSpeechError(f"{self._server} broke off; its log may say why") from error
        except httpx.HTTPError as error:
            raise TextToSpeechError(
                f"{self._server} cannot be used ({self._excerpt(str(error))})"
            ) from error

    def _excerpt(self, words: str) -> str:
        """Shorten a server's own words for a message, without our key in them."""
        if self._secret:
            words = words.replace(self._secret, "***")
        words = " ".join(words.split())
        return words if len(words) <= LONGEST_EXCERPT else words[: LONGEST_EXCERPT - 1] + "…"


def _body(response: httpx.Response) -> AsyncGenerator[bytes]:
    # A generator by construction, though httpx promises only an iterator.
    return cast("AsyncGenerator[bytes]", response.aiter_bytes())


async def _read_refusal(response: httpx.Response) -> _Refusal:
    """Read what an error says, in the forms of OpenAI, FastAPI and plain text."""
    body = b""
    async with aclosing(response), aclosing(_body(response)) as chunks:
        async for data in chunks:
            body += data
            if len(body) > _ERROR_BODY:
                break
    text = body.decode(errors="replace")
    try:
        answer = json.loads(text)
    except ValueError:
        message = "" if "html" in response.headers.get("Content-Type", "") else text
        return _Refusal(response.status_code, message, text.lower())
    message, about = _error_words(answer)
    return _Refusal(response.status_code, message, about.lower())


def _error_words(answer: Any) -> tuple[str, str]:
    """Return an error's message and all that it says on what is wrong, without what we sent."""
    if isinstance(answer, dict):
        answer = answer.get("error") or answer.get("detail") or answer
    if isinstance(answer, list):  # FastAPI lists what is invalid, with our input
        answer = answer[0] if answer else ""
    if not isinstance(answer, dict):
        return str(answer), str(answer)
    message = str(answer.get("message") or answer.get("msg") or answer.get("error") or "")
    about = (message, answer.get("param"), answer.get("code"), answer.get("loc"))
    return message, " ".join(str(part) for part in about if part)


def _voice_names(answer: Any) -> Iterator[str]:
    """Find the names in the forms that servers use for lists of voices."""
    if isinstance(answer, dict):
        answer = answer.get("voices") or answer.get("data") or ()
    for voice in answer if isinstance(answer, list | dict) else ():
        if isinstance(voice, str):
            yield voice
        elif isinstance(voice, dict):
            name = voice.get("id") or voice.get("voice_id") or voice.get("name")
            if isinstance(name, str):
                yield name
