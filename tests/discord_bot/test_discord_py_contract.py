"""What of discord.py's insides our voice connection uses; a version without it must not be used.

When this fails after an update of discord.py, look at what became of the name in its
``voice_state.py``, ``voice_client.py`` and ``gateway.py`` and adapt ``discord_bot/receive.py``,
``receive_connection.py``, ``socket_reader.py`` and ``voice_websocket.py``, or go back to the former
version.
"""

from __future__ import annotations

import ast
import enum
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import discord
import pytest
from discord.enums import SpeakingState
from discord.gateway import DiscordVoiceWebSocket
from discord.voice_state import ConnectionFlowState, SocketReader, VoiceConnectionState

PACKAGE = Path(__file__).parents[2] / "discord_bot"
USERS = ("receive", "receive_connection", "socket_reader", "voice_websocket", "voice_line")


class Kind(enum.Enum):
    COROUTINE = "coroutine method"
    METHOD = "method"
    CLASS_METHOD = "class method"
    PROPERTY = "property"
    CONSTANT = "class attribute"
    INSTANCE = "attribute of instances"


CONTRACT: dict[type, dict[str, Kind]] = {
    VoiceConnectionState: {
        "_connect": Kind.COROUTINE,
        "_connect_websocket": Kind.COROUTINE,
        "_execute_transition": Kind.COROUTINE,
        "_poll_voice_ws": Kind.COROUTINE,
        "_recover_from_invalid_commit": Kind.COROUTINE,
        "_update_voice_channel": Kind.METHOD,
        "_voice_connect": Kind.COROUTINE,
        "_voice_disconnect": Kind.COROUTINE,
        "_wait_for_state": Kind.COROUTINE,
        "connect": Kind.COROUTINE,
        "disconnect": Kind.COROUTINE,
        "voice_state_update": Kind.COROUTINE,
        "_create_socket": Kind.METHOD,
        "add_socket_listener": Kind.METHOD,
        "remove_socket_listener": Kind.METHOD,
        "is_connected": Kind.METHOD,
        "state": Kind.PROPERTY,
        "user": Kind.PROPERTY,
        "_connector": Kind.INSTANCE,
        "_disconnected": Kind.INSTANCE,
        "_expecting_disconnect": Kind.INSTANCE,
        "_runner": Kind.INSTANCE,
        "_socket_reader": Kind.INSTANCE,
        "_state_event": Kind.INSTANCE,
        "dave_pending_transitions": Kind.INSTANCE,
        "dave_protocol_version": Kind.INSTANCE,
        "dave_session": Kind.INSTANCE,
        "hook": Kind.INSTANCE,
        "secret_key": Kind.INSTANCE,
        "socket": Kind.INSTANCE,
        "ssrc": Kind.INSTANCE,
        "voice_client": Kind.INSTANCE,
        "ws": Kind.INSTANCE,
    },
    SocketReader: {
        "_do_run": Kind.METHOD,
        "register": Kind.METHOD,
        "start": Kind.METHOD,
        "pause": Kind.METHOD,
        "resume": Kind.METHOD,
        "stop": Kind.METHOD,
        "_callbacks": Kind.INSTANCE,
        "_end": Kind.INSTANCE,
        "_running": Kind.INSTANCE,
        "state": Kind.INSTANCE,
    },
    DiscordVoiceWebSocket: {
        "close": Kind.COROUTINE,
        "discover_ip": Kind.COROUTINE,
        "initial_connection": Kind.COROUTINE,
        "poll_event": Kind.COROUTINE,
        "received_binary_message": Kind.COROUTINE,
        "received_message": Kind.COROUTINE,
        "send_binary": Kind.COROUTINE,
        "speak": Kind.COROUTINE,
        "from_connection_state": Kind.CLASS_METHOD,
        "_close_code": Kind.INSTANCE,
        "loop": Kind.INSTANCE,
        "secret_key": Kind.INSTANCE,
        "seq_ack": Kind.INSTANCE,
        "CLIENTS_CONNECT": Kind.CONSTANT,
        "CLIENT_DISCONNECT": Kind.CONSTANT,
        "DAVE_PREPARE_EPOCH": Kind.CONSTANT,
        "MLS_COMMIT_WELCOME": Kind.CONSTANT,
        "MLS_PROPOSALS": Kind.CONSTANT,
        "READY": Kind.CONSTANT,
        "RESUMED": Kind.CONSTANT,
        "SESSION_DESCRIPTION": Kind.CONSTANT,
        "SPEAKING": Kind.CONSTANT,
    },
    discord.VoiceClient: {
        "create_connection_state": Kind.METHOD,
        "cleanup": Kind.METHOD,
        "send_audio_packet": Kind.METHOD,
        "disconnect": Kind.COROUTINE,
        "on_voice_state_update": Kind.COROUTINE,
        "user": Kind.PROPERTY,
        "ws": Kind.PROPERTY,
    },
    ConnectionFlowState: {"websocket_connected": Kind.CONSTANT},
    SpeakingState: {"voice": Kind.CONSTANT, "none": Kind.CONSTANT},
}

