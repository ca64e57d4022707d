"""Who may stand at the public listener's door when it is full."""

from __future__ import annotations

import asyncio

from pipeline.clock import LoopClock
from server.phone.public.door import Door
from server.phone.security.admission import AdmissionLimits
from server.phone.security.forwarding import TrustedProxies


class Hand(LoopClock):
    """A clock that is set by hand."""

    at = 0.0

    def now(self) -> float:
        return self.at


def test_whoever_is_slowest_makes_room_and_those_admitted_stay() -> None:
    gone: list[int] = []

    async def main() -> None:
        limits = AdmissionLimits(2, 2, 2, 5.0, 1000)
        clock = Hand()
        door = Door(TrustedProxies(("127.0.0.0/8",)), clock, limits)

        def comes(port: int) -> bool:
            return door.open(("127.0.0.1", port), lambda: gone.append(port))

        assert comes(1)
        door.admit(("127.0.0.1", 1))
        assert comes(2)
        assert comes(3)
        assert not comes(4)  # nobody has been slow yet
        assert not gone
        clock.at = 0.6
        assert comes(4)
        assert gone == [2]
        assert not door.receive(("127.0.0.1", 2), 1)
        assert door.receive(("127.0.0.1", 1), 5000)
        assert comes(5)
        assert gone == [2, 3]
        assert not comes(6)
        assert door.strangers == 2
        door.close_all()

    asyncio.run(main())


def test_one_address_cannot_take_the_places_of_others() -> None:
    gone: list[int] = []

    async def main() -> None:
        door = Door(TrustedProxies(()), LoopClock(), AdmissionLimits(4, 2, 2, 5.0, 1000))
        came = [door.open(("203.0.113.7", port), lambda: gone.append(0)) for port in range(4)]
        assert came == [True, True, False, False]
        assert not gone
        door.close_all()

    asyncio.run(main())
