"""With which voice, and how fast, an agent speaks.

An agent has a voice of its own, and a pace. A guild may choose others for it (``/voice``, or by
asking aloud), the agent may ask for another in its reply, and a reply in another language is spoken
by a voice of that language where there is one: as like to the agent's own as can be, and another
one than that of the other agents.

Sans I/O.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import assert_never

from pipeline.speech_text import VoiceDirective
from pipeline.spoken_requests import PaceRequest, SpokenRequest, VoiceRequest, WhichVoice
from pipeline.voice_names import (
    ASSUMED,
    DEFAULT,
    VARIANTS,
    Kind,
    ServerVoices,
    VoiceName,
    primary,
    read_voice,
)

SLOWEST, FASTEST = 0.5, 2.0
"""Speeds that can be asked for: beyond them hardly anybody understands a word."""

_CLEAREST = 8
"""Of espeak's speakers, so many are told from one another at once."""

_GRAIN = 0.05
"""Speeds are a multiple of this."""


@dataclass(frozen=True, slots=True)
class ChosenVoice:
    """How something is to be spoken."""

    name: str
    """As the speech server names it."""

    speed: float
    """1 is the voice's usual pace."""


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """What people chose for an agent; ``None`` is as in the settings."""

    voice: str | None = None
    speed: float | None = None


def bounded(speed: float) -> float:
    """Return the speed nearest to one that was asked for."""
    return round(min(max(round(speed / _GRAIN) * _GRAIN, SLOWEST), FASTEST), 2)


def deal_voices(
    agents: AbstractSet[str], server: ServerVoices, *, language: str, taken: AbstractSet[str]
) -> dict[str, str]:
    """Give every agent a voice of its own, of those that the server has.

    It is the same one after every start, and stays so when other agents come or go, unless two
    want the same.

    Args:
        agents: Ids of those that have none.
        server: Its voices.
        language: What is spoken, as an ISO 639-1 code.
        taken: Voices that others have.

    Returns:
        A voice by agent, where the server has any: not one that is taken if there are others.

    """
    pool = _pool(server, language)
    used = {_sound(server, name) for name in taken}
    dealt: dict[str, str] = {}
    for agent in sorted(agents):
        order = sorted(pool, key=lambda name: _lot(agent, name))
        free = [name for name in order if _sound(server, name) not in used]
        spare = [name for name in server.names if name.lower() == DEFAULT]
        if not (choice := [*free, *spare, *order]):
            break
        dealt[agent] = choice[0]
        used.add(_sound(server, choice[0]))
    return dealt


def voices_in(language: str, own: Mapping[str, str], server: ServerVoices) -> dict[str, str]:
    """Return everyone's voice for a language: no two the same where the engine has enough.

    Args:
        language: ISO 639-1 code or a tag such as ``en-GB``.
        own: The agents' own voices, by id.
        server: Its voices.

    """
    found = {id_: voice for id_, voice in own.items() if server.speaks(voice, language)}
    used = set(found.values())
    for id_ in sorted(own.keys() - found.keys()):
        like = list(_like(server.read(own[id_]), id_, language, server))
        free = [name for name in like if name not in used]
        found[id_] = next(iter([*free, *like]), own[id_])
        used.add(found[id_])
    return found


