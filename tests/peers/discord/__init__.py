"""A Discord on loopback, for the unmodified discord.py and the unmodified program.

REST, main gateway (version 10), voice gateway (version 8) and media server, with real TLS, real
transport encryption, and real DAVE (MLS) encryption from end to end. Its people speak real Opus
and hear what the bot says.

In a test::

    async with FakeDiscord() as discord:
        discord.add_channel(700, "Lounge")
        ann = discord.add_user(2001, "ann", display_name="Ann")
        client = discord_py.Client(intents=..., connector=discord.connector())
        ...                                    # log in with discord.token
        await ann.join(700)
        answer = await ann.run("join")         # a slash command
        assert "Lounge" in await answer.finished()
        await until(lambda: ann.e2ee)
        spoken = await ann.say(Path("question.wav"))
        heard_at = await ann.ears.until_audible()
        quiet_at = await ann.ears.until_quiet(pause=1.0)
        speech = ann.ears.pcm(rate=16_000)

The program as a subprocess is pointed at ``127.0.0.1:{discord.port}`` with
``discord.ca_file`` and ``discord.token``. ``python -m tests.peers.discord`` runs a Discord with a
few people and channels by itself, for trying things by hand.

What goes wrong on demand:

- ``discord.rest.limit`` and ``fail``; a wrong token is refused by itself.
- ``discord.gateway``: ``allowed_intents``, ``close``, ``drop``, ``request_reconnect``,
  ``invalidate``, ``expire``, ``identifies_left``, ``answers_heartbeats``.
- ``discord.voice[-1]``: ``close``, ``drop``, ``send_junk``, ``hold`` and ``release``,
  ``garbled_op``; ``discord.voice_gateway``: ``modes``,
  ``idle_limit``, ``answers_resume``, ``answers_heartbeats``; ``discord.media.lost_discoveries``.
- ``discord``: ``kick_bot``, ``move_bot``, ``move_voice_server``, ``update_bot``; ``Channel``:
  ``user_limit``, ``denied``; ``discord.rooms[id]``: ``downgrade``, ``reset_group``, ``mislead``,
  ``version``.
- people: ``network`` (:class:`Impairments`), ``commit_delay``, ``turn_camera``, ``send_silence``.
"""

from tests.peers.discord.ears import Ears, HeardPacket, Utterance
from tests.peers.discord.interactions import CallbackKind, Interaction, Response
from tests.peers.discord.opcodes import (
    ChannelKind,
    GatewayClose,
    GatewayOp,
    Intent,
    Permission,
    VoiceClose,
    VoiceOp,
)
from tests.peers.discord.room import Room
from tests.peers.discord.rtp import MODES, EncryptionMode, Impairments
from tests.peers.discord.server import FakeDiscord
from tests.peers.discord.sound import correlation, speech_like
from tests.peers.discord.user import FakeUser, Spoken
from tests.peers.discord.voice_session import VoiceSession
from tests.peers.discord.waiting import GUARD, until

__all__ = [
    "GUARD",
    "MODES",
    "CallbackKind",
    "ChannelKind",
    "Ears",
    "EncryptionMode",
    "FakeDiscord",
    "FakeUser",
    "GatewayClose",
    "GatewayOp",
    "HeardPacket",
    "Impairments",
    "Intent",
    "Interaction",
    "Permission",
    "Response",
    "Room",
    "Spoken",
    "Utterance",
    "VoiceClose",
    "VoiceOp",
    "VoiceSession",
    "correlation",
    "speech_like",
    "until",
]
