"""Keys that belong together."""

from __future__ import annotations

from server.phone.engines.keypad import MOST, PATIENCE, Keypad
from tests.pipeline.fakes import audio_clock
from tests.server.phone.line.far_socket import run


def test_keys_are_told_after_a_pause_a_hash_or_too_many() -> None:
    async def main() -> None:
        clock, told = audio_clock(), []
        pad = Keypad(clock, told.append)
        for at, digits in ((1.0, "1"), (2.0, "2"), (6.0, "34#"), (7.0, "5" * MOST), (8.0, "9")):
            await clock.sleep_until(at)
            for digit in digits:
                pad.press(digit)
        pad.close()
        await clock.sleep_until(8.0 + 2 * PATIENCE)
        assert told == ["12", "34#", "5" * MOST]

    run(main())
