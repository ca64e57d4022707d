"""Any server with OpenAI's chat completions API as the agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
import httpx_sse

from pipeline.agents.chat_history import ChatHistories, Message
from pipeline.agents.chat_reply import DONE, error_message, read_chunk
from pipeline.config import ChatConfig
from pipeline.errors import AgentError
from pipeline.interfaces import Question

LONGEST_REPLY = 100_000
"""Characters of a reply, about two hours of speech; a longer one is cut off."""

LONGEST_BODY = 32 * 2**20
"""Bytes of one answer, what the model thinks aside included."""

LINGER = 0.05
"""Seconds to wait for the end of the body after ``[DONE]``: the connection can then be
used again, which spares the next turn the handshakes."""

LAST_WORDS = 0.5
"""Seconds to wait for ``[DONE]`` after a chunk that says the reply is finished."""

KEEP_WARM = 120.0
"""Seconds for which an unused connection is kept."""

_LONGEST_ERROR = 64 * 2**10

T = TypeVar("T")


class ChatCompletionsAgent:
    """Asks a chat server, and remembers the conversation for it.

    Every request holds the system prompt, the last turns of the same
    conversation with the same agent as people heard them
    (:class:`~pipeline.agents.chat_history.ChatHistory`), and the new message
    ``<display name>: <text>``. Time limits count the time spent waiting for the
    server, not the time in which the caller is busy speaking.

    Args:
        config: Where the server is, and its limits.
        names: What people call the agents, by id.

    Raises:
        ValueError: ``config.base_url`` is missing or is no HTTP address.

    """

    def __init__(self, config: ChatConfig, names: Mapping[str, str]) -> None:
        self._config = config
        self._names = names
        self._url = completions_url(config.base_url)
        self._secret = config.api_key.get_secret_value() if config.api_key else ""
        self._histories = ChatHistories(config.history)
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {self._secret}"} if self._secret else None,
            timeout=httpx.Timeout(None, connect=config.connect_timeout),
            limits=httpx.Limits(keepalive_expiry=KEEP_WARM),
            trust_env=False,  # what people say goes to this server, not to a proxy found somewhere
        )
        self._server = f"the chat server at {self._url.scheme}://{self._url.netloc.decode()}"

    @property
    def asks_ahead(self) -> bool:
        """True: the server remembers nothing, and what was taken back is forgotten here."""
        return True

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        """Stream the reply as it arrives.

        Raises:
            AgentError: The server could not be reached, refused, gave no reply, or
                broke off; what was yielded stands, and is remembered.

        Closing the generator, or cancelling, closes the connection, which makes
        the server stop.

        """
        history = self._histories.of(question.conversation, question.agent)
        history.settle(question.interrupted)
        body = self._request(question, history.messages())
        said: list[str] = []
        ended = False
        try:
            async with aclosing(self._reply(body)) as texts:
                async for text in texts:
                    said.append(text)
                    yield text
            ended = True
        except AgentError as error:
            ended = True
            raise AgentError(self._without_secret(str(error.args[0]))) from None
        finally:
            history.add(
                question.message, "".join(said), ended=ended, taken_back=question.taken_back
            )

    async def aclose(self) -> None:
        """Close all connections; a reply under way breaks off. Cancelling is safe."""
        await self._client.aclose()

    def _without_secret(self, message: str) -> str:
        """Servers like to quote the key they do not know."""
        return message.replace(self._secret, "***") if self._secret else message

    def _request(self, question: Question, before: list[Message]) -> dict[str, Any]:
        name = self._names.get(question.agent, question.agent)
        prompt = self._config.system_prompt.replace("{agent}", name)
        system: list[Message] = [{"role": "system", "content": prompt}] if prompt else []
        now: Message = {"role": "user", "content": question.message}
        return {
            "model": self._config.model.replace("{agent}", question.agent),
            "messages": [*system, *before, now],
            "stream": True,
        }

    async def _reply(self, body: dict[str, Any]) -> AsyncGenerator[str]:
        patience = _Patience(self._config, self._server)
        length = 0
        with self._translated():
            async with (
                self._response(body, patience) as response,
                aclosing(self._texts(response)) as texts,
            ):
                while text := await patience.wait(anext(texts, "")):
                    patience.receive_text()
                    length += len(text)
                    if length > LONGEST_REPLY:
                        raise AgentError(f"{self._server} sent a reply without end; cut off")
                    yield text
        if not length:
            raise AgentError(f"{self._server} gave no reply: nothing was said")

    @asynccontextmanager
    async def _response(
        self, body: dict[str, Any], patience: _Patience
    ) -> AsyncIterator[httpx.Response]:
        """Send a request; the answer is one that holds a reply."""
        # Without compression the body's size on the wire is its size in memory.
        headers = {"Accept": "text/event-stream, application/json", "Accept-Encoding": "identity"}
        request = self._client.build_request("POST", self._url, json=body, headers=headers)
        response = await patience.wait(self._client.send(request, stream=True))
        async with aclosing(response):
            if response.status_code != HTTPStatus.OK:
                raise AgentError(await patience.wait(self._refusal(response)))
            yield response

    async def _texts(self, response: httpx.Response) -> AsyncGenerator[str]:
        """Yield the pieces of the reply, none of them empty."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        response.stream = _Limited(response.stream, self._server)
        if kind == "application/json":
            text = read_chunk(await response.aread()).text
            if text:
                yield text
        elif kind == "text/event-stream":
            async with aclosing(self._streamed(response)) as texts:
                async for text in texts:
                    yield text
        else:
            raise AgentError(
                f"{self._server} answered with {kind or 'no content type'} instead of a reply;"
                " check base_url, which usually ends in /v1"
            )

    async def _streamed(self, response: httpx.Response) -> AsyncGenerator[str]:
        # Where the body's own end is marked, a server may do without marks in the stream.
        ended = "content-length" in response.headers or "transfer-encoding" in response.headers
        wait: float | None = None
        async with aclosing(httpx_sse.EventSource(response).aiter_sse()) as events:
            while event := await _next(events, wait):
                if event.data.strip() == DONE:
                    await _next(events, LINGER)
                    return
                if event.event == "error":
                    said = error_message(event.data) or "an error"
                    raise AgentError(f"{self._server} reported: {said}")
                if not event.data.strip():
                    continue
                chunk = read_chunk(event.data)
                if chunk.text:
                    yield chunk.text
                if chunk.finished:
                    ended, wait = True, LAST_WORDS
        if not ended:
            raise AgentError(f"{self._server} broke off in the middle of its reply")

    async def _refusal(self, response: httpx.Response) -> str:
        """Say why the server refused."""
        body = b""
        async for part in response.aiter_bytes():
            body += part
            if len(body) > _LONGEST_ERROR:
                break
        return _explain(self._server, response.status_code, error_message(body))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.ConnectTimeout:
            raise AgentError(
                f"{self._server} did not accept a connection within"
                f" {self._config.connect_timeout:g} s; check base_url"
            ) from None
        except httpx.ConnectError:
            raise AgentError(
                f"{self._server} cannot be reached; start it, or set base_url to where it runs"
            ) from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise AgentError(f"{self._server} broke off ({type(error).__name__})") from None