SET_OUTSIDE = {
    "_connection": (
        (DiscordVoiceWebSocket.from_connection_state, "ws._connection = state"),
        (discord.VoiceClient.__init__, "self._connection: VoiceConnectionState ="),
    )
}
"""Names that are set by the function given, in these words."""

PARAMETERS = {
    VoiceConnectionState._connect: ["reconnect", "timeout", "self_deaf", "self_mute", "resume"],
    VoiceConnectionState._connect_websocket: ["resume"],
    VoiceConnectionState._execute_transition: ["transition_id"],
    VoiceConnectionState._poll_voice_ws: ["reconnect"],
    VoiceConnectionState._recover_from_invalid_commit: ["transition_id"],
    VoiceConnectionState._update_voice_channel: ["channel_id"],
    VoiceConnectionState._voice_connect: ["self_deaf", "self_mute"],
    VoiceConnectionState._wait_for_state: ["state", "other_states", "timeout"],
    VoiceConnectionState.connect: [
        "reconnect",
        "timeout",
        "self_deaf",
        "self_mute",
        "resume",
        "wait",
    ],
    VoiceConnectionState.disconnect: ["force", "cleanup", "wait"],
    VoiceConnectionState.__init__: ["voice_client", "hook"],
    SocketReader.__init__: ["state", "start_paused"],
    SocketReader.resume: ["force"],
    DiscordVoiceWebSocket.from_connection_state: ["state", "resume", "hook", "seq_ack"],
    DiscordVoiceWebSocket.initial_connection: ["data"],
    DiscordVoiceWebSocket.send_binary: ["opcode", "data"],
    discord.VoiceClient.send_audio_packet: ["data", "encode"],
}


@pytest.fixture(scope="module")
def instances() -> Iterator[dict[type, object]]:
    state = VoiceConnectionState(SimpleNamespace())  # type: ignore[arg-type] # nothing is asked of it
    yield {
        VoiceConnectionState: state,
        SocketReader: state._socket_reader,
        DiscordVoiceWebSocket: DiscordVoiceWebSocket(None, None),  # type: ignore[arg-type] # likewise
    }
    while state._socket_reader.is_alive():
        state._socket_reader.stop()
        state._socket_reader.join(0.01)


@pytest.mark.parametrize(
    ("owner", "name", "kind"),
    [
        pytest.param(owner, name, kind, id=f"{owner.__name__}.{name}")
        for owner, names in CONTRACT.items()
        for name, kind in names.items()
    ],
)
def test_name_is_there(owner: type, name: str, kind: Kind, instances: dict[type, object]) -> None:
    found = inspect.getattr_static(instances.get(owner, owner), name, None)
    is_right = {
        Kind.COROUTINE: inspect.iscoroutinefunction(found),
        Kind.METHOD: inspect.isfunction(found) and not inspect.iscoroutinefunction(found),
        Kind.CLASS_METHOD: isinstance(found, classmethod),
        Kind.PROPERTY: isinstance(found, property),
        Kind.CONSTANT: hasattr(owner, name),
        Kind.INSTANCE: owner in instances and hasattr(instances[owner], name),
    }
    assert is_right[kind], (
        f"discord.py {discord.__version__}: {owner.__name__}.{name} is no {kind.value} any more;"
        " see this module's text"
    )


@pytest.mark.parametrize("name", SET_OUTSIDE)
def test_name_is_set_where_it_was(name: str) -> None:
    for function, words in SET_OUTSIDE[name]:
        assert words in inspect.getsource(function), (
            f"discord.py {discord.__version__}: {function.__qualname__} no longer sets {name};"
            " see this module's text"
        )


@pytest.mark.parametrize(
    ("function", "parameters"),
    [pytest.param(one, names, id=one.__qualname__) for one, names in PARAMETERS.items()],
)
def test_parameters_are_the_same(function: object, parameters: list[str]) -> None:
    found = [one for one in inspect.signature(function).parameters if one not in {"self", "cls"}]  # type: ignore[arg-type] # they are callable
    assert found == parameters, (
        f"discord.py {discord.__version__}: {function} takes other arguments now;"
        " see this module's text"
    )


def test_no_other_private_name_is_used() -> None:
    used, ours = set(), set()
    for module in USERS:
        tree = ast.parse((PACKAGE / f"{module}.py").read_text())
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(attr=name, ctx=ast.Load()) if _is_private(name):
                    used.add(name)
                case ast.Attribute(attr=name, ctx=ast.Store()) if _is_private(name):
                    ours.add(name)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    ours.add(name)
    known = {name for names in CONTRACT.values() for name in names} | SET_OUTSIDE.keys()
    assert used - ours - known == set()


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")
