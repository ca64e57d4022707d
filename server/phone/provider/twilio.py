"""Twilio's REST interface, as far as calls go.

https://www.twilio.com/docs/voice/api/call-resource
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from pipeline.clock import Clock
from server.phone.calls.recovery import ProviderCall
from server.phone.calls.status import CallStatus
from server.phone.config_providers import TwilioConfig
from server.phone.provider.our_number import OurNumber, read_our_number
from server.phone.provider.outbound import OutboundCall
from server.phone.provider.reports import read_call, read_date
from server.phone.security.numbers import masked
from server.phone.security.refusals import printable

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 3
PAUSE: Final = 1.0
"""Seconds between attempts at a request, where Twilio does not say how long."""

LONGEST_PAUSE: Final = 10.0
"""Seconds that Twilio may ask us to wait; beyond it the request is given up."""

_NUMBER: Final = re.compile(r"\+\d{7,15}")
"""A telephone number in what Twilio says, which comes into logs."""

_CLOCKS_DIFFER: Final = timedelta(seconds=30)
_REMEMBERED: Final = 200
_PAGE: Final = "50"

_TOO_MANY, _SERVER_ERROR, _NOT_AUTHORISED, _MISSING = 429, 500, 401, 404


class ProviderError(Exception):
    """Twilio did not do what it was asked for; the message says why and what to do.

    Args:
        message: For people.
        code: Twilio's error code, where it gave one.

    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class CallMissingError(ProviderError):
    """Twilio knows no such call."""


