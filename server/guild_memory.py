"""What guilds chose, and what was learnt in their rooms: kept in the store."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from discord_bot.support import Choice, GuildChoices
from pipeline.name_variants import NameVariants
from pipeline.voice_choice import VoiceChoice, VoiceChoices, bounded
from server.store.errors import StoreError
from server.store.part import StorePart

logger = logging.getLogger(__name__)

_CHOICES = {
    "agent": str,
    "sensitivity": str,
    "channel_id": int,
    "leaning": float,
    "heard_names": dict,
    "voices": dict,
}


@dataclass(slots=True)
class _Learnt:
    """What changes in an open room by talk alone, and how much of it is in the store."""

    variants: NameVariants
    voices: VoiceChoices
    kept: dict[str, Choice]

    def now(self) -> dict[str, Choice]:
        return {"heard_names": self.variants.learnt(), "voices": self.voices.chosen()}


class GuildMemory:
    """Remembers for guilds; what cannot be kept is only logged.

    Args:
        store: Keeps it.

    """

    def __init__(self, store: StorePart) -> None:
        self._store = store
        self._rooms: dict[int, _Learnt] = {}

    async def choices(self, guild_id: int) -> GuildChoices:
        """Return what a guild chose; nothing where that cannot be read. Cancelling is safe."""
        try:
            kept = await self._store.store().guild_settings.get(str(guild_id))
        except StoreError as error:
            logger.warning("What guild %s chose is not known: %s", guild_id, error)
            return GuildChoices()
        return read_choices(kept)

    async def remember(self, guild_id: int, name: str, value: Choice | None) -> None:
        """Keep a choice; ``None`` forgets it.

        Args:
            guild_id: Whose choice it is.
            name: A field of :class:`discord_bot.support.GuildChoices`.
            value: What was chosen.

        """
        try:
            await self._store.store().guild_settings.set(str(guild_id), name, _as_json(value))
        except StoreError as error:
            logger.warning("A choice of guild %s is not kept: %s", guild_id, error)

    @contextmanager
    def watching(
        self, guild_id: int, variants: NameVariants, voices: VoiceChoices
    ) -> Iterator[None]:
        """Have :meth:`keep_learnt` look after an open room."""
        learnt = _Learnt(variants, voices, {})
        learnt.kept = learnt.now()
        self._rooms[guild_id] = learnt
        try:
            yield
        finally:
            del self._rooms[guild_id]

    async def keep_learnt(self) -> None:
        """Keep what was learnt of names, or chosen aloud for voices, wherever that is new."""
        for guild_id, learnt in list(self._rooms.items()):
            for name, value in learnt.now().items():
                if learnt.kept[name] != value:
                    learnt.kept[name] = value
                    await self.remember(guild_id, name, value)


def read_choices(kept: Mapping[str, Any]) -> GuildChoices:
    """Return what the store has of a guild's choices; what makes no sense was not chosen."""
    found: dict[str, Any] = {
        name: kept[name] for name, kind in _CHOICES.items() if isinstance(kept.get(name), kind)
    }
    if found.get("sensitivity") not in {None, "low", "medium", "high"}:
        del found["sensitivity"]
    if not _are_names(found.get("heard_names", {})):
        del found["heard_names"]
    if "voices" in found:
        found["voices"] = _voices(found["voices"])
    return GuildChoices(**found)


def _are_names(value: Mapping[str, Any]) -> bool:
    """Whether what is in the store is forms of names by agent."""
    return all(
        isinstance(forms, list) and all(isinstance(form, str) for form in forms)
        for forms in value.values()
    )


def _voices(value: Mapping[str, Any]) -> dict[str, VoiceChoice]:
    """Read what was chosen for agents' voices."""
    found: dict[str, VoiceChoice] = {}
    for agent, chosen in value.items():
        if isinstance(chosen, dict):
            voice, speed = chosen.get("voice"), chosen.get("speed")
            found[agent] = VoiceChoice(
                voice if isinstance(voice, str) else None,
                bounded(speed) if isinstance(speed, float | int) else None,
            )
    return found


def _as_json(value: Choice | None) -> Any:
    """Return a choice as the store takes it."""
    if not isinstance(value, Mapping):
        return value
    return {
        key: {"voice": one.voice, "speed": one.speed} if isinstance(one, VoiceChoice) else one
        for key, one in value.items()
    }
