"""Opens the engines that the settings ask for, as far as they are there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

from models.errors import ModelError
from models.registry import Registry
from server.speech.config import PiperVoice, SpeechConfig
from server.speech.engine import Engine, EngineError
from server.speech.espeak import EspeakEngine
from server.speech.espeak_thread import Espeak
from server.speech.ladder import Ladder, Missing
from server.speech.remote import RemoteEngine

logger = logging.getLogger(__name__)

KOKORO = "kokoro"
"""Name of the model in the catalogue."""

_ORDER = ("remote", "kokoro", "piper")
"""From the most natural; espeak stands below all."""


class _Neural(Engine, Protocol):
    async def warm_up(self) -> None:
        """Run once."""


class _NotThereError(EngineError):
    """The engine needs something that this machine does not have."""


async def open_ladder(config: SpeechConfig, registry: Registry, stack: AsyncExitStack) -> Ladder:
    """Open the chosen engine, else the best that is there, and espeak.

    Args:
        config: The settings.
        registry: Where voices are; none is fetched.
        stack: Closes everything when it is left.

    Raises:
        EngineError: Not even espeak can be loaded, or the settings name an unknown voice.

    """
    espeak = Espeak()
    stack.callback(espeak.close)
    last = EspeakEngine(espeak)
    opening = _Opening(config, registry, espeak)
    missing: list[Missing] = []
    chosen: Engine | None = None
    for name in _order(config):
        try:
            chosen = await opening.open(name)
        except EngineError as error:
            if config.engine == name or not isinstance(error, _NotThereError):
                logger.warning("The voices of %s are not used: %s", name, error)
                missing.append(Missing(name, str(error)))
        else:
            break
    engines = [last] if chosen is None else [chosen, last]
    ladder = Ladder(engines, config, missing)
    stack.push_async_callback(ladder.aclose)
    return ladder


def _order(config: SpeechConfig) -> list[str]:
    """Return the engines to try, espeak left out."""
    match config.engine:
        case "auto":
            return list(_ORDER)
        case "espeak":
            return []
        case "remote" | "kokoro" | "piper":
            return [config.engine, *(name for name in _ORDER if name != config.engine)]


async def _warmed_up(engine: _Neural) -> Engine:
    try:
        await engine.warm_up()
    except BaseException:
        await engine.aclose()
        raise
    return engine


class _Opening:
    def __init__(self, config: SpeechConfig, registry: Registry, espeak: Espeak) -> None:
        self._config = config
        self._registry = registry
        self._espeak = espeak
        self._ways: Mapping[str, Callable[[], Awaitable[Engine]]] = {
            "remote": self._remote,
            "kokoro": self._kokoro,
            "piper": self._piper,
        }

    async def open(self, name: str) -> Engine:
        """Open an engine by its name.

        Raises:
            EngineError: It is not there, or does not work.

        """
        return await self._ways[name]()

    async def _remote(self) -> Engine:
        if self._config.remote.url is None:
            raise _NotThereError("speech.remote.url is not set")
        return await RemoteEngine.open(self._config.remote)

    async def _kokoro(self) -> Engine:
        files = self._registry.find(KOKORO)
        if files is None:
            raise _NotThereError(
                f"its model is not on this machine; run: uv run run.py models pull {KOKORO}"
            )
        from server.speech.kokoro import KokoroEngine  # noqa: PLC0415 - loads onnxruntime

        device = self._config.device
        engine = await asyncio.to_thread(KokoroEngine.load, files.folder, device, self._espeak)
        return await _warmed_up(engine)

    async def _piper(self) -> Engine:
        graphs = self._piper_graphs()
        if not graphs:
            raise _NotThereError(
                "no voice is on this machine; run: uv run run.py models pull piper-en-us"
            )
        from server.speech.piper import PiperEngine, PiperVoice  # noqa: PLC0415 - loads onnxruntime

        voices = [PiperVoice(graph, self._config.device) for graph in graphs]
        return await _warmed_up(PiperEngine(voices, self._espeak))

    def _piper_graphs(self) -> list[Path]:
        """Return the files of the voices that are wanted and there."""
        wanted = self._config.piper_voices
        known = [model.name for model in self._registry.catalog if model.kind == "piper"]
        graphs = [self._piper_file(name) for name in wanted or known]
        return [graph for graph in graphs if graph is not None]

    def _piper_file(self, name: PiperVoice) -> Path | None:
        if isinstance(name, Path):
            if not name.is_file():
                raise EngineError(
                    f"speech.piper_voices: there is no file {name.absolute()}; relative paths count"
                    " from the settings file"
                )
            return name
        try:
            files = self._registry.find(name)
        except ModelError as error:
            raise EngineError(f"speech.piper_voices: {error}") from error
        if files is None:
            return None
        (graph,) = (
            files.file(file.name)
            for file in self._registry.catalog.get(name).files
            if file.name.endswith(".onnx")
        )
        return graph