class TwilioCalls:
    """Makes calls, asks how they stand, and ends them.

    Args:
        config: The account.
        client: Makes the requests; its owner closes it.
        clock: For the pauses between attempts.
        wall_time: Tells the time of day, in UTC.

    """

    def __init__(
        self,
        config: TwilioConfig,
        client: httpx.AsyncClient,
        clock: Clock,
        wall_time: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._client = client
        self._clock = clock
        self._wall_time = wall_time
        self._made: deque[str] = deque(maxlen=_REMEMBERED)

    async def create(self, call: OutboundCall) -> ProviderCall:
        """Have Twilio dial; it never dials twice because an answer was lost.

        Raises:
            ProviderError: It does not dial, or cannot be reached.

        Cancelling may leave a call made: its first status callback tells.

        """
        since = self._wall_time()
        for last in _attempts():
            try:
                made = _call(await self._request("POST", "Calls.json", form=call.form()))
            except _UncertainError as error:
                await self._pause(error, last=False)
                found = await self.find(call.from_, call.to, since, without=self._made)
                if found is None and last:
                    raise ProviderError(str(error)) from None
                if found is None:
                    continue
                made = found
            self._made.append(made.provider_id)
            return made
        raise AssertionError  # the last attempt has raised

    async def find(
        self, from_: str, to: str, since: datetime, *, without: Sequence[str] = ()
    ) -> ProviderCall | None:
        """Return the first call between two numbers since a time, if there is one.

        Args:
            from_: Number of who called.
            to: Number of who was called.
            since: When it can have been made at the earliest.
            without: Ids of calls that are known already.

        Raises:
            ProviderError: Twilio does not say.

        """
        query = {"From": from_, "To": to, "PageSize": _PAGE}
        page = await self._again("GET", "Calls.json", query=query)
        calls = page.get("calls")
        found: ProviderCall | None = None
        for one in calls if isinstance(calls, list) else ():  # the newest comes first
            created = read_date(one.get("date_created"))
            if created is None or created < since - _CLOCKS_DIFFER:
                continue
            call = read_call(one)
            if call is not None and call.provider_id not in without:
                found = call
        return found

    async def fetch(self, provider_id: str) -> ProviderCall:
        """Return how a call stands.

        Raises:
            CallMissingError: There is none of this id.
            ProviderError: Twilio does not say.

        """
        return _call(await self._again("GET", f"Calls/{provider_id}.json"))

    async def end(self, provider_id: str, status: CallStatus) -> None:
        """End a call; one that is over already is no error.

        Args:
            provider_id: Which.
            status: ``canceled`` before it was answered, ``completed`` after.

        Raises:
            ProviderError: Twilio does not do it.

        """
        form = [("Status", status.value)]
        try:
            await self._again("POST", f"Calls/{provider_id}.json", form=form)
        except ProviderError:
            if not (await self.fetch(provider_id)).status.is_final:
                raise

    def recording_url(self, recording_id: str) -> str:
        """Return where a recording is had: whatever else is said, from the API itself."""
        return f"{self._account}/Recordings/{recording_id}"

    async def recording(self, recording_id: str) -> AsyncGenerator[bytes]:
        """Stream a recording as a WAV file, both sides apart; from the API and nowhere else.

        Raises:
            ProviderError: It is not there, or cannot be fetched; what came stands.

        Closing it stops.

        """
        request = self._client.build_request(
            "GET",
            f"{self.recording_url(recording_id)}.wav",
            params={"RequestedChannels": "2"},
            timeout=self._config.timeout,
        )
        try:
            response = await self._client.send(
                request, auth=self._credentials(), stream=True, follow_redirects=False
            )
            try:
                if not response.is_success:
                    raise ProviderError(
                        f"Twilio does not give the recording ({response.status_code}): it may be"
                        " removed, or lie in a storage of your own"
                    )
                async for piece in response.aiter_bytes():
                    yield piece
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise ProviderError(_unreachable(self._config, error)) from None

    async def send_elsewhere(self, provider_id: str, twiml: str) -> None:
        """Give a call that is in progress something else to do; its media stream ends.

        Raises:
            ProviderError: Twilio does not do it: it may be over.

        """
        await self._again("POST", f"Calls/{provider_id}.json", form=[("Twiml", twiml)])

    async def our_number(self, number: str) -> OurNumber | None:
        """Return how a number of the account is set up; ``None`` when it has no such number.

        Raises:
            ProviderError: Twilio does not say.

        """
        query = {"PhoneNumber": number}
        return read_our_number(await self._again("GET", "IncomingPhoneNumbers.json", query=query))

    async def _again(
        self,
        method: str,
        path: str,
        *,
        form: Sequence[tuple[str, str]] = (),
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Make a request that may be made twice."""
        for last in _attempts():
            try:
                return await self._request(method, path, form=form, query=query)
            except _UncertainError as error:
                await self._pause(error, last=last)
        raise AssertionError  # the last attempt has raised

    async def _pause(self, error: _UncertainError, *, last: bool) -> None:
        if last or error.pause > LONGEST_PAUSE:
            raise ProviderError(str(error)) from None
        logger.info("Twilio is asked again in %.0f s: %s", error.pause, error)
        await self._clock.sleep_until(self._clock.now() + error.pause)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        form: Sequence[tuple[str, str]] = (),
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, value in form:
            data.setdefault(name, []).append(value)
        try:
            response = await self._client.request(
                method,
                f"{self._account}/{path}",
                data=data or None,
                params=query,
                auth=self._credentials(),
                timeout=self._config.timeout,
            )
        except httpx.HTTPError as error:
            raise _UncertainError(_unreachable(self._config, error)) from None
        return _answer(response)

    @property
    def _account(self) -> str:
        return f"{self._config.api_base}/2010-04-01/Accounts/{self._config.account_sid}"

    def _credentials(self) -> httpx.BasicAuth:
        config = self._config
        if config.api_key_sid is not None and config.api_key_secret is not None:
            return httpx.BasicAuth(config.api_key_sid, config.api_key_secret.get_secret_value())
        if config.account_sid is None or config.auth_token is None:
            missing = ", ".join(config.missing())
            raise ProviderError(f"Twilio is not configured: set {missing}")
        return httpx.BasicAuth(config.account_sid, config.auth_token.get_secret_value())


class _UncertainError(Exception):
    """It may have been done or not, and another attempt may help."""

    def __init__(self, message: str, pause: float = PAUSE) -> None:
        super().__init__(message)
        self.pause = pause


def _unreachable(config: TwilioConfig, error: httpx.HTTPError) -> str:
    reason = str(error) or type(error).__name__
    return (
        f"Twilio cannot be reached at {config.api_base} ({reason}): look at the network, and at"
        " phone.twilio.api_base"
    )


def _attempts() -> Iterator[bool]:
    """Yield for every attempt whether it is the last."""
    yield from (attempt == ATTEMPTS for attempt in range(1, ATTEMPTS + 1))


def _answer(response: httpx.Response) -> dict[str, Any]:
    body = _json(response)
    if response.is_success:
        return body
    code = body["code"] if isinstance(body.get("code"), int) else None
    message = _NUMBER.sub(lambda found: masked(found[0]), str(body.get("message", "")))
    said = printable(f"{body.get('code', response.status_code)}: {message}", 200)
    if response.status_code == _TOO_MANY or response.status_code >= _SERVER_ERROR:
        raise _UncertainError(f"Twilio cannot do it now ({said})", _retry_after(response))
    if response.status_code == _NOT_AUTHORISED:
        raise ProviderError(
            f"Twilio does not let us in ({said}): look at TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN,"
            " or at phone.twilio.api_key_sid and its secret",
            code,
        )
    if response.status_code == _MISSING:
        raise CallMissingError(f"Twilio knows no such call ({said})")
    raise ProviderError(f"Twilio refused ({said})", code)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    if response.is_success:
        raise _UncertainError("Twilio's answer is not understood: look at phone.twilio.api_base")
    return {}


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else PAUSE


def _call(body: Mapping[str, Any]) -> ProviderCall:
    call = read_call(body)
    if call is None:
        raise ProviderError("Twilio's answer names no call: look at phone.twilio.api_base")
    return call
