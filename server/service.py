"""The service: builds every part, runs them together, and takes them down in order."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from discord_bot.voice_line import VoiceLines
from models.progress import progress_on
from server.config import Config, ServerConfig, is_loopback
from server.control import create_control_app
from server.discord_part import DiscordPart, discord_telephone
from server.gateway.part import GatewayPart
from server.hearing_part import HearingPart
from server.http_server import HttpServer
from server.parts import IsolatedPart, Part
from server.phone.part import PhonePart
from server.phone_support import PhoneSupport
from server.room_support import ServiceSupport
from server.speech_part import SpeechPart
from server.store.part import StorePart

logger = logging.getLogger(__name__)

_BACKLOG = 128


class ServiceError(Exception):
    """The service cannot start; the message says why and what to do."""


def serve(config: Config) -> int:
    """Run the service until Ctrl-C, SIGTERM or the end of its terminal.

    Returns:
        The exit status: 0 when it was ended, 1 when it could not start.

    """
    try:
        asyncio.run(run_service(config))
    except ServiceError as error:
        logger.error("%s", error)  # noqa: TRY400 - the message says it all
        return 1
    return 0


async def run_service(config: Config) -> None:
    """Run the service until a signal ends it.

    Raises:
        ServiceError: The control API cannot listen.

    Cancelling ends it in the same order as a signal.

    """
    with _listener(config.server) as listener, _signals() as ended:
        address = _address(config.server.host, listener.getsockname()[1])
        parts = build_parts(_without_own_address(config, listener.getsockname()[1]))
        logger.info("The control API is on %s, see %s/health", address, address)
        if config.discord.bot_token is None:
            logger.info(
                "Discord is off. To add it, make a bot in the Discord Developer Portal and set"
                " DISCORD_BOT_TOKEN in .env, as .env.example shows"
            )
        await _run_together(parts, create_control_app(config.server, parts), listener, ended)
    logger.info("The service has ended")


def build_parts(config: Config) -> list[Part]:
    """Build every part of the service; those that use others stand after them."""
    store = StorePart(config.data_dir)
    speech = SpeechPart(config.speech, config.tts, stt=config.pipeline.stt, models=config.models)
    hearing = HearingPart(config, progress_on(sys.stderr))
    gateway = GatewayPart(config)
    rooms = ServiceSupport(config, store, speech, hearing, gateway)
    calls = PhoneSupport(config, store, speech, hearing, gateway, rooms)
    phone = PhonePart(config.phone, calls.parts())
    telephone = discord_telephone(phone, config)
    discord = DiscordPart(config.discord, rooms, VoiceLines(), telephone)
    return [IsolatedPart(part) for part in (store, speech, hearing, gateway, phone, discord)]


async def _run_together(
    parts: Sequence[Part], app: FastAPI, listener: socket.socket, ended: asyncio.Event
) -> None:
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
        )
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]), name="control API")
        running = [tasks.create_task(part.run(), name=part.name) for part in parts]
        try:
            await ended.wait()
        finally:
            logger.info("The service is ending")
            server.should_exit = True
            for task in reversed(running):
                task.cancel()
                await asyncio.wait([task])


class _Server(HttpServer):
    """Leaves signals to the service, which ends its parts in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """Give an event that is set by Ctrl-C, SIGTERM, and the end of the terminal."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    ends = [signal.SIGINT, signal.SIGTERM]
    # Under nohup the terminal's end is to be ignored, and is.
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        ends.append(signal.SIGHUP)
    with suppress(NotImplementedError):  # on Windows Ctrl-C cancels the main task
        for number in ends:
            loop.add_signal_handler(number, ended.set)
    try:
        yield ended
    finally:
        with suppress(NotImplementedError):
            for number in ends:
                loop.remove_signal_handler(number)


@contextmanager
def _listener(server: ServerConfig) -> Iterator[socket.socket]:
    """Listen on the control API's address, before anything else is started.

    Raises:
        ServiceError: The address cannot be used.

    """
    host, port = server.host, server.port
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno == errno.EADDRINUSE:
            reason = "another program, perhaps this service, is listening there"
        raise ServiceError(
            f"The control API cannot listen on {host} port {port}: {reason}."
            " Choose another with server.host and server.port"
        ) from error
    with listener:
        yield listener


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _without_own_address(config: Config, port: int) -> Config:
    """Return the settings without a ``tts.url`` that is the control API itself.

    It passes ``/v1/audio`` on to the speech server: it would pass requests on to itself for ever.
    """
    if config.tts.url is None or not _leads_here(config.tts.url, config.server.host, port):
        return config
    return config.model_copy(update={"tts": config.tts.model_copy(update={"url": None})})


def _leads_here(url: str, host: str, port: int) -> bool:
    try:
        parts = urlsplit(url)
        return parts.port == port and (parts.hostname == host or is_loopback(parts.hostname or ""))
    except ValueError:  # no address at all; whoever uses it says so
        return False
