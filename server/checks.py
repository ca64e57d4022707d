"""The checks of ``doctor`` that belong to no transport."""

from __future__ import annotations

import asyncio
import platform
import sys
import tempfile
from contextlib import aclosing
from functools import partial
from pathlib import Path

import httpx
from huggingface_hub import constants
from rich.filesize import decimal

from models.errors import UnknownModelError
from models.progress import NoProgress
from models.reachability import reachable
from models.registry import Registry
from pipeline.audio import SPEECH_RATE
from pipeline.config import ChatConfig
from pipeline.errors import StageError
from server.config import Config
from server.config_view import config_warnings
from server.discord_check import check_discord
from server.doctor import Check, Finding, Outcome
from server.engines import open_ears, open_voice, without_end_of_turn_model
from server.gateway.check import check_gateway
from server.hearing_part import END_OF_TURN, needed_models
from server.phone_check import check_phone
from server.speech.child import SpeechServerError
from server.threads import in_abandonable_thread

OLDEST_PYTHON = (3, 11)

_LOADING = 60.0
"""Seconds that a slow machine may take to load the models, or to start the speech server."""

_CONNECTING = 30.0
"""Seconds that connecting to a gateway or to Discord may take; their own limits are shorter."""

_SENTENCE = "Hello, I can speak."


def first_checks(config: Config) -> list[Check]:
    """Return the checks of what every conversation needs."""
    return [
        Check("python", _python),
        Check("configuration", partial(_configuration, config)),
        Check("data folder", partial(_data_folder, config.data_dir)),
        *(Check(f"model {name}", partial(_model, config, name)) for name in needed_models(config)),
        Check("hearing", partial(_hearing, config), _LOADING),
        Check("speech", partial(_speech, config), _LOADING),
        Check("chat server", partial(_chat, config.chat)),
        Check("openclaw", partial(check_gateway, config), _CONNECTING),
        Check("discord", partial(check_discord, config.discord), _CONNECTING),
        Check("phone", partial(check_phone, config.phone), _CONNECTING),
    ]


async def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return Finding(Outcome.FAILED, version, "install Python 3.11 or newer")
    return Finding(Outcome.OK, version)


async def _configuration(config: Config) -> Finding:
    warnings = config_warnings(config)
    if warnings:
        return Finding(Outcome.WARNING, "; ".join(warnings), "change these settings")
    return Finding(Outcome.OK, "valid")


async def _data_folder(folder: Path) -> Finding:
    return await in_abandonable_thread(partial(_write_into, folder))


def _write_into(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding(Outcome.OK, str(folder))
    except OSError as error:
        return Finding(
            Outcome.FAILED,
            f"{folder} cannot be written: {error.strerror}",
            "change its rights, or choose another data_dir",
        )


async def _model(config: Config, name: str) -> Finding:
    return await in_abandonable_thread(partial(_find_model, config, name))


def _find_model(config: Config, name: str) -> Finding:
    registry = Registry(config.models)
    try:
        files = registry.find(name)
        size = decimal(registry.catalog.get(name).size)
    except UnknownModelError as error:
        return Finding(Outcome.FAILED, str(error), "see: uv run run.py models list")
    fix = f"uv run run.py models pull {name}"
    if files is not None:
        return Finding(Outcome.OK, f"{files.source}: {files.folder}")
    if not config.models.download:
        return Finding(Outcome.FAILED, "not on this machine, and models.download is off", fix)
    if not reachable(constants.ENDPOINT):
        missing = f"not on this machine, and {constants.ENDPOINT} cannot be reached"
        return Finding(Outcome.FAILED, missing, f"with a network: {fix}")
    return Finding(Outcome.WARNING, f"not here yet; {size} are fetched at the first use", fix)


async def _hearing(config: Config) -> Finding:
    return await asyncio.to_thread(_load_ears, config)


def _load_ears(config: Config) -> Finding:
    registry = Registry(config.models.model_copy(update={"download": False}))
    try:
        missing = [name for name in needed_models(config) if registry.find(name) is None]
        if END_OF_TURN in missing:  # hearing works without it: silence alone ends turns
            missing.remove(END_OF_TURN)
            config = without_end_of_turn_model(config)
        if missing:
            return Finding(Outcome.SKIPPED, f"not on this machine: {', '.join(missing)}")
        with open_ears(config, registry, NoProgress()):
            return Finding(Outcome.OK, "the models load and run")
    except UnknownModelError:
        return Finding(Outcome.SKIPPED, "there is no such recognition model")
    except StageError as error:
        return Finding(Outcome.FAILED, str(error), "fetch the model anew, or choose another")


async def _speech(config: Config) -> Finding:
    where = "our own speech server" if config.tts.url is None else "the server of tts.url"
    alone = config.tts.model_copy(update={"fallbacks": {}})  # they would hide that it is down
    try:
        async with (
            open_voice(config.model_copy(update={"tts": alone})) as tts,
            aclosing(tts.synthesize(_SENTENCE, voice=config.tts.voice)) as speech,
        ):
            seconds = sum([len(samples) async for samples in speech]) / SPEECH_RATE
            state = await tts.state()
    except (StageError, SpeechServerError) as error:
        return Finding(Outcome.FAILED, str(error), "start that server, or unset tts.url")
    said = f"{where} spoke for {seconds:.1f} s"
    if state is None:
        return Finding(Outcome.OK, said)
    said += f" with {state.engine}"
    if not state.troubles:
        return Finding(Outcome.OK, said)
    fix = "do so, or choose another speech.engine"
    return Finding(Outcome.WARNING, "; ".join([said, *state.troubles]), fix)


async def _chat(chat: ChatConfig) -> Finding:
    if chat.base_url is None:
        return Finding(Outcome.SKIPPED, "chat.base_url is not set")
    headers = {}
    if chat.api_key is not None:
        headers["authorization"] = f"Bearer {chat.api_key.get_secret_value()}"
    try:
        async with httpx.AsyncClient(timeout=chat.connect_timeout, trust_env=False) as client:
            response = await client.get(f"{chat.base_url.rstrip('/')}/models", headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding(
            Outcome.FAILED,
            f"chat.base_url does not answer ({type(error).__name__})",
            "start that server, or change chat.base_url",
        )
    match response.status_code:
        case 401 | 403:
            return Finding(Outcome.FAILED, "the server refuses us", "set CHAT__API_KEY")
        case status if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return Finding(Outcome.FAILED, f"the server answers {status}", "look at its log")
        case _:
            return Finding(Outcome.OK, "the server answers")
