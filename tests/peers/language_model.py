"""A language model on loopback, OpenAI-compatible and streaming, that does as it is told.

It answers "You said: …" with the newest words of the user, unless these hold directives::

    [[say:TEXT]]          answer TEXT
    [[words:N]]           answer "w1 w2 … wN"
    [[number]]            answer with the last number that the user said before
    [[pace:MS]]           wait so many milliseconds before each word
    [[hold:N]]            after N words, if the model is held, wait until it is released
    [[tool:NAME JSON]]    use a tool; when its result is there, answer as if there were no tool
"""

from __future__ import annotations

import json
import re
import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.peers.speech_server import wav_bytes

_DIRECTIVE = re.compile(r"\[\[(\w+)(?::(.*?))?\]\]")
_NUMBER = re.compile(r"\b\d+\b")

_STAMP = re.compile(r"^\[\w{3} \d{4}-\d\d-\d\d[^\]]*\] ")
"""What the gateway puts before the user's words: ``[Sat 2026-11-21 01:01 UTC] ``."""

_ADDED = re.compile(
    r"\s*(\nRuntime: agent=|\[System\] Your previous turn was interrupted).*", re.DOTALL
)
"""What it may put behind them: at the first turn of a session, and after a restart."""

_CONTEXT = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>"
"""How a message begins that has the role of the user and is all the gateway's."""

_SOUND = wav_bytes(bytes(4800), 24_000, size=4800)
"""What the gateway gets for its text-to-speech tool: a tenth of a second of silence."""

_LOOK = 0.02
"""Seconds between two looks whether the gateway has hung up."""


@dataclass
class Asked:
    """One request for an answer."""

    body: dict[str, Any]
    """The request as it came."""

    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when the gateway went away before the answer ended."""

    answered: list[str] = field(default_factory=list)
    """The words that were said so far."""

    meanings: dict[str, str] = field(default_factory=dict)
    """What it takes words for: people who speak cannot say directives."""

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Role and text of each message of the conversation, oldest first."""
        return [(one["role"], _text(one.get("content"))) for one in self.body["messages"]]

    @property
    def instructions(self) -> str:
        """The system prompt."""
        return "\n".join(text for role, text in self.messages if role in {"system", "developer"})

    @property
    def said(self) -> list[str]:
        """What the user said, oldest first, without the gateway's time stamps."""
        texts = [text.strip() for role, text in self.messages if role == "user"]
        own = [_ADDED.sub("", _STAMP.sub("", text)) for text in texts if _CONTEXT not in text]
        return [text for text in own if text]

    @property
    def newest(self) -> str:
        """The user's newest words."""
        return self.said[-1] if self.said else ""

    @property
    def meant(self) -> list[str]:
        """What the user meant, oldest first."""
        return [self._meaning(text) for text in self.said]

    def _meaning(self, text: str) -> str:
        return next((its for words, its in self.meanings.items() if words in text), text)

    @property
    def has_tool_result(self) -> bool:
        """Whether the newest message is the result of a tool."""
        roles = [role for role, text in self.messages if _CONTEXT not in text]
        return roles[-1] == "tool"


@dataclass(frozen=True, slots=True)
class _Answer:
    words: list[str]
    pace: float = 0.0
    hold: int = -1
    tool: dict[str, str] | None = None


class LanguageModel:
    """The model; a context manager that serves while open."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.meanings: dict[str, str] = {}
        self.released = threading.Event()
        self.released.set()
        self._server = _Server(("127.0.0.1", 0), partial(_Connection, self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_LOOK,))

    @property
    def url(self) -> str:
        """Base address, as clients of OpenAI are configured with it."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def hold(self) -> None:
        """Wait at every ``[[hold:…]]`` from now on."""
        self.released.clear()

    def release(self) -> None:
        """Go on, and wait at none."""
        self.released.set()

    def asked_about(self, words: str) -> list[Asked]:
        """Return the requests in which the user's newest words hold these."""
        return [one for one in list(self.asked) if words in one.newest]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _Connection(BaseHTTPRequestHandler):
    """One request, answered with server-sent events, and the connection closed behind it."""

    def __init__(self, model: LanguageModel, *arguments: Any) -> None:
        self._model = model
        super().__init__(*arguments)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/audio/speech"):
            self._send_sound()
            return
        asked = Asked(body, meanings=self._model.meanings)
        self._model.asked.append(asked)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            self._speak(asked, _plan(asked))
        except ConnectionError:
            asked.hung_up.set()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Print nothing."""

    def _speak(self, asked: Asked, answer: _Answer) -> None:
        self._send({"role": "assistant", "content": ""})
        for at, word in enumerate(answer.words):
            if at == answer.hold:
                self._wait(self._model.released)
            self._wait(threading.Event(), answer.pace)
            self._send({"content": word})
            asked.answered.append(word)
        if answer.tool:
            call = {"index": 0, "id": f"call_{len(self._model.asked)}", "type": "function"}
            self._send({"tool_calls": [{**call, "function": answer.tool}]})
        self._send({}, "tool_calls" if answer.tool else "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _send_sound(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "audio/wav")
        self.send_header("Content-Length", str(len(_SOUND)))
        self.end_headers()
        self.wfile.write(_SOUND)

    def _send(self, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "chat-1", "object": "chat.completion.chunk", "choices": [choice]}
        self.wfile.write(b"data: %s\n\n" % json.dumps(chunk).encode())

    def _wait(self, event: threading.Event, seconds: float | None = None) -> None:
        """Wait for the event, at most so long.

        Raises:
            ConnectionError: The gateway has gone.

        """
        while seconds is None or seconds > 0:
            if event.wait(_LOOK if seconds is None else min(_LOOK, seconds)):
                return
            if select.select([self.connection], [], [], 0)[0]:
                with suppress(BlockingIOError):
                    if not self.connection.recv(1, socket.MSG_PEEK):
                        raise ConnectionResetError
            seconds = None if seconds is None else seconds - _LOOK


def _plan(asked: Asked) -> _Answer:
    told = dict(_DIRECTIVE.findall(asked.meant[-1] if asked.said else ""))
    if "tool" in told and not asked.has_tool_result:
        name, _, arguments = told["tool"].partition(" ")
        return _Answer([], tool={"name": name, "arguments": arguments or "{}"})
    words = re.findall(r"\S+\s*", _reply(asked, told))
    return _Answer(words, float(told.get("pace", 0)) / 1000, int(told.get("hold", -1)))


def _reply(asked: Asked, told: dict[str, str]) -> str:
    if "say" in told:
        return told["say"]
    if "words" in told:
        return " ".join(f"w{number}" for number in range(1, int(told["words"]) + 1))
    if "number" in told:
        numbers = [number for text in asked.meant[:-1] for number in _NUMBER.findall(text)]
        return f"The number is {numbers[-1]}." if numbers else "You told me no number."
    return f"You said: {asked.newest}"


def _text(content: Any) -> str:
    parts = content if isinstance(content, list) else [{"text": content}]
    return "".join(part["text"] for part in parts if isinstance(part.get("text"), str))
