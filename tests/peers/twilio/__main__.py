"""Rings a program in, plays it a WAV file, and keeps what it said.

    python -m tests.peers.twilio https://phone.example.test/voice \
        --tunnel phone.example.test=4545 --say question.wav --out answer.wav
"""

from __future__ import annotations

import argparse
import asyncio
import json
import wave
from pathlib import Path
from typing import Any

from tests.peers.telephone_sound import RATE
from tests.peers.twilio import FakeTwilio, HangUp, HearEnd, Speak
from tests.peers.twilio.person import Step


async def ring(options: argparse.Namespace) -> None:
    async with FakeTwilio(auth_token=options.auth_token, speed=options.speed) as twilio:
        for host, _, port in (one.partition("=") for one in options.tunnel):
            twilio.tunnel(host, int(port))
        steps: list[Step] = [Speak(path) for path in options.say]
        steps += [HearEnd(timeout=options.listen), HangUp()]
        call = await twilio.ring_in(options.caller, options.voice_url, steps=steps)
        await call.over()
    shown: dict[str, Any] = {
        "status": call.status,
        "ended_by": call.ended_by,
        "errors": call.errors,
    }
    if call.streams:
        stream = call.stream
        shown |= {"heard_ms": stream.heard_ms, "violations": stream.violations}
        with wave.open(str(options.out), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(stream.stereo.tobytes())
    print(json.dumps(shown, indent=1))  # noqa: T201 - a program


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voice_url")
    parser.add_argument("--tunnel", action="append", default=[], metavar="HOST=PORT")
    parser.add_argument("--say", action="append", default=[], type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, default=Path("call.wav"))
    parser.add_argument("--caller", default="+15550001111")
    parser.add_argument("--auth-token", default="fake-auth-token")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--listen", type=float, default=8.0, help="seconds")
    asyncio.run(ring(parser.parse_args()))


if __name__ == "__main__":
    main()
