"""The telephone as people on Discord see it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Protocol, assert_never

from discord_bot import telephone
from discord_bot.telephone import CallDesk, Callers, CallWish, PhoneCall, TelephoneError
from server.parts import PartStatus
from server.phone.call_views import news_of, view_of
from server.phone.calls.record import CallRecord
from server.phone.calls.request import CallRefusedError, CallRequest, DiscordOrigin
from server.phone.calls.status import EndReason
from server.phone.config import PhoneConfig
from server.phone.live.approvals import Approvals, Verdict
from server.phone.live.events import CallEvents, CallNews
from server.phone.live.switchboard import Switchboard
from server.store.errors import StoreError

logger = logging.getLogger(__name__)


class CallsPart(Protocol):
    """The telephone as a part of the service."""

    @property
    def switchboard(self) -> Switchboard | None:
        """All calls; ``None`` while the telephone does not run."""

    @property
    def events(self) -> CallEvents:
        """What happens in them."""

    @property
    def approvals(self) -> Approvals:
        """Where people approve them."""

    def status(self) -> PartStatus:
        """How the telephone is doing."""


class DiscordTelephone:
    """A :class:`discord_bot.telephone.Telephone` over the telephone of the service.

    Calls that are asked for over HTTP are approved on Discord too, and not followed there.

    Args:
        part: The telephone.
        config: Its settings.
        agent: Name of who talks.
        known: Discord user ids of the people in ``identities``.

    """

    def __init__(
        self, part: CallsPart, config: PhoneConfig, agent: str, known: Iterable[str] = ()
    ) -> None:
        self._part = part
        self._outbound = config.outbound
        self._agent = agent
        self._desk: CallDesk | None = None
        self.callers = Callers(
            frozenset(map(int, (*config.discord.users, *known))),
            frozenset(map(int, config.discord.roles)),
        )

    @contextmanager
    def attach(self, desk: CallDesk) -> Iterator[None]:
        """Tell and ask people on Discord until the block is left."""
        with ExitStack() as stack:
            self._desk = desk
            stack.callback(self._detach)
            stack.enter_context(self._part.events.watched_by(self._receive))
            stack.enter_context(self._part.approvals.given_by(self))
            yield

    def calls(self) -> Sequence[PhoneCall]:
        """Return the calls that go on, oldest first."""
        switchboard = self._part.switchboard
        running = () if switchboard is None else switchboard.calls
        return [self._view(one.record) for one in running]

    async def place(self, wish: CallWish) -> PhoneCall:
        """Begin to make a call.

        Raises:
            TelephoneError: It is not made.

        """
        switchboard = self._part.switchboard
        if switchboard is None:
            raise TelephoneError(f"The telephone is not there: {self._part.status().message}")
        request = CallRequest(
            wish.number,
            wish.task,
            idempotency_key=wish.key,
            discord=DiscordOrigin(str(wish.channel_id), wish.asked_by),
        )
        try:
            record = await switchboard.place(request)
        except CallRefusedError as error:
            raise TelephoneError(f"I do not call: {error}") from None
        except StoreError as error:
            raise TelephoneError(f"I do not call: it could not be written down: {error}") from None
        return replace(self._view(record), to_approve=self._part.approvals.are_needed(record))

    def hang_up(self, call_id: str) -> bool:
        """End a call; returns whether there was one that went on."""
        switchboard = self._part.switchboard
        call = None if switchboard is None else switchboard.call(call_id)
        if call is not None:
            call.hang_up(EndReason.CANCELED)
        return call is not None

    # An Approver.

    def obstacle(self, record: CallRecord) -> str:
        """Return why nobody can be asked about a call; "" when somebody can."""
        if self._channel(record) is not None:
            return ""
        return (
            "somebody has to approve this call on Discord, and no channel for that is set in"
            " phone.outbound.approval_channel"
        )

    async def ask(self, record: CallRecord) -> Verdict:
        """Ask people, in the channel of the call or in the one for all others."""
        channel = self._channel(record)
        if self._desk is None or channel is None:
            return Verdict.UNANSWERED
        seconds = self._outbound.approval_timeout
        match await self._desk.ask(self._view(record), channel, seconds):
            case telephone.Verdict.APPROVED:
                return Verdict.APPROVED
            case telephone.Verdict.DECLINED:
                return Verdict.DECLINED
            case telephone.Verdict.UNANSWERED:
                return Verdict.UNANSWERED
            case verdict:
                assert_never(verdict)

    def _channel(self, record: CallRecord) -> int | None:
        set_ = self._outbound.approval_channel
        own = _own_channel(record)
        return own if own is not None or set_ is None else int(set_)

    def _detach(self) -> None:
        self._desk = None

    def _receive(self, news: CallNews) -> None:
        if self._desk is not None and _own_channel(news.record) is not None:
            self._desk.receive(news_of(news, self._view(news.record)))

    def _view(self, record: CallRecord) -> PhoneCall:
        origin = _origin(record)
        return view_of(
            record,
            self._agent,
            channel_id=_own_channel(record),
            asked_by="" if origin is None else origin.asked_by,
        )


def _origin(record: CallRecord) -> DiscordOrigin | None:
    return None if record.request is None else record.request.discord


def _own_channel(record: CallRecord) -> int | None:
    """Return the channel from which a call was asked for."""
    origin = _origin(record)
    return None if origin is None else int(origin.channel_id)