async def _next(
    events: AsyncGenerator[httpx_sse.ServerSentEvent], seconds: float | None
) -> httpx_sse.ServerSentEvent | None:
    """Return the next event; ``None`` at the end, or when it may be missing and does not come.

    Args:
        events: The stream.
        seconds: How long to wait once the reply has ended; ``None`` while it has not.

    """
    try:
        async with asyncio.timeout(seconds):
            return await anext(events, None)
    except (TimeoutError, httpx.HTTPError):
        if seconds is None:
            raise
        return None


class _Patience:
    """How much longer the server is waited for, in one reply."""

    def __init__(self, config: ChatConfig, server: str) -> None:
        self._config = config
        self._server = server
        self._until_text = config.first_text_timeout
        self._until_end = config.max_reply
        self._begun = False

    async def wait(self, answer: Awaitable[T]) -> T:
        """Wait for the server.

        Raises:
            AgentError: It took too long.

        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(min(self._until_text, self._until_end)):
                return await answer
        except TimeoutError:
            raise AgentError(self._complaint()) from None
        finally:
            waited = loop.time() - began
            self._until_text -= waited
            self._until_end -= waited

    def receive_text(self) -> None:
        """Take in that words came: the wait for more begins."""
        self._until_text = self._config.stall_timeout
        self._begun = True

    def _complaint(self) -> str:
        if self._until_end < self._until_text:
            limit = self._config.max_reply
            return f"{self._server} did not end its reply within {limit:g} s; cut off"
        if self._begun:
            return f"{self._server} went silent for {self._config.stall_timeout:g} s in its reply"
        return f"{self._server} gave no reply within {self._config.first_text_timeout:g} s"


class _Limited(httpx.AsyncByteStream):
    """A body that may not grow without end, not even within one event."""

    def __init__(self, stream: Any, server: str) -> None:
        self._stream = stream
        self._server = server

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > LONGEST_BODY:
                raise AgentError(f"{self._server} sent an answer without end; cut off")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def completions_url(base_url: str | None) -> httpx.URL:
    """Return the address of chat completions under a base URL.

    A server's bare address gets ``/v1``; a path is kept, since not all servers
    call it so; the full address of chat completions is taken as it is. Credentials
    in the address are dropped: the key has its own setting.

    Raises:
        ValueError: There is no base URL, or it is no HTTP address.

    """
    try:
        url = httpx.URL(base_url or "")
    except httpx.InvalidURL as error:
        raise ValueError(f"base_url of the chat server is no address: {error}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("base_url of the chat server must be http://host:port/v1 or https://…")
    path = url.path.rstrip("/").removesuffix("/chat/completions")
    return url.copy_with(userinfo=b"", path=f"{path or '/v1'}/chat/completions", fragment=None)


def _explain(server: str, status: int, said: str) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return f"{server} refused the key ({status}); check api_key"
        case HTTPStatus.NOT_FOUND:
            hint = "check base_url and model"
        case HTTPStatus.TOO_MANY_REQUESTS:
            hint = "it is overloaded or a quota is used up; try again later"
        case _:
            hint = "see its log"
    return f"{server} answered {status}{f' ({said})' if said else ''}; {hint}"
