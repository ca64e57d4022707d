"""Hands a call over to somebody else, who is called at our expense: within the same limits."""

from __future__ import annotations

from server.phone.calls.limits import Spent
from server.phone.calls.request import CallRefusedError
from server.phone.engines.engine import WishRefusedError
from server.phone.live.documents import transfer
from server.phone.live.kit import CallKit
from server.phone.live.permission import dialable


class HandingOver:
    """Where one attempt at a call is handed over.

    Args:
        kit: What all calls share.

    """

    def __init__(self, kit: CallKit) -> None:
        self._kit = kit
        self._number = ""
        self._longest = 0.0
        self._spent: str | None = None
        self._began = 0.0

    def prepare(self, to: str, until: float) -> str:
        """Return the TwiML by which somebody else takes the call.

        Args:
            to: Their number, as the agent wrote it.
            until: When the call has to be over, in seconds on the clock.

        Raises:
            WishRefusedError: They may not be called, or not now.

        """
        kit = self._kit
        try:
            number = dialable(kit, to).e164
        except CallRefusedError as error:
            raise WishRefusedError(str(error)) from None
        if (reached := kit.limits.may_be_handed_over(kit.now(), number)) is not None:
            raise WishRefusedError(reached.message)
        left = min(until - kit.clock.now(), kit.limits.longest_call(kit.now(), number, "outbound"))
        if left < 1.0:
            raise WishRefusedError("the time of this call is over")
        self._number, self._longest = number, left
        return transfer(number, round(left))

    def begin(self, attempt_id: str) -> None:
        """Take in that they are called, for as long as was prepared."""
        kit = self._kit
        self._spent, self._began = f"{attempt_id}:handed-over", kit.clock.now()
        kit.limits.begin(Spent(self._spent, self._number, "outbound", kit.now(), self._longest))

    def end(self) -> None:
        """Take in that the call is over. Harmless when it was not handed over."""
        if self._spent is not None:
            self._kit.limits.end(self._spent, self._kit.clock.now() - self._began)