class VoiceChoices:
    """The voices of one conversation's agents: chosen, asked for, and as they are.

    Args:
        server: The voices there are; without them nobody is given another than their own.
        chosen: What people chose, by agent.

    """

    def __init__(
        self,
        server: ServerVoices | None = None,
        chosen: Mapping[str, VoiceChoice] | None = None,
    ) -> None:
        self.server = server or ServerVoices()
        self._chosen = dict(chosen or {})
        self._wishes: dict[str, VoiceDirective] = {}

    def chosen(self) -> dict[str, VoiceChoice]:
        """Return what people chose, by agent."""
        return dict(self._chosen)

    def choose(self, agent: str, choice: VoiceChoice) -> None:
        """Take in what people choose for an agent; it wins over what the agent wished before."""
        before = self._chosen.pop(agent, VoiceChoice())
        if choice == VoiceChoice():
            self._wishes.pop(agent, None)
            return
        self._chosen[agent] = choice
        if choice.voice != before.voice and agent in self._wishes:
            self._wishes[agent] = replace(self._wishes[agent], voice=None)

    def own(self, agent: str, settings: ChosenVoice) -> ChosenVoice:
        """Return how an agent speaks its own language.

        Args:
            agent: Its id.
            settings: How it speaks when nobody chooses otherwise.

        """
        chosen = self._chosen.get(agent, VoiceChoice())
        voice = self._found(chosen.voice) or settings.name
        return ChosenVoice(voice, chosen.speed or settings.speed)

    def of_reply(
        self,
        agent: str,
        everyone: Mapping[str, ChosenVoice],
        directive: VoiceDirective | None = None,
        language: str = "",
    ) -> ChosenVoice:
        """Return how a piece of an agent's reply is spoken. Changes nothing.

        Args:
            agent: Its id.
            everyone: What the settings give to each agent, this one included.
            directive: How it wants this reply to sound.
            language: ISO 639-1 code of the piece's language; "" when it is not known.

        """
        own = {id_: self.own(id_, settings) for id_, settings in everyone.items()}
        wish = _over(directive, self._wishes.get(agent))
        speed = own[agent].speed
        if wish.speed is not None:
            # Who asked for a slower voice means that of the wish, too.
            speed = bounded(wish.speed * speed / everyone[agent].speed)
        names = {id_: voice.name for id_, voice in own.items()}
        names[agent] = self._found(wish.voice) or names[agent]
        language = _finer(language, wish.language)
        # A voice that the reply itself asks for speaks it, whatever the language.
        if language and not (directive and self._found(directive.voice)):
            names = voices_in(language, names, self.server)
        return ChosenVoice(names[agent], speed)

    def keep(self, agent: str, directive: VoiceDirective | None) -> None:
        """Take in that a reply with a directive is heard: it may be for those that follow, too."""
        if directive is not None and not directive.once:
            self._wishes[agent] = _over(directive, self._wishes.get(agent))

    def carry_out(
        self, request: SpokenRequest, agent: str, everyone: Mapping[str, ChosenVoice]
    ) -> bool:
        """Do what somebody asked for aloud; returns whether anything changed.

        Args:
            request: What was asked.
            agent: Whom.
            everyone: What the settings give to each agent, this one included.

        """
        before = self.own(agent, everyone[agent])
        choice = self._chosen.get(agent, VoiceChoice())
        match request:
            case PaceRequest():
                factor = request.factor
                speed = None if factor is None else bounded(before.speed * factor)
                choice = replace(choice, speed=speed)
            case VoiceRequest(which=WhichVoice.OWN):
                choice = replace(choice, voice=None)
            case VoiceRequest(which=WhichVoice.OTHER):
                choice = replace(choice, voice=self._another(agent, everyone) or choice.voice)
            case VoiceRequest():
                choice = replace(choice, voice=self.server.spoken(request.words) or choice.voice)
            case _:
                assert_never(request)
        self.choose(agent, choice)
        return self.own(agent, everyone[agent]) != before

    def _found(self, voice: str | None) -> str | None:
        return self.server.find(voice) if voice else None

    def _another(self, agent: str, everyone: Mapping[str, ChosenVoice]) -> str | None:
        """Return the next voice that no other agent has."""
        voices = {id_: self.own(id_, settings).name for id_, settings in everyone.items()}
        now = voices.pop(agent)
        language = self.server.read(everyone[agent].name).language or ASSUMED
        pool = sorted(_pool(self.server, language), key=lambda name: _lot(agent, name))
        used = {_sound(self.server, name) for name in (now, *voices.values())}
        ring = pool[pool.index(now) + 1 :] + pool if now in pool else pool
        return next((name for name in ring if _sound(self.server, name) not in used), None)


def _pool(server: ServerVoices, language: str) -> list[str]:
    """Return the voices to be given out: of people, else mere names, else of espeak."""
    if speakers := server.speakers(language):
        return [voice.name for voice in speakers]
    names = [name for name in server.names if _is_mere(name)]
    if names or not (tag := server.tag(language)):
        return names
    return [f"{tag}+{variant}" for variant in VARIANTS]


def _is_mere(name: str) -> bool:
    return name.lower() != DEFAULT and read_voice(name).kind is Kind.NAME


def _sound(server: ServerVoices, name: str) -> str:
    """Return what tells two voices apart: not their names if the same stands behind them."""
    return server.read(name).name.lower()


def _like(voice: VoiceName, agent: str, language: str, server: ServerVoices) -> Iterator[str]:
    """Yield the voices of a language, those first that are most like a voice of another."""
    tag = server.tag(language)
    speakers = server.speakers(language)
    if speakers and not (voice.kind is Kind.TAG and tag):
        yield from sorted(
            (other.name for other in speakers),
            key=lambda name: (_differs(voice, server.read(name)), _lot(agent, name)),
        )
    elif tag:
        for variant in _variants(voice, agent):
            yield f"{tag}+{variant}" if variant else tag


def _variants(voice: VoiceName, agent: str) -> list[str]:
    """Return espeak's speakers, those first that are most like a voice."""
    others = sorted(
        VARIANTS,
        key=lambda variant: (
            bool(voice.sex) and variant[0] != voice.sex,
            variant not in VARIANTS[:_CLEAREST],
            _lot(agent, variant),
        ),
    )
    same = [voice.variant] if voice.kind is Kind.TAG else []
    return list(dict.fromkeys([*same, *others]))


def _differs(one: VoiceName, other: VoiceName) -> bool:
    """Whether one is a man's and the other a woman's."""
    return bool(one.sex and other.sex) and one.sex != other.sex


def _lot(agent: str, name: str) -> bytes:
    """Draw a lot: in no order, and always the same."""
    return hashlib.sha256(f"{agent}\0{name}".encode()).digest()


def _over(directive: VoiceDirective | None, before: VoiceDirective | None) -> VoiceDirective:
    """Return a wish, and what was wished before where it leaves that as it is."""
    new, old = directive or VoiceDirective(), before or VoiceDirective()
    return VoiceDirective(
        new.voice or old.voice, new.speed or old.speed, new.language or old.language
    )


def _finer(language: str, wished: str | None) -> str:
    """Return the wished tag where it says more of the language that is spoken."""
    if not wished or (language and primary(wished) != primary(language)):
        return language
    return wished
