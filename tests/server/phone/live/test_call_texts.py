"""What is said in every call can be set in another language."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.peers.twilio import HangUp, Hear, Quiet
from tests.server.phone.live.phone_scene import ANN, Setup, telephone

NORWEGIAN = {
    "inbound": "Hei, dette er {agent}.",
    "disclosure": "Jeg er en maskin.",
    "written_down": "Det vi sier blir skrevet ned.",
    "still_there": "Er du der?",
    "nobody_there": "Jeg hører deg ikke. Ha det.",
    "time_over": "Tiden er ute. Ha det.",
}


def test_engines_get_the_words_of_the_settings(tmp_path: Path) -> None:
    setup = Setup(more={"greeting": NORWEGIAN, "defaults": {"locale": "no-NO"}})
    setup.limits = setup.limits.model_copy(update={"longest_inbound": 10.0, "wrap_up": 3.0})

    async def main() -> None:
        async with telephone(tmp_path, setup) as phone:
            call = await phone.twilio.ring_in(ANN, steps=[Hear(0.2), Quiet(60.0), HangUp()])
            await call.over()
            await phone.ended()
            [session] = phone.engine.sessions
            assert session.call.opening == (
                "Hei, dette er Jarvis. Jeg er en maskin. Det vi sier blir skrevet ned."
            )
            assert session.call.language == "no"
            assert session.call.still_there == "Er du der?"
            assert session.call.nobody_there == "Jeg hører deg ikke. Ha det."
            assert phone.engine.last_words == ["Tiden er ute. Ha det."]

    asyncio.run(main())
