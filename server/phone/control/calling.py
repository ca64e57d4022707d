"""Routes that make calls, end them, and act in those that go on."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query

from server.phone.calls.status import EndReason
from server.phone.control.bodies import (
    CallAnswer,
    CallBody,
    DigitsBody,
    SayBody,
    TransferBody,
    UpdateBody,
)
from server.phone.control.desk import ControlDesk
from server.phone.control.ending import CallEnd
from server.phone.control.problems import PlainRoute, problem, problems
from server.phone.engines.engine import EngineSession, SendDigits, Transfer, Wish, WishRefusedError
from server.phone.live.call import LiveCall

ENDING: Final = 5.0
"""Seconds that a call gets to end before the answer says that it is ending yet."""

CallId = Annotated[str, Path(min_length=1, max_length=64)]
"""Ours, or the provider's."""

_NOT_ALLOWED = problems(HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT)
_NO_SUCH_CALL = problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


def calling_router(desk: ControlDesk) -> APIRouter:
    """Make the routes that make calls and end them."""
    router = APIRouter(tags=["phone"], route_class=PlainRoute)

    @router.post("/call", status_code=HTTPStatus.ACCEPTED, responses=_NOT_ALLOWED)
    @router.post("/openclaw/call", status_code=HTTPStatus.ACCEPTED, responses=_NOT_ALLOWED)
    async def make(body: CallBody) -> CallAnswer:
        switchboard = desk.switchboard()
        record = await switchboard.place(replace(body.request(), voice=desk.voice(body.voice)))
        return CallAnswer(
            status="initiated", call_id=record.id, message=f"Call initiated to {record.to}"
        )

    @router.delete("/call/{call_id}", responses=_NO_SUCH_CALL)
    async def end(call_id: CallId) -> CallAnswer:
        call = await desk.live_call(call_id)
        call.hang_up(EndReason.CANCELED)
        await CallEnd(call, desk.switchboard().events).wait(ENDING)
        status = call.record.status
        return CallAnswer(
            status=status, call_id=call.record.id, message=f"The call is {status} now."
        )

    @router.get("/call/{call_id}", responses=problems(HTTPStatus.NOT_FOUND))
    async def one(
        call_id: CallId, wait: Annotated[float, Query(ge=0, le=60)] = 0
    ) -> dict[str, Any]:
        """Return a call; at once, or as soon as it is over within ``wait`` seconds."""
        if wait and (call := desk.going_on(await desk.call(call_id))) is not None:
            await CallEnd(call, desk.switchboard().events).wait(wait)
        return (await desk.call(call_id)).to_json()

    @router.get("/calls", responses=problems())
    async def going_on() -> dict[str, Any]:
        records = await desk.store.active()
        return {"calls": [record.to_json(transcript=False) for record in records]}

    return router


def acting_router(desk: ControlDesk) -> APIRouter:
    """Make the routes that act in a call that goes on."""
    router = APIRouter(prefix="/call/{call_id}", tags=["phone"], route_class=PlainRoute)

    @router.post("/say", responses=_NO_SUCH_CALL)
    async def say(call_id: CallId, body: SayBody) -> CallAnswer:
        call = await desk.live_call(call_id)
        _talking(call).say(body.text, interrupt=body.interrupt)
        return _done(call, "It is said as soon as nobody speaks.")

    @router.post("/update", responses=_NO_SUCH_CALL)
    async def update(call_id: CallId, body: UpdateBody) -> CallAnswer:
        call = await desk.live_call(call_id)
        voice = desk.voice(body.voice)
        _talking(call).update(instructions=body.instructions, voice=voice)
        return _done(call, "It holds from the next answer on.")

    @router.post("/dtmf", responses=_NO_SUCH_CALL)
    async def press(call_id: CallId, body: DigitsBody) -> CallAnswer:
        call = await desk.live_call(call_id)
        await _grant(call, SendDigits(body.digits))
        return _done(call, "The keys are pressed.")

    @router.post("/transfer", responses=_NO_SUCH_CALL)
    async def transfer(call_id: CallId, body: TransferBody) -> CallAnswer:
        call = await desk.live_call(call_id)
        await _grant(call, Transfer(body.to))
        return _done(call, "The call is handed over.")

    return router


def _talking(call: LiveCall) -> EngineSession:
    if call.session is None or not call.is_going_on:
        raise problem(
            HTTPStatus.CONFLICT,
            f"nobody talks in this call now, its status is {call.record.status}: wait until it is"
            " in-progress",
        )
    return call.session


async def _grant(call: LiveCall, wish: Wish) -> None:
    _talking(call)
    try:
        await call.grant(wish)
    except WishRefusedError as error:
        raise problem(HTTPStatus.CONFLICT, str(error)) from None


def _done(call: LiveCall, message: str) -> CallAnswer:
    return CallAnswer(status="done", call_id=call.record.id, message=message)
