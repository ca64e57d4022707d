"""One call as a conversation of our own pipeline."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pipeline.cast import Cast, Persona
from pipeline.clock import Clock
from pipeline.config import PipelineConfig
from pipeline.conversation import Conversation
from pipeline.engines import Engines
from pipeline.interfaces import Question
from pipeline.speech_text import CallDirective
from pipeline.turn_record import TurnRecord
from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import CallPhase, EndReason
from server.phone.calls.watch import AskWhetherSomebodyIsThere, CallWatch, SayGoodbye
from server.phone.engines.announcer import Announced, Announcer
from server.phone.engines.call_agent import CallAgent, briefing
from server.phone.engines.call_directives import read_directive
from server.phone.engines.caller_ear import CallerEar
from server.phone.engines.engine import (
    AgentSaid,
    CallDesk,
    CallerHeard,
    CallerSaid,
    CallerSpeaks,
    CallReported,
    EngineCall,
    EngineEnd,
    EngineLine,
    PhaseChanged,
    SendDigits,
    Transfer,
    WishRefusedError,
)
from server.phone.engines.keypad import Keypad
from server.phone.engines.talk_line import TalkLine

LOOK: Final = 0.1
"""Seconds between one look at what goes on in the call and the next."""

ENDING: Final = 2.0
"""Seconds in which the conversation has to come to its end, once nobody listens any more."""

_WAITS: Final = {"thinking_wait": 2 / 3, "words_wait": 1.0, "unknown_wait": 5 / 3}
"""Waits of :class:`~pipeline.config.SoundsConfig` that are long on the telephone, where silence
sounds like a broken line; by the seconds after which words are said."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all calls of this kind have in common."""

    engines: Engines
    """Models and servers, and the agents."""

    pipeline: PipelineConfig
    limits: LimitsConfig
    """Of these only how long nobody may say anything."""

    clock: Clock
    """The conversation clock, of the lines as well."""

    began: datetime
    """Wall time at the clock's zero, with its time zone."""

    on_turn: Callable[[TurnRecord], None]
    """Gets the record of every finished turn."""

    barge_in: float = 0.12
    """Seconds of the caller's speech that interrupt what is no reply."""

    filler_after: float = 1.2
    """Seconds that an answer must be expected to take for a few words meanwhile."""


@dataclass(frozen=True, slots=True)
class _Words:
    """Something to be said when nobody speaks."""

    words: AsyncGenerator[str]
    protected: bool = False
    by_agent: bool = False
    """Whether the agent wrote them, who then knows of them."""


