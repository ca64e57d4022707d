"""An OpenAI Realtime service on loopback: WebSocket sessions, SIP calls over REST, webhooks.

Whatever the program sends is checked against the types of OpenAI's own SDK (also for fields the
SDK does not know), then against rules that types cannot hold. Whatever the fake sends is checked
against the SDK's types before it leaves.

In a test::

    script = [Say("Hello", 1.2), CallTool("ask_openclaw", {"request": "calendar"}), Say("Done")]
    async with FakeOpenAI(script, heard=["what is on my calendar"]) as openai:
        ...                             # the program connects to openai.websocket_url
        session = await openai.next_session()
        assert not session.errors
        session.received                # events of the program, in order

What goes wrong on demand: the step ``Fail`` (a response that fails, as when a rate limit is hit);
``openai.refuse`` (the next handshake); ``session.expire()`` (its hour is over), ``session.drop()``
(the network breaks); ``openai.calls.ring(…, tampered=True)``.
"""

from tests.peers.openai_realtime.script import CallTool, Fail, Say
from tests.peers.openai_realtime.server import FakeOpenAI
from tests.peers.openai_realtime.session import RealtimeSession
from tests.peers.openai_realtime.sip import SipCall

__all__ = ["CallTool", "Fail", "FakeOpenAI", "RealtimeSession", "Say", "SipCall"]
