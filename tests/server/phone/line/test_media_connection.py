"""How media streams end, and what they tell beside their sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pipeline.interfaces import Participant
from server.phone.line.media_connection import StreamEnd, carry
from server.phone.line.transport import PhoneTransport
from tests.pipeline.fakes import audio_clock
from tests.server.phone.line.far_socket import FarSocket, Watched, run
from tests.server.phone.line.test_playback import audio

CALLER = Participant("+15550001111", "Ann")

WRONG = ("no json", '{"event":"media"}', '{"event":"connected","protocol":"Call","version":"1"}')


async def ended(end: Callable[[FarSocket], None], watched: Watched | None = None) -> StreamEnd:
    clock = audio_clock()
    transport, far = PhoneTransport(CALLER, clock), FarSocket(clock)
    async with asyncio.TaskGroup() as tasks:
        talking = tasks.create_task(far.talk())
        carrying = tasks.create_task(
            carry(far, far.started(), transport, watched or Watched()), name="carrying"
        )
        await transport.play(audio(1, 0.6))
        end(far)
        result = await carrying
        talking.cancel()
    transport.close()
    return result


@pytest.mark.parametrize(
    ("end", "expected"),
    [(FarSocket.stop, StreamEnd.STOPPED), (FarSocket.drop, StreamEnd.LOST)],
)
def test_a_stream_ends_with_a_word_or_without(
    end: Callable[[FarSocket], None], expected: StreamEnd
) -> None:
    async def main() -> None:
        assert await ended(end) is expected

    run(main())


@pytest.mark.parametrize("message", WRONG)
def test_what_twilio_does_not_send_ends_the_stream(message: str) -> None:
    async def main() -> None:
        assert await ended(lambda far: far.say(message)) is StreamEnd.WRONG

    run(main())


def test_keys_and_signs_of_life_are_told_and_unknown_messages_ignored() -> None:
    async def main() -> None:
        watched = Watched()

        def end(far: FarSocket) -> None:
            far.say('{"event":"news","streamSid":"MZ1"}')
            far.press("12#")
            far.stop()

        await ended(end, watched)
        assert watched.keys == "12#"
        assert watched.frames > 0

    run(main())
