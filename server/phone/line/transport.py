"""A telephone call as the pipeline sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from pipeline.clock import Clock
from pipeline.interfaces import HeardEvent, Participant, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger
from server.phone.audio.caller_sound import CallerSound, CallerVoice, PhoneSound
from server.phone.audio.g711 import PHONE_RATE, ULAW_SILENCE, encode_ulaw
from server.phone.audio.playout import LEAD, PlayedSound
from server.phone.audio.recorder import Recorder
from server.phone.audio.stereo import Side
from server.phone.audio.stream_messages import Media
from server.phone.line.playback import PhonePlayback
from server.phone.line.sound_queue import SoundQueue

LONGEST_GAP: Final = 30.0
"""Seconds of lost sound that are filled with silence, where the sound has to keep its time."""


class PhoneTransport:
    """One person talks on the telephone, and hears the bot there.

    An :class:`~server.phone.engines.engine.EngineLine`. It lasts as long as the call and outlives
    its media streams, of which a second may take the place of one that broke.

    Args:
        caller: The other side, whoever called.
        clock: The conversation clock.
        lead: Seconds of replies sent ahead of what is played.

    """

    def __init__(
        self,
        caller: Participant,
        clock: Clock,
        *,
        lead: float = LEAD,
    ) -> None:
        self._caller = caller
        self._clock = clock
        self._recorder: Recorder | None = None
        self._frames = SoundQueue[HeardEvent]()
        self._ulaw = SoundQueue[bytes]()
        self._ulaw_until: float | None = None
        self._sound = CallerSound()
        self._voice = CallerVoice(caller.id)
        self.playback = PhonePlayback(clock, self._record_played, lead)
        """What the caller hears, as the media stream sees it."""

    @property
    def ledger(self) -> PlaybackLedger:
        """What was really played, up to now."""
        return self.playback.ledger

    def participants(self) -> Sequence[Participant]:
        """Return the other side, who is there as long as the call."""
        return (self._caller,)

    def events(self) -> AsyncIterator[HeardEvent]:
        """Return the caller's voice, until :meth:`close`. Cancelling is safe."""
        return self._frames.take()

    def caller_ulaw(self) -> AsyncIterator[bytes]:
        """Return the same voice as mu-law, what was lost filled up. Cancelling is safe."""
        return self._ulaw.take()

    async def play(self, audio: ReplyAudio) -> None:
        """Queue audio; returns when there is room for more.

        Raises:
            AudioError: The call is over, or its sound no longer arrives.

        Cancelling leaves what was queued before.

        """
        await self.playback.play(audio)

    def play_ulaw(self, piece: int, ulaw: bytes, *, text: str = "") -> None:
        """Queue sound that is mu-law already; never waits.

        Args:
            piece: Number of the piece; grows over the call.
            ulaw: The sound.
            text: The words of the whole piece, where they are known.

        """
        self.playback.play_ulaw(piece, ulaw, text=text)

    async def drain(self) -> None:
        """Wait until all queued audio was heard or dropped. Cancelling is safe.

        Raises:
            AudioError: It never will be.

        """
        await self.playback.drain()

    def set_volume(self, volume: Volume) -> None:
        """Change how loud replies are, from the next sample heard on."""
        self.playback.set_volume(volume)

    def stop(self) -> None:
        """Drop queued audio, also what Twilio holds; what comes next has full volume."""
        self.playback.stop()

    def forget_heard(self) -> None:
        """Drop what the caller has said and nobody has taken yet."""
        self._frames.clear()
        self._ulaw.clear()

    def record_with(self, recorder: Recorder) -> None:
        """Have both sides recorded from now on. Finishing it is the caller's."""
        self._recorder = recorder

    # What the media stream does.

    def connect(self) -> None:
        """Take in that a media stream begins."""
        self._sound = CallerSound()  # its timestamps begin anew
        self.playback.connect()

    def disconnect(self) -> None:
        """Take in that it is gone; another may follow."""
        self.playback.disconnect()

    def receive(self, media: Media) -> None:
        """Take in what the caller says."""
        now = self._clock.now()
        sound = self._sound.receive(media, now)
        if self._recorder is not None:
            self._recorder.record(Side.CALLER, sound.at, sound.samples, now)
        self._ulaw.put(self._silence_before(sound) + encode_ulaw(sound.samples))
        for frame in self._voice.hear(sound):
            self._frames.put(frame)

    def close(self) -> None:
        """End the call: :meth:`events` returns, nothing more is played. Harmless twice."""
        self._frames.close()
        self._ulaw.close()
        self.playback.close()

    def _record_played(self, played: PlayedSound) -> None:
        if self._recorder is not None:
            self._recorder.record(Side.BOT, played.at, played.samples, self._clock.now())

    def _silence_before(self, sound: PhoneSound) -> bytes:
        """Return what fills the gap before a sound that does not follow the last one."""
        until, self._ulaw_until = self._ulaw_until, sound.at + len(sound.samples) / PHONE_RATE
        if sound.follows or until is None:
            return b""
        gap = min(max(0.0, sound.at - until), LONGEST_GAP)
        return ULAW_SILENCE * round(gap * PHONE_RATE)
