"""``run.py speech``: the speech server alone."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress

from models.config import ModelsConfig
from pipeline.config import SttConfig
from server.speech.child import SpeechServer, SpeechServerError
from server.speech.config import SpeechConfig


def serve_speech(
    config: SpeechConfig, stt: SttConfig | None = None, models: ModelsConfig | None = None
) -> int:
    """Serve ``/v1/audio/*`` on ``config.host`` and ``config.port`` until Ctrl-C.

    Args:
        config: Its settings.
        stt: Recognition, for transcriptions.
        models: Where voices and recognition models are.

    Returns:
        The exit code: 0 after Ctrl-C or SIGTERM, 1 when the server cannot start.

    """
    try:
        server = SpeechServer(config, host=config.host, port=config.port, stt=stt, models=models)
        asyncio.run(_serve(server))
    except SpeechServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):  # Ctrl-C, SIGTERM
        return 0
    return 0


async def _serve(server: SpeechServer) -> None:
    task = asyncio.current_task()
    if task is not None:
        with suppress(NotImplementedError):  # Windows ends the process by itself
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with server:
        sys.stdout.write(
            f"Speech server on {server.url} with {server.engine} voices (Ctrl-C ends it)\n"
        )
        sys.stdout.flush()
        await asyncio.Event().wait()
