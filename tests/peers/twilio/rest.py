"""Twilio's REST API, as far as calls, their recordings and one's own numbers go."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import web

from tests.peers.twilio.call import Call
from tests.peers.twilio.clock import LineClock
from tests.peers.twilio.rest_checks import check_creation
from tests.peers.twilio.rest_json import call_json, recording_json

ACCOUNT = "/2010-04-01/Accounts/{account}"
PARAMETERS = web.RequestKey("parameters", dict[str, Any])
REPEATED = {"StatusCallbackEvent", "RecordingStatusCallbackEvent"}


class Twilio(Protocol):
    """What the API needs of the fake it belongs to."""

    account_sid: str
    calls: dict[str, Call]
    numbers: dict[str, dict[str, str]]
    recordings: dict[str, tuple[Call, bytes]]
    secrets: dict[str, str]

    @property
    def clock(self) -> LineClock: ...

    def dial(self, parameters: dict[str, Any]) -> Call: ...


@dataclass(frozen=True, slots=True)
class RestRequest:
    """A request as Twilio saw it."""

    method: str
    path: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a request is answered with instead."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class RestApi:
    """Answers requests."""

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio
        self.requests: list[RestRequest] = []
        self._faults: list[Fault] = []
        self._answers_lost = 0

    def fail(self, status: int, code: int = 0, message: str = "", **headers: str) -> None:
        """Refuse the next request; ``Retry_After="1"`` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._faults.append(Fault(status, _problem(status, code, message), named))

    def lose_answer(self) -> None:
        """Carry the next request out, and break the connection instead of telling."""
        self._answers_lost += 1

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.router.add_routes(
            [
                web.post(f"{ACCOUNT}/Calls.json", self._create),
                web.get(f"{ACCOUNT}/Calls.json", self._list),
                web.get(f"{ACCOUNT}/Calls/{{sid}}.json", self._fetch),
                web.post(f"{ACCOUNT}/Calls/{{sid}}.json", self._update),
                web.get(f"{ACCOUNT}/Calls/{{sid}}/Recordings.json", self._recordings),
                web.get(f"{ACCOUNT}/Recordings/{{sid}}.json", self._recording),
                web.delete(f"{ACCOUNT}/Recordings/{{sid}}.json", self._delete_recording),
                web.get(f"{ACCOUNT}/Recordings/{{sid}}", self._media),
                web.get(f"{ACCOUNT}/IncomingPhoneNumbers.json", self._numbers),
                web.post(f"{ACCOUNT}/IncomingPhoneNumbers/{{sid}}.json", self._set_number),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let in who has the right secret, unless something is to go wrong."""
        parameters = await _parameters(request)
        request[PARAMETERS] = parameters
        self.requests.append(RestRequest(request.method, request.path, parameters))
        if self._faults:
            fault = self._faults.pop(0)
            return web.json_response(fault.body, status=fault.status, headers=fault.headers)
        if not self._authorised(request):
            return _refused(401, 20003, "Authenticate")
        response: web.StreamResponse = await handler(request)
        if self._answers_lost:
            self._answers_lost -= 1
            assert request.transport is not None
            request.transport.abort()
        return response

    def _authorised(self, request: web.Request) -> bool:
        allowed = {
            "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
            for user, secret in self._twilio.secrets.items()
        }
        account = request.match_info.get("account", self._twilio.account_sid)
        return request.headers.get("Authorization") in allowed and (
            account == self._twilio.account_sid
        )

    async def _create(self, request: web.Request) -> web.Response:
        parameters = request[PARAMETERS]
        problem = check_creation(parameters, self._twilio.numbers)
        if problem is not None:
            return _refused(400, *problem)
        return self._call(self._twilio.dial(parameters), HTTPStatus.CREATED)

    async def _list(self, request: web.Request) -> web.Response:
        wanted = request[PARAMETERS]
        calls = [
            call
            for call in reversed(self._twilio.calls.values())
            if wanted.get("To", call.to_number) == call.to_number
            and wanted.get("From", call.from_number) == call.from_number
            and wanted.get("Status", call.status) == call.status
        ]
        shown = [call_json(one, self._twilio.clock.date) for one in calls]
        return _page(request, "calls", shown)

    async def _fetch(self, request: web.Request) -> web.Response:
        call = self._twilio.calls.get(request.match_info["sid"])
        return self._call(call) if call is not None else _missing(request)

    async def _update(self, request: web.Request) -> web.Response:
        call = self._twilio.calls.get(request.match_info["sid"])
        if call is None:
            return _missing(request)
        problem = call.update(request[PARAMETERS])
        await asyncio.sleep(0)
        return _refused(400, *problem) if problem is not None else self._call(call)

    def _call(self, call: Call, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        return web.json_response(call_json(call, self._twilio.clock.date), status=status)

    async def _recordings(self, request: web.Request) -> web.Response:
        shown = [
            recording_json(sid, call)
            for sid, (call, _) in self._twilio.recordings.items()
            if call.sid == request.match_info["sid"]
        ]
        return _page(request, "recordings", shown)

    async def _recording(self, request: web.Request) -> web.Response:
        sid = request.match_info["sid"]
        if sid not in self._twilio.recordings:
            return _missing(request)
        return web.json_response(recording_json(sid, self._twilio.recordings[sid][0]))

    async def _delete_recording(self, request: web.Request) -> web.Response:
        if self._twilio.recordings.pop(request.match_info["sid"], None) is None:
            return _missing(request)
        return web.Response(status=204)

    async def _media(self, request: web.Request) -> web.Response:
        kept = self._twilio.recordings.get(request.match_info["sid"].removesuffix(".wav"))
        if kept is None:
            return _missing(request)
        return web.Response(body=kept[1], content_type="audio/wav")

    async def _numbers(self, request: web.Request) -> web.Response:
        wanted = request[PARAMETERS].get("PhoneNumber")
        shown = [
            self._number_json(index, number)
            for index, number in enumerate(self._twilio.numbers)
            if wanted in {None, number}
        ]
        return _page(request, "incoming_phone_numbers", shown)

    async def _set_number(self, request: web.Request) -> web.Response:
        index = int(request.match_info["sid"].removeprefix("PN"), 16)
        number = list(self._twilio.numbers)[index]
        parameters: dict[str, Any] = request[PARAMETERS]
        self._twilio.numbers[number].update(parameters)
        return web.json_response(self._number_json(index, number))

    def _number_json(self, index: int, number: str) -> dict[str, Any]:
        settings = self._twilio.numbers[number]
        return {
            "sid": f"PN{index:032x}", "phone_number": number, "voice_method": "POST",
            "voice_url": settings.get("VoiceUrl"), "capabilities": {"voice": True},
            "status_callback": settings.get("StatusCallback"),
        }  # fmt: skip


async def _parameters(request: web.Request) -> dict[str, Any]:
    form = await request.post() if request.method == "POST" else request.query
    return {name: form.getall(name) if name in REPEATED else form[name] for name in set(form)}


def _problem(status: int, code: int, message: str) -> dict[str, Any]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": message, "more_info": more, "status": status}


def _refused(status: int, code: int, message: str) -> web.Response:
    return web.json_response(_problem(status, code, message), status=status)


def _missing(request: web.Request) -> web.Response:
    return _refused(404, 20404, f"The requested resource {request.path} was not found")


def _page(request: web.Request, name: str, content: list[dict[str, Any]]) -> web.Response:
    around = dict.fromkeys(("next_page_uri", "previous_page_uri"))
    place = {"page": 0, "page_size": 50, "start": 0, "end": len(content), "uri": request.path}
    return web.json_response({name: content, **around, **place, "first_page_uri": request.path})
