"""One call in which a message is left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Final

from pipeline.audio import HEARING_RATE, VAD_WINDOW, AudioFrame, Samples
from pipeline.cast import Cast, Persona
from pipeline.errors import AudioError, VoiceActivityError
from pipeline.hearing import Windows
from pipeline.interfaces import ReplyAudio, VoiceStream
from pipeline.speech_gate import SpeechGate
from pipeline.waiting_sounds import NO_PIECE
from server.phone.calls.config import InboundConfig
from server.phone.calls.status import CallPhase, EndReason
from server.phone.engines.announcer import Announced, Announcer
from server.phone.engines.caller_ear import CallerEar
from server.phone.engines.engine import (
    AgentSaid,
    CallDesk,
    CallerSpeaks,
    EngineCall,
    EngineEnd,
    EngineLine,
    MessageInvited,
    MessageLeft,
    PhaseChanged,
)
from server.phone.engines.local_session import Surroundings
from server.phone.line.playback import CallOverError
from server.phone.messages.beep import beep
from server.phone.messages.message_watch import MessageOver, MessageWatch

logger = logging.getLogger(__name__)

_UNSAID: Final = "the greeting could not be spoken, without which no message is recorded"


class MessageSession:
    """Says the greeting, gives the tone, listens until the message is over, and thanks.

    No agent is asked and no session written to. Listening here finds out only whether somebody
    speaks: the sound is kept by the rest of the telephone, from the tone on. Where the greeting,
    which says that it is, cannot be spoken, no message is taken.

    Args:
        call: What is known of the call; its opening is the greeting.
        line: Its sound.
        desk: The rest of the telephone.
        persona: How the voice sounds.
        config: How long a message may be, and the thanks.
        around: What all calls have in common.

    """

    def __init__(
        self,
        call: EngineCall,
        line: EngineLine,
        desk: CallDesk,
        persona: Persona,
        config: InboundConfig,
        around: Surroundings,
    ) -> None:
        self._call = call
        self._line = line
        self._desk = desk
        self._config = config
        self._around = around
        self._gate = SpeechGate(around.pipeline.vad)
        self._watch: MessageWatch | None = None
        self._over = asyncio.Event()
        self._end: EngineEnd | None = None
        self._last_words = ""
        self._deaf = False
        self._announcer = Announcer(
            line,
            around.engines,
            Cast({call.agent: persona}, call.agent, None),
            CallerEar(around.engines.vad, around.pipeline.vad),  # nobody interrupts these words
            around.clock,
            self._receive_said,
            around.barge_in,
        )

    async def run(self) -> EngineEnd:
        """Take the message."""
        async with asyncio.TaskGroup() as tasks:
            name = f"call:{self._call.id} message"
            hearing = tasks.create_task(self._hear(), name=name)
            greeting = tasks.create_task(self._greet(), name=f"{name} greeting")
            await self._over.wait()
            hearing.cancel()
            greeting.cancel()
        if self._last_words:
            self._line.stop()
            self._desk.tell(PhaseChanged(CallPhase.SPEAKING))
            await self._say(self._last_words)
        return self._end or EngineEnd(EndReason.HUNG_UP)

    def press(self, digit: str) -> None:
        """Take in a key: the last one ends the message."""
        if self._watch is not None:
            self._watch.press(digit)
            self._look()

    def say(self, text: str, *, interrupt: bool = False) -> None:
        """Say nothing: a message is no talk."""

    def inform(self, text: str) -> None:
        """Let nobody know: there is no agent."""

    def update(self, *, instructions: str | None = None, voice: str | None = None) -> None:
        """Change nothing."""

    def finish(self, words: str, reason: EndReason) -> None:
        """Listen no more, say these words instead of the thanks, and end for this reason."""
        self._finish(EngineEnd(reason), words)

    # What is said.

    async def _greet(self) -> None:
        """Say the greeting and give the tone; from then on the message may come."""
        greeting = await self._say(self._call.opening)
        if isinstance(greeting.spoken.failure, CallOverError):
            return  # who listens finds that they hung up
        if greeting.spoken.failure is not None:
            self._finish(EngineEnd(EndReason.ENGINE, error=_UNSAID), "")
            return
        try:
            await self._line.play(ReplyAudio(NO_PIECE, "", beep()))
            await self._line.drain()
            self._line.ledger.forget(NO_PIECE)
        except CallOverError:
            return
        except AudioError as error:
            self._finish(EngineEnd(EndReason.ENGINE, error=str(error)), "")
            return
        now, config = self._around.clock.now(), self._config
        self._watch = MessageWatch(
            now, longest=config.longest_message, silence=config.message_silence
        )
        self._desk.tell(MessageInvited(now))
        self._desk.tell(PhaseChanged(CallPhase.LISTENING))

    async def _say(self, text: str) -> Announced:
        return await self._announcer.say(_words(text), self._call.language, protected=True)

    def _receive_said(self, said: Announced) -> None:
        if said.spoken.text:
            cut = said.heard != said.spoken.text
            self._desk.tell(AgentSaid(said.at, said.spoken.text, said.heard, said.seconds, cut))

    # What is heard.

    async def _hear(self) -> None:
        """Listen until the caller hangs up."""
        windows = Windows()
        voice = self._around.engines.vad.open()
        try:
            async for event in self._line.events():
                if isinstance(event, AudioFrame) and self._watch is not None:
                    for start, window in windows.push(event):
                        await self._listen(self._watch, voice, start, window)
        finally:
            voice.close()
        if self._watch is None:
            self._finish(EngineEnd(EndReason.HUNG_UP), "")
        else:
            self._watch.hang_up()
            self._look()

    async def _listen(
        self, watch: MessageWatch, voice: VoiceStream, start: float, window: Samples
    ) -> None:
        try:
            probability = await voice.score(window)
        except VoiceActivityError as error:
            # It must cost nobody their message, which then ends by a key or at its longest.
            probability = 1.0
            if not self._deaf:
                logger.error("call:%s: %s", self._call.id, error)  # noqa: TRY400 - no bug
            self._deaf = True
        end = start + VAD_WINDOW / HEARING_RATE
        known = watch.is_message
        watch.receive(self._gate.receive(probability, start=start, end=end), end)
        if watch.is_message and not known:
            self._desk.tell(CallerSpeaks(end))
            self._desk.tell(MessageLeft(watch.began))
        self._look()

    # Ending.

    def _look(self) -> None:
        """End, if the message is over."""
        watch = self._watch
        if watch is None or watch.over is None:
            return
        if watch.over is MessageOver.HUNG_UP:
            self._finish(EngineEnd(EndReason.HUNG_UP), "")
        elif watch.is_message:
            self._finish(EngineEnd(EndReason.MESSAGE_TAKEN), self._config.message_thanks)
        else:
            self._finish(EngineEnd(EndReason.SILENCE), "")

    def _finish(self, end: EngineEnd, words: str) -> None:
        """End, with some last words; what ended it first stands."""
        if self._end is None:
            self._end, self._last_words = end, words
            self._over.set()


async def _words(text: str) -> AsyncGenerator[str]:
    yield text