class LocalSession:
    """One call's talk: a :class:`~pipeline.conversation.Conversation`, and what comes beside it.

    Beside it are words that answer no turn (the opening, a question into silence), keys, and what
    the agent's replies ask of the call.

    Args:
        call: What is known of the call.
        line: Its sound.
        desk: The rest of the telephone.
        persona: How the agent sounds.
        around: What all calls have in common.

    """

    def __init__(
        self,
        call: EngineCall,
        line: EngineLine,
        desk: CallDesk,
        persona: Persona,
        around: Surroundings,
    ) -> None:
        self._call = call
        self._desk = desk
        self._around = around
        self._clock = around.clock
        self._line = TalkLine(line, around.clock)
        self._ear = CallerEar(around.engines.vad, around.pipeline.vad)
        self._agent = CallAgent(
            around.engines.agent, briefing(call), lambda text: desk.tell(CallerHeard(text))
        )
        self._cast = Cast({call.agent: persona}, call.agent, None, lambda *_: call.session_key)
        engines = replace(around.engines, vad=self._ear, agent=self._agent)
        self._announcer = Announcer(
            self._line, engines, self._cast, self._ear, self._clock, self._tell, around.barge_in
        )
        self._conversation = Conversation(
            f"call:{call.id}",
            transport=self._line,
            engines=engines,
            cast=self._cast,
            clock=self._clock,
            config=phone_config(around.pipeline, around.filler_after),
            began=around.began,
            on_turn=self._receive_turn,
        )
        self._to_say: asyncio.Queue[_Words] = asyncio.Queue()
        self._wishes: asyncio.Queue[CallDirective] = asyncio.Queue()
        self._keypad = Keypad(self._clock, self._tell_keys)
        self._end: EngineEnd | None = None
        self._last_words = ""
        self._cast.call = self._wishes.put_nowait

    async def run(self) -> EngineEnd:
        """Talk until the call is over."""
        if self._call.opening:
            self._put(self._call.opening, protected=self._call.protect_opening)
        async with asyncio.TaskGroup() as tasks:
            beside = [
                tasks.create_task(work, name=f"call:{self._call.id} {name}")
                for name, work in (
                    ("line", self._line.run()),
                    ("words", self._say_words()),
                    ("wishes", self._carry_out_wishes()),
                    ("silence", self._look()),
                )
            ]
            talking = tasks.create_task(self._conversation.run(), name=f"call:{self._call.id}")
            await self._line.ended.wait()
            for one in beside:
                one.cancel()
            await self._come_to_end(talking)
        self._keypad.close()
        if self._last_words:
            await self._say_last()
        return self._end or EngineEnd(EndReason.HUNG_UP)

    def press(self, digit: str) -> None:
        """Take in that the other side has pressed a key."""
        if not self._line.ended.is_set():
            self._keypad.press(digit)

    def say(self, text: str, *, interrupt: bool = False) -> None:
        """Say something as it is, as soon as nobody speaks."""
        if self._line.ended.is_set():
            return
        if interrupt:
            self._line.skip()
        self._put(text)

    def inform(self, text: str) -> None:
        """Let the agent know something, with the next thing that is said to it."""
        self._agent.inform(text)

    def update(self, *, instructions: str | None = None, voice: str | None = None) -> None:
        """Change what the agent is told, or its voice."""
        if instructions is not None:
            self._agent.inform(f"New instructions for this call: {instructions}")
        if voice is not None:
            persona = self._cast.persona(self._call.agent)
            self._cast.personas = {self._call.agent: replace(persona, voice=voice)}

    def finish(self, words: str, reason: EndReason) -> None:
        """Break off, listen no more, say these words as they are, and end for this reason."""
        if not self._line.ended.is_set():
            self._last_words = words
            self._finish(EngineEnd(reason))

    # Ending.

    def _finish(self, end: EngineEnd) -> None:
        if not self._line.ended.is_set():
            self._end = end
            self._line.end()

    async def _come_to_end(self, talking: asyncio.Task[None]) -> None:
        """Let the conversation record what was said; it hears nothing more."""

        def give_up() -> None:
            talking.cancel()

        timer = self._clock.call_at(self._clock.now() + ENDING, give_up)
        try:
            await asyncio.wait({talking})
        finally:
            timer.cancel()

    async def _say_last(self) -> None:
        words = _words(self._last_words)
        await self._announcer.say(words, self._call.language, protected=True)

    # Words that answer no turn.

    def _put(self, text: str, *, protected: bool = False) -> None:
        self._to_say.put_nowait(_Words(_words(text), protected))

    async def _say_words(self) -> None:
        while True:
            words = await self._to_say.get()
            while self._ear.speaks or self._phase() is not CallPhase.LISTENING:
                await self._clock.sleep_until(self._clock.now() + LOOK)
            language = self._call.language
            said = await self._announcer.say(words.words, language, protected=words.protected)
            if words.by_agent:
                self._agent.receive_answered()
            if said.interrupted and said.spoken.text:
                self.inform(f"You were interrupted. Of your last words was heard: “{said.heard}”")
            elif said.spoken.failure is None:
                self._cast.carry_out_calls(said.spoken.calls)

    def _tell_keys(self, keys: str) -> None:
        """Ask the agent what to do about keys."""
        question = Question(
            f"(I pressed these keys of my telephone: {keys})",
            self._call.caller,
            self._call.agent,
            f"call:{self._call.id}",
            self._call.session_key,
        )
        self._desk.tell(CallerSaid(self._clock.now(), f"(keys {keys})"))
        self._to_say.put_nowait(_Words(self._agent.ask(question), by_agent=True))

    # What goes on.

    def _phase(self) -> CallPhase:
        if not self._line.is_silent:
            return CallPhase.SPEAKING
        return CallPhase.THINKING if self._agent.thinking else CallPhase.LISTENING

    async def _look(self) -> None:
        """Tell what goes on, and ask into a silence that lasts."""
        watch = CallWatch(self._around.limits, math.inf, self._clock.now())
        told: CallPhase | None = None
        spoke = False
        while True:
            phase = self._phase()
            if phase is not told:
                told = phase
                self._desk.tell(PhaseChanged(phase))
            if self._ear.speaks and not spoke:
                self._desk.tell(CallerSpeaks(self._clock.now()))
            spoke = self._ear.speaks
            self._step_silence(watch, phase)
            await self._clock.sleep_until(self._clock.now() + LOOK)

    def _step_silence(self, watch: CallWatch, phase: CallPhase) -> None:
        now = self._clock.now()
        if self._ear.speaks:
            watch.caller_speaks()
        elif phase is CallPhase.LISTENING:
            watch.nobody_speaks(now)
        else:
            watch.agent_is_busy()
        for action in watch.step(now):
            if isinstance(action, AskWhetherSomebodyIsThere):
                self._put(self._call.still_there)
            elif isinstance(action, SayGoodbye):
                self.finish(self._call.nobody_there, action.reason)

    def _receive_turn(self, record: TurnRecord) -> None:
        self._around.on_turn(record)
        at, seconds = self._line.take_reply()
        if record.text or record.error:
            self._desk.tell(CallerSaid(record.start, record.text))
        if not record.reply:
            return
        cut = self._line.ended.is_set() and record.heard != record.reply
        total = record.latency_ms.get("total")
        self._desk.tell(
            AgentSaid(
                at,
                record.reply,
                record.heard,
                seconds,
                record.interrupted or cut,
                None if total is None else total / 1000.0,
            )
        )
        self._agent.receive_answered()

    def _tell(self, said: Announced) -> None:
        if said.spoken.text:
            self._desk.tell(
                AgentSaid(said.at, said.spoken.text, said.heard, said.seconds, said.interrupted)
            )

    # What replies ask of the call.

    async def _carry_out_wishes(self) -> None:
        while True:
            wish = read_directive(await self._wishes.get())
            match wish:
                case EngineEnd():
                    self._finish(wish)
                case CallReported():
                    self._desk.tell(wish)
                    self._finish(EngineEnd(EndReason.AGENT))
                case Transfer() | SendDigits():
                    await self._grant(wish)
                case str():
                    self.inform(wish)

    async def _grant(self, wish: Transfer | SendDigits) -> None:
        try:
            await self._desk.grant(wish)
        except WishRefusedError as error:
            self.inform(f"What you wanted of the call was not done: {error}")


def phone_config(config: PipelineConfig, filler_after: float) -> PipelineConfig:
    """Return the settings of a conversation, with the telephone's shorter waits.

    Args:
        config: The settings of all conversations.
        filler_after: Seconds that an answer must be expected to take for words meanwhile.

    """
    waits = {name: part * filler_after for name, part in _WAITS.items()}
    shorter = {name: min(wait, getattr(config.sounds, name)) for name, wait in waits.items()}
    return config.model_copy(update={"sounds": config.sounds.model_copy(update=shorter)})


async def _words(text: str) -> AsyncGenerator[str]:
    yield text
