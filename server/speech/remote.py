"""Another server with OpenAI's ``/v1/audio/speech`` as an engine."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

import httpx

from pipeline.speech_audio import SpeechAudioError, WavDecoder
from server.speech.config import DEFAULT_VOICE, RemoteConfig, SpeechConfig
from server.speech.engine import EngineError, Sound

KEEP_WARM = 60.0
"""Seconds an idle connection is kept for the next sentence."""

_OUR_NAMES = (DEFAULT_VOICE, SpeechConfig().default_voice)
"""Names under which a client of ours asks for whatever voice there is."""

_ERROR_BODY = 4096
"""Bytes of an error that are read."""


class RemoteEngine:
    """Speech by another server; a :class:`server.speech.engine.Engine`.

    It is asked for WAV, which every server has and which tells its own rate. Made by :meth:`open`.

    Args:
        config: Where it is.
        client: Its connections.
        voices: Names it told; none when it does not tell.

    """

    name = "remote"

    def __init__(
        self, config: RemoteConfig, client: httpx.AsyncClient, voices: Sequence[str] = ()
    ) -> None:
        self._config = config
        self._client = client
        self._voices = voices

    @classmethod
    async def open(cls, config: RemoteConfig) -> RemoteEngine:
        """Reach the server and ask for its voices.

        Raises:
            EngineError: There is no server, or it is not one.

        Cancelling is safe.

        """
        client = _client(config)
        try:
            response = await client.get("/v1/audio/voices", timeout=config.connect_timeout)
            names = tuple(_names(response.json())) if response.is_success else ()
        except ValueError:  # not JSON: it has no such list
            names = ()
        except httpx.HTTPError as error:
            await client.aclose()
            raise EngineError(
                f"speech.remote.url: no speech server answers at {config.url}"
                f" ({type(error).__name__})"
            ) from error
        return cls(config, client, names)

    @property
    def names(self) -> Mapping[str, str]:
        """Its usual voice for the names of ours that it does not have itself."""
        usual = self._config.voice
        if self._voices and usual not in self._voices:
            usual = self._voices[0]
        return {name: usual for name in _OUR_NAMES if name not in self._voices}

    def voices(self) -> Sequence[str]:
        """Return the names that the server told."""
        return self._voices

    def has_voice(self, voice: str) -> bool:
        """Whether the server has the voice; a server that tells none is believed to have all."""
        return not self._voices or voice in self._voices

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        """Stream the sound of ``text``; see :class:`server.speech.engine.Engine`."""
        body = {
            "model": self._config.model,
            "input": text,
            "voice": voice,
            "response_format": "wav",
            "speed": speed,
        }
        decoder = WavDecoder()
        try:
            async with self._client.stream("POST", "/v1/audio/speech", json=body) as response:
                if not response.is_success:
                    raise EngineError(await _refusal(response))
                # httpx promises only an iterator.
                chunks = cast("AsyncGenerator[bytes]", response.aiter_bytes())
                async with aclosing(chunks):
                    async for data in chunks:
                        if len(samples := decoder.push(data)):
                            yield Sound(samples, decoder.rate)
        except httpx.HTTPError as error:
            raise EngineError(
                f"the speech server at {self._config.url} failed ({type(error).__name__})"
            ) from error
        except SpeechAudioError as error:
            raise EngineError(
                f"the speech server at {self._config.url} sent no WAV: {error}"
            ) from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _client(config: RemoteConfig) -> httpx.AsyncClient:
    key = config.api_key.get_secret_value() if config.api_key is not None else ""
    try:
        return httpx.AsyncClient(
            base_url=str(config.url).rstrip("/").removesuffix("/v1"),
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=httpx.Timeout(config.stall_timeout, connect=config.connect_timeout),
            limits=httpx.Limits(keepalive_expiry=KEEP_WARM),
            trust_env=False,  # what is said goes to this server, not to a proxy found somewhere
        )
    except httpx.InvalidURL as error:
        raise EngineError(f"speech.remote.url is not an address ({error})") from error


async def _refusal(response: httpx.Response) -> str:
    """Say why the server refused, in its own words."""
    body = b""
    async for data in response.aiter_bytes():
        body += data
        if len(body) > _ERROR_BODY:
            break
    try:
        said = json.loads(body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        said = ""
    words = f": {said[:160]}" if isinstance(said, str) and said else ""
    return f"the speech server at {response.url.host} refused with {response.status_code}{words}"


def _names(answer: Any) -> list[str]:
    """Read the names of voices in the forms that servers list them."""
    listed = answer.get("voices") if isinstance(answer, dict) else answer
    names = [
        each.get("id") or each.get("name") if isinstance(each, dict) else each
        for each in (listed if isinstance(listed, list) else ())
    ]
    return [name for name in names if isinstance(name, str)]
