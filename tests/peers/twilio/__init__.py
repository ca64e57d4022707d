"""A Twilio Programmable Voice on loopback, for the unmodified program and for Twilio's own SDK.

REST, webhooks signed as Twilio signs them and sent as through a tunnel, TwiML, Media Streams with
one line clock of 20 ms, and people who answer, speak, press keys and hang up.

In a test::

    async with FakeTwilio(speed=8) as twilio:
        twilio.tunnel("phone.example.test", app_port)
        twilio.add_person("+15550002222", Person([Hear(0.5), Speak(Path("yes.wav")), HangUp()]))
        ...                                  # the program POSTs to twilio.api_base
        call = await twilio.next_call()
        await call.over()
        assert call.status == "completed"
        assert call.stream.marks and not call.stream.violations

        call = await twilio.ring_in("+15550001111", "https://phone.example.test/voice")

What goes wrong on demand:

- people: ``Person(outcome=Outcome.BUSY)``, ``answered_by``, ``network=Network(loss, jitter)``; the
  steps ``HangUp`` and ``DropSocket``; ``call.hang_up()`` at any moment.
- REST: ``twilio.rest.fail`` (any status, headers), ``twilio.rest.lose_answer`` (done, never told).
- webhooks: ``twilio.webhooks.delays`` (out of order), ``redeliver`` (once more, as it was or
  changed), ``signer.auth_token`` (rotation, forgery), ``signer.shared_key`` (HMAC_SHA256).

What the program did wrong: ``call.errors`` (codes of Twilio's debugger), ``stream.violations``.

``python -m tests.peers.twilio`` rings a program in with a WAV file and keeps what it said.
"""

from tests.peers.twilio.call import Call
from tests.peers.twilio.network import Network
from tests.peers.twilio.person import (
    DropSocket,
    HangUp,
    Hear,
    HearEnd,
    Outcome,
    Person,
    Press,
    Quiet,
    Speak,
)
from tests.peers.twilio.rest_checks import KNOWN_PARAMETERS
from tests.peers.twilio.server import FakeTwilio
from tests.peers.twilio.signing import Signer, sign
from tests.peers.twilio.stream_record import StreamRecord
from tests.peers.twilio.twiml import ATTRIBUTES
from tests.peers.twilio.webhooks import Delivery

__all__ = [
    "ATTRIBUTES",
    "KNOWN_PARAMETERS",
    "Call",
    "Delivery",
    "DropSocket",
    "FakeTwilio",
    "HangUp",
    "Hear",
    "HearEnd",
    "Network",
    "Outcome",
    "Person",
    "Press",
    "Quiet",
    "Signer",
    "Speak",
    "StreamRecord",
    "sign",
]
