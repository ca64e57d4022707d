"""Sans-I/O: from datagrams to everyone's voice.

Tell :class:`Receiver` what came from the media server and the voice gateway,
and when; take out what was heard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from discord_bot.dave import DaveKeys
from discord_bot.health import DeafWatch, ReceiveStats
from discord_bot.opus import FRAME_SECONDS, OpusDecoder, OpusError, OpusLibrary
from discord_bot.playout import Arrival, Conceal, Play, Playout, Recover, Restart, SpeakerTime, Step
from discord_bot.rtp import (
    RTP_RATE,
    SILENCE,
    PacketError,
    TransportDecryptionError,
    open_audio,
)
from discord_bot.speakers import Opened, Speakers
from pipeline.audio import HEARING_RATE, AudioFrame, Samples
from pipeline.interfaces import HeardEvent, ParticipantLeft, VoiceStopped

SILENCE_KEPT = 5
"""Packets of silence in a row that are passed on, enough for the last word to end. Clients with a
camera send them without end: silence is the passing of time, and need not be listened to."""

STOPPED = 2
"""Packets of silence in a row that say that a client stops sending; one may be a hiccup."""

_FRAME_TICKS = round(RTP_RATE * FRAME_SECONDS)


class _Voice:
    """What is kept per speaker."""

    def __init__(self, user_id: int, ssrc: int, library: OpusLibrary) -> None:
        self.ssrc = ssrc
        self.playout = Playout()
        self.undecodable = 0
        self._speaker = str(user_id)
        self._library = library
        self._decoder = OpusDecoder(library)
        self._time = SpeakerTime()
        self._silences = 0

    def events(self) -> Iterator[AudioFrame | VoiceStopped]:
        """Decode what is due, and tell when the client marks the end of speech."""
        while (step := self.playout.next_step()) is not None:
            frame = self._frame(step)
            if frame is not None:
                yield frame
                if self._silences == STOPPED:
                    yield VoiceStopped(self._speaker, frame.end)

    def _frame(self, step: Step) -> AudioFrame | None:
        try:
            match step:
                case Play(packet):
                    return self._play(packet)
                case Recover(following):
                    samples = self._decoder.recover(following.opus)
                    timestamp = following.timestamp - _FRAME_TICKS
                    return self._placed(samples, timestamp, following.at)
                case Conceal(timestamp, at):
                    return self._placed(self._decoder.conceal(), timestamp, at)
                case Restart():
                    self._decoder = OpusDecoder(self._library)
                    self._time.pause()
                    return None
                case _:
                    assert_never(step)
        except OpusError:
            self.undecodable += 1
            self._decoder = OpusDecoder(self._library)
            return None

    def _play(self, packet: Arrival) -> AudioFrame | None:
        silent = packet.opus == SILENCE
        self._silences = self._silences + 1 if silent else 0
        if self._silences > SILENCE_KEPT:
            return None
        frame = self._placed(self._decoder.decode(packet.opus), packet.timestamp, packet.at)
        if silent:
            self._time.pause()
        return frame

    def _placed(self, samples: Samples, timestamp: int, arrived: float) -> AudioFrame:
        at = self._time.place(timestamp, len(samples) / HEARING_RATE, arrived)
        return AudioFrame(self._speaker, samples, at)


@dataclass(slots=True)
class _Counts:
    packets: int = 0
    transport_failures: int = 0
    malformed: int = 0
    lost: int = 0
    late: int = 0
    undecodable: int = 0
    last_heard_at: float | None = None

    def add(self, voice: _Voice) -> None:
        """Take over what a voice has counted, which is then forgotten."""
        self.lost += voice.playout.lost
        self.late += voice.playout.refused
        self.undecodable += voice.undecodable


class Receiver:
    """Everyone's voice in one voice connection.

    After any ``receive_*`` call and :meth:`handle_timer`, drain
    :meth:`next_event` and arm a timer for :meth:`get_timer`.

    Args:
        keys: End-to-end encryption.
        library: libopus.
        is_person: Tells whether somebody is to be heard: other bots are not.

    """

    def __init__(
        self, keys: DaveKeys, library: OpusLibrary, is_person: Callable[[int], bool]
    ) -> None:
        self.watch = DeafWatch()
        self._keys = keys
        self._library = library
        self._is_person = is_person
        self._speakers = Speakers(keys)
        self._voices: dict[int, _Voice] = {}
        self._heard: set[int] = set()
        self._events: deque[HeardEvent] = deque()
        self._counts = _Counts()

    @property
    def present(self) -> frozenset[int]:
        """Users in the media session, as far as Discord has told."""
        return frozenset(self._speakers.present)

    @property
    def heard(self) -> frozenset[int]:
        """Users of whom something was heard since they came."""
        return frozenset(self._heard)

    def receive_datagram(self, datagram: bytes, *, key: bytes, own_ssrc: int, now: float) -> None:
        """Take in what came from the media server.

        Args:
            datagram: Anything that arrived.
            key: The media session's, as it is now.
            own_ssrc: The bot's, as it is now.
            now: When it arrived, in seconds.

        """
        try:
            packet = open_audio(datagram, key)
        except TransportDecryptionError:
            self._counts.transport_failures += 1
            self.watch.receive_sign(now)
            return
        except PacketError:
            self._counts.malformed += 1
            return
        if packet is None or packet.ssrc == own_ssrc:
            return
        self._counts.packets += 1
        if packet.payload != SILENCE:
            self.watch.receive_sign(now)
        self._speakers.receive_packet(packet, now)
        self._hear_opened()

    def receive_speaking(self, ssrc: int, user_id: int, *, speaks: bool, now: float) -> None:
        """Take in whose an SSRC is, and whether they speak now (op 5)."""
        if speaks and self._is_person(user_id):
            self.watch.receive_sign(now)
        self._speakers.receive_speaking(ssrc, user_id, now)
        self._hear_opened()

    def receive_present(self, user_ids: Iterable[int]) -> None:
        """Take in who is in the media session, or enters it (op 11)."""
        self._speakers.receive_present(user_ids)

    def receive_left(self, user_id: int, now: float) -> None:
        """Take in that someone left (op 13, or by their voice state)."""
        self._speakers.receive_left(user_id)
        self._end_voice(user_id)
        if user_id in self._heard:
            self._heard.discard(user_id)
            self._events.append(ParticipantLeft(str(user_id), now))

    def receive_identified(self) -> None:
        """Take in that a media session begins (op 2): who is in it will be told."""
        self._speakers.present.clear()

    def receive_new_session(self) -> None:
        """Take in that the media session has new keys and SSRCs (op 4)."""
        self._speakers.receive_new_session()
        self._keys.receive_new_session()
        for user_id in list(self._voices):
            self._end_voice(user_id)

    def get_timer(self) -> float | None:
        """When to call :meth:`handle_timer`, in seconds; ``None`` for never."""
        timers = [self._speakers.get_timer()]
        timers += [voice.playout.get_timer() for voice in self._voices.values()]
        return min((at for at in timers if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Let time pass: packets have been waited for long enough."""
        self._speakers.handle_timer(now)
        self._hear_opened()
        for user_id, voice in self._voices.items():
            voice.playout.handle_timer(now)
            self._hear(user_id, voice)

    def next_event(self) -> HeardEvent | None:
        """Take out what was heard next, or ``None``."""
        return self._events.popleft() if self._events else None

    def stats(self, *, recoveries: int = 0, overflowed: int = 0) -> ReceiveStats:
        """Return what came of everything so far."""
        counts, keys, speakers = self._counts, self._keys, self._speakers
        voices = self._voices.values()
        return ReceiveStats(
            packets=counts.packets,
            transport_failures=counts.transport_failures,
            malformed=counts.malformed,
            encrypted=keys.opened,
            passed_through=keys.passed_through,
            dave_failures={one.value: count for one, count in keys.failures.items()},
            recoveries=recoveries,
            held=speakers.held,
            expired=speakers.expired,
            identified=speakers.identified,
            lost=counts.lost + sum(voice.playout.lost for voice in voices),
            late=counts.late + speakers.repeated + sum(voice.playout.refused for voice in voices),
            undecodable=counts.undecodable + sum(voice.undecodable for voice in voices),
            overflowed=overflowed,
            last_heard_at=counts.last_heard_at,
        )

    def _hear_opened(self) -> None:
        while (opened := self._speakers.next_opened()) is not None:
            if self._is_person(opened.user_id):
                voice = self._voice(opened)
                voice.playout.receive(opened.packet)
                self._hear(opened.user_id, voice)
            else:
                self.watch.receive_sound()  # it could have been heard

    def _voice(self, opened: Opened) -> _Voice:
        voice = self._voices.get(opened.user_id)
        if voice is not None and voice.ssrc != opened.ssrc:
            self._end_voice(opened.user_id)
            voice = None
        if voice is None:
            voice = _Voice(opened.user_id, opened.ssrc, self._library)
            self._voices[opened.user_id] = voice
        return voice

    def _hear(self, user_id: int, voice: _Voice) -> None:
        for event in voice.events():
            self._events.append(event)
            if isinstance(event, AudioFrame):
                self._heard.add(user_id)
                self._counts.last_heard_at = event.end
                self.watch.receive_sound()

    def _end_voice(self, user_id: int) -> None:
        voice = self._voices.pop(user_id, None)
        if voice is not None:
            voice.playout.flush()
            self._hear(user_id, voice)
            self._counts.add(voice)
