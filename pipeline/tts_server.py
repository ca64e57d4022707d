"""One server with OpenAI's ``/v1/audio/speech``: asked for a text, it streams sound.

Servers differ in what they send: raw PCM at a rate that they say in the content type, in
``X-Sample-Rate`` or not at all; no PCM but WAV; other names of voices. The client asks for PCM,
listens to what it gets, and remembers. A server that offers the times of words
(:mod:`pipeline.tts_events`) is asked for them; others never see anything unusual.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import httpx

from pipeline.config import TtsConfig
from pipeline.errors import TextToSpeechError
from pipeline.tts_events import offers_word_times
from pipeline.tts_failure import Failures
from pipeline.tts_refusal import Refusal, read_refusal, voice_names
from pipeline.tts_sound import Announced, AudioFormat, SpeechChunk, SpeechSound

logger = logging.getLogger(__name__)

KEEP_WARM = 60.0
"""Seconds an idle connection is kept for the next sentence, if the server keeps it, too."""

_SURELY_WARM = 4.0
"""Seconds after its last use in which a connection is still open: uvicorn closes it after 5."""

_ERROR_BODY = 16_384
"""Bytes of an error that are read at most."""

_REFUSED_VOICES = 256
"""Names of voices that are remembered as unknown to the server."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and how it is asked."""

    setting: str
    """Name of the settings' section it comes from, for messages: ``tts``."""

    url: str
    """With or without ``/v1``."""

    model: str
    voice: str
    """Spoken with when the wanted voice is refused."""

    key: str
    """Bearer token; "" for none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be said, and how."""

    text: str
    voice: str
    speed: float


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for."""

    seconds: float
    """From the request to the first sound."""

    asks_again: bool
    """Whether a server that is busy is asked again when it says, if that is soon enough."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """How a speech server of ours is doing."""

    engine: str
    """Who speaks."""

    troubles: tuple[str, ...]
    """Engines that were chosen and do not speak: which, why, and what to do."""


class SpeechServerClient:
    """One speech server. Keeps a connection warm, so :meth:`aclose` it in the end.

    Args:
        address: Where it is.
        config: Time limits, and the rate of raw PCM.

    Raises:
        TextToSpeechError: The address is not one.

    """

    def __init__(self, address: Address, config: TtsConfig) -> None:
        self._address = address
        self._config = config
        self._formats: tuple[AudioFormat, ...] = ("pcm", "wav")
        self._refused: set[str] = set()
        self._tells_words = False
        self._used_at = float("-inf")
        base = _base(address)
        self.name = f"the speech server at {base.scheme}://{base.netloc.decode()}"
        """For messages."""
        self._failures = Failures(
            self.name, address.setting, key=address.key, connect_timeout=config.connect_timeout
        )
        self._client = httpx.AsyncClient(
            base_url=base,
            headers={"Authorization": f"Bearer {address.key}"} if address.key else None,
            timeout=httpx.Timeout(None, connect=config.connect_timeout),
            limits=httpx.Limits(keepalive_expiry=KEEP_WARM),
            trust_env=False,  # what people hear goes to this server, not to a proxy found somewhere
        )

    async def aclose(self) -> None:
        """Close all connections; what is being synthesized breaks off."""
        await self._client.aclose()

    async def warm(self) -> None:
        """Have a connection open for the next sentence.

        Raises:
            SpeechServerError: The server cannot be reached. That it refuses is no error: it is
                there.

        Cancelling is safe.

        """
        now = asyncio.get_running_loop().time()
        if now - self._used_at < _SURELY_WARM:
            return
        # Every such server has this path, and answers it without any work.
        await self._get("/v1/models", "did not answer")

    async def voices(self) -> dict[str, str]:
        """Ask for the names of the voices.

        Returns:
            What stands behind each name: itself where the server does not tell another. Empty when
            it does not tell any.

        Raises:
            SpeechServerError: The server cannot be reached.

        Cancelling is safe.

        """
        response = await self._get("/v1/audio/voices", "did not list its voices")
        try:
            return dict(voice_names(response.json())) if response.is_success else {}
        except ValueError:
            return {}

    async def state(self) -> ServerState | None:
        """Ask how the server is doing.

        Returns:
            What a server of ours tells; ``None`` from any other.

        Raises:
            SpeechServerError: The server cannot be reached.

        Cancelling is safe.

        """
        response = await self._get("/health", "did not tell how it is doing")
        try:
            told = response.json()
            troubles = tuple(f"{each['engine']}: {each['reason']}" for each in told["troubles"])
            return ServerState(str(told["engine"]), troubles)
        except (ValueError, KeyError, TypeError):
            return None

    async def speak(self, wanted: Wanted, patience: Patience) -> AsyncGenerator[SpeechChunk]:
        """Stream the sound of a text, with the times of its words where the server tells them.

        Args:
            wanted: The text and the voice; one that the server does not know is replaced.
            patience: How long to wait for the first sound.

        Raises:
            SpeechServerError: The server cannot be reached, refused, sent something else than
                audio, sent none, was too slow, or broke off. What was yielded stands.

        Closing the generator, or cancelling, ends the request at once.

        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience.seconds
        late = f"gave no sound within {patience.seconds:g} s"
        with self._failures.of_network(late):
            async with asyncio.timeout_at(deadline):
                response, audio_format = await self._open(wanted, patience, deadline)
        async with aclosing(response), aclosing(_body(response)) as body:
            announced = Announced.of(response.headers)
            sound = SpeechSound(announced, audio_format, self._config.sample_rate)
            while data := await self._next(body, deadline, late):
                if not announced.may_be_audio:
                    raise self._failures.no_audio(announced.kind, data)
                with self._failures.of_sound():
                    samples = sound.push(data)
                if len(samples):
                    yield SpeechChunk(samples, sound.take_words())
                    deadline = loop.time() + self._config.stall_timeout
                    late = f"stopped mid-sentence for {self._config.stall_timeout:g} s"
        self._used_at = loop.time()
        with self._failures.of_sound():
            samples = sound.flush()
        if len(samples):
            yield SpeechChunk(samples, sound.take_words())
        self._check_end(response, sound)

    async def _get(self, path: str, failure: str) -> httpx.Response:
        limit = self._config.connect_timeout + self._config.stall_timeout
        with self._failures.of_network(f"{failure} within {limit:g} s"):
            async with asyncio.timeout(limit):
                response = await self._client.get(path)
        self._tells_words = offers_word_times(response.headers)
        self._used_at = asyncio.get_running_loop().time()
        return response

    async def _open(
        self, wanted: Wanted, patience: Patience, deadline: float
    ) -> tuple[httpx.Response, AudioFormat]:
        """Ask; again, when the server is busy and says for how long."""
        loop = asyncio.get_running_loop()
        while True:
            answer = await self._ask(wanted)
            if not isinstance(answer, Refusal):
                return answer
            wait = answer.retry_after
            if not patience.asks_again or not 0.0 < wait < deadline - loop.time():
                raise self._failures.refused(answer)
            await asyncio.sleep(wait)

    async def _ask(self, wanted: Wanted) -> tuple[httpx.Response, AudioFormat] | Refusal:
        """Send the request, in other formats and voices if need be, until one is taken."""
        candidates = dict.fromkeys((wanted.voice, self._address.voice))
        voices = [name for name in candidates if name not in self._refused] or [wanted.voice]
        formats = list(self._formats)
        refused: set[str] = set()
        for voice in voices:
            for audio_format in tuple(formats):
                response = await self._send(wanted, voice, audio_format)
                if response.is_success:
                    self._remember(audio_format, refused)
                    return response, audio_format
                refusal = await _read_refusal(response)
                if refusal.of_format:
                    formats.remove(audio_format)
                if refusal.of_voice or not refusal.of_request:
                    break
            if not refusal.of_request:
                break
            refused.add(voice)
        return refusal

    def _remember(self, audio_format: AudioFormat, refused: set[str]) -> None:
        # The others stay: another server may one day answer here.
        self._formats = ("wav", "pcm") if audio_format == "wav" else ("pcm", "wav")
        if len(self._refused) >= _REFUSED_VOICES:
            self._refused.clear()
        self._refused |= refused
        for voice in refused:
            logger.warning("%s has no voice %s; %s is used", self.name, voice, self._address.voice)

    async def _send(self, wanted: Wanted, voice: str, audio_format: AudioFormat) -> httpx.Response:
        body = {
            "model": self._address.model,
            "input": wanted.text,
            "voice": voice,
            "response_format": audio_format,
            "speed": wanted.speed,
        }
        if self._tells_words:
            response = await self._post(body | {"stream_format": "sse"})
            if response.is_success or offers_word_times(response.headers):
                return response
            await response.aclose()  # another server answers here now
        response = await self._post(body)
        self._tells_words = offers_word_times(response.headers)
        return response

    async def _post(self, body: Mapping[str, object]) -> httpx.Response:
        request = self._client.build_request("POST", "/v1/audio/speech", json=body)
        try:
            return await self._client.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # A kept connection may have been closed by the server just now.
            return await self._client.send(request, stream=True)

    async def _next(self, body: AsyncGenerator[bytes], deadline: float, late: str) -> bytes:
        """Return the next bytes of a response; none at its end."""
        with self._failures.of_network(late):
            async with asyncio.timeout_at(deadline):
                return await anext(body, b"")

    def _check_end(self, response: httpx.Response, sound: SpeechSound) -> None:
        """See that all was said."""
        if not sound.begun:
            raise self._failures.because("sent no audio; its log may say why")
        # Where the length is part of the transfer, HTTP has seen to it, and a header that says
        # otherwise is only wrong. Else a server that dies looks like one that has finished.
        framed = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
        if not sound.complete and (sound.tells_its_end or not framed):
            raise self._failures.because("broke off; its log may say why")


def _base(address: Address) -> httpx.URL:
    setting = f"{address.setting}.url"
    try:
        base = httpx.URL(address.url.rstrip("/").removesuffix("/v1"))
    except httpx.InvalidURL as error:
        raise TextToSpeechError(f"{setting} is not an address ({error})") from error
    if base.scheme not in {"http", "https"} or not base.host:
        raise TextToSpeechError(f"{setting} must begin with http:// or https://")
    return base


def _body(response: httpx.Response) -> AsyncGenerator[bytes]:
    # A generator by construction, though httpx promises only an iterator.
    return cast("AsyncGenerator[bytes]", response.aiter_bytes())


async def _read_refusal(response: httpx.Response) -> Refusal:
    body = b""
    async with aclosing(response), aclosing(_body(response)) as chunks:
        async for data in chunks:
            body += data
            if len(body) > _ERROR_BODY:
                break
    return read_refusal(response.status_code, response.headers, body)
