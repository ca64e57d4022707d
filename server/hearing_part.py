"""The ears of the service: the models that hear, fetched and loaded once for all conversations."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from models.errors import ModelError
from models.progress import NoProgress, Progress
from models.registry import Registry
from pipeline.errors import StageError
from server.config import Config
from server.engines import Ears, model_folder, open_ears, without_end_of_turn_model
from server.parts import PartState, PartStatus
from server.threads import in_abandonable_thread

logger = logging.getLogger(__name__)

END_OF_TURN = "smart-turn"
"""Name of the end-of-turn model in the catalogue; hearing works without it."""


def needed_models(config: Config) -> list[str]:
    """Return the names of the models that hearing needs, the most important first."""
    stt = config.pipeline.stt
    names = [] if model_folder(stt) else [stt.model_size]
    names.append("silero-vad")
    if config.pipeline.turns.end_of_turn_model == "smart_turn":
        names.append(END_OF_TURN)
    return names


class HearingPart:
    """Has the models that hear, once they are loaded.

    Without a recognition model the service goes on without ears, and says so.

    Args:
        config: Which models, and whether they may be fetched.
        progress: Shows what is fetched.

    """

    name = "hearing"
    router = None

    def __init__(self, config: Config, progress: Progress | None = None) -> None:
        self._config = config
        self._progress = progress or NoProgress()
        self._status = PartStatus(PartState.STARTING, "fetching and loading the models")
        self._no_end_of_turn = ""
        self._settled = asyncio.Event()
        self._ears: Ears | None = None

    def status(self) -> PartStatus:
        """How the part is doing now."""
        return self._status

    async def ears(self) -> Ears | None:
        """Wait until the models are loaded and return them; ``None`` when they cannot be had.

        They are valid while the part runs. Cancelling is safe.
        """
        await self._settled.wait()
        return self._ears

    async def run(self) -> None:
        """Fetch and load the models, and hold them until cancelled."""
        missing = await in_abandonable_thread(self._fetch)
        loop = asyncio.get_running_loop()
        stop = threading.Event()

        def hear(ears: Ears) -> None:
            loop.call_soon_threadsafe(self._hear, ears)

        config = self._config
        if END_OF_TURN in missing:
            config = without_end_of_turn_model(config)
            self._no_end_of_turn = _one_line(missing.pop(END_OF_TURN))
        holding = loop.run_in_executor(None, _hold, config, hear, stop)
        try:
            await asyncio.shield(holding)
        except (ModelError, StageError) as error:
            self._go_on_without(next(iter(missing.values()), str(error)))
        finally:
            # When cancelled, the models and their threads are gone before this ends.
            stop.set()
            with suppress(ModelError, StageError):
                await holding

    def _fetch(self) -> dict[str, str]:
        """Fetch what is missing; returns what could not be had, and why."""
        registry = Registry(self._config.models)
        missing = {}
        for name in needed_models(self._config):
            try:
                registry.ensure(name, self._progress)
            except ModelError as error:
                missing[name] = str(error)
        return missing

    def _hear(self, ears: Ears) -> None:
        self._ears = ears
        self._settled.set()
        if self._no_end_of_turn:
            message = f"silence alone ends turns: {self._no_end_of_turn}"
            logger.warning("Without the end-of-turn model, %s", message)
            self._status = PartStatus(PartState.DEGRADED, message)
        elif ears.end_of_turn is None and END_OF_TURN in needed_models(self._config):
            message = "silence alone ends turns: the end-of-turn model cannot be loaded"
            self._status = PartStatus(PartState.DEGRADED, message)
        else:
            self._status = PartStatus(PartState.OK, self._config.pipeline.stt.model_size)

    def _go_on_without(self, reason: str) -> None:
        self._status = PartStatus(PartState.FAILED, reason)
        self._settled.set()
        logger.warning("Nobody is heard: %s", _one_line(reason))


def _hold(config: Config, hear: Callable[[Ears], None], stop: threading.Event) -> None:
    """Load the models, hand them over, and let them go when told to."""
    # What is still missing cannot be had; another try would hold up the program's end.
    models = config.models.model_copy(update={"download": False})
    with open_ears(config, Registry(models), NoProgress()) as ears:
        hear(ears)
        stop.wait()


def _one_line(reason: str) -> str:
    return " ".join(reason.splitlines())
