"""The whole set: which scenes there are, and how often each kind is made."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scenes import addressing, echoes, over_replies, rooms, spoiled, talking
from benchmarks.scenes.folder import SceneFolder
from benchmarks.scenes.recordings import Recordings
from benchmarks.scenes.studio import Studio
from benchmarks.scenes.voices import Voices


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of scene."""

    make: Callable[[SceneFolder, Studio], None]
    times: int = 1
    """How many of it there are, each from other recordings."""

    @property
    def name(self) -> str:
        """What its scenes are called, without their number."""
        module = self.make.__module__.rpartition(".")[2].replace("_", "-")
        return f"{module}-{self.make.__name__.replace('_', '-')}"


KINDS = (
    # Human recordings: the end of turns.
    Kind(talking.commands, 6),
    Kind(talking.commands_with_pauses),
    Kind(talking.thoughts_at_gaps, 2),
    Kind(talking.thoughts_after_function_words, 4),
    Kind(talking.several_thoughts),
    Kind(talking.read_sentences),
    Kind(talking.read_passages),
    Kind(talking.monologue),
    Kind(talking.two_alternating),
    Kind(talking.two_overlapping),
    Kind(talking.two_at_once),
    Kind(talking.name_then_request),
    Kind(talking.quiet_voices),
    Kind(talking.loud_voices),
    Kind(rooms.dialogue),
    Kind(rooms.pair),
    Kind(rooms.three),
    Kind(rooms.four),
    Kind(rooms.five),
    Kind(rooms.five_at_high),
    Kind(rooms.three_at_low),
    Kind(rooms.others_only),
    Kind(rooms.somebody_else_answers),
    Kind(rooms.somebody_else_answers_for_the_bot),
    Kind(spoiled.kitchen_20_db),
    Kind(spoiled.kitchen_10_db),
    Kind(spoiled.kitchen_5_db),
    Kind(spoiled.pink_15_db),
    Kind(spoiled.white_15_db),
    Kind(spoiled.typing_10_db),
    Kind(spoiled.music_15_db),
    Kind(spoiled.music_8_db),
    Kind(spoiled.thoughts_in_a_kitchen),
    Kind(spoiled.telephone),
    Kind(spoiled.telephone_with_thoughts),
    Kind(spoiled.telephone_in_a_kitchen),
    # No speech at all.
    Kind(spoiled.noise_alone),
    Kind(spoiled.music_alone),
    Kind(spoiled.silence),
    Kind(spoiled.coughs_and_bangs),
    # For whom is it?
    Kind(addressing.clips_at_low),
    Kind(addressing.clips_at_medium),
    Kind(addressing.clips_at_high),
    Kind(addressing.follow_up),
    Kind(addressing.named_at_low),
    Kind(addressing.named_at_medium),
    Kind(addressing.named_at_high),
    Kind(addressing.alone),
    Kind(addressing.alone_at_low),
    Kind(addressing.sound_alike),
    Kind(addressing.sound_alike_at_high),
    Kind(addressing.misheard_names),
    Kind(addressing.unnamed_at_low),
    # Speech over replies.
    Kind(over_replies.commands_at_the_beginning, 2),
    Kind(over_replies.commands_in_the_middle, 2),
    Kind(over_replies.commands_at_the_end),
    Kind(over_replies.commands_by_another, 2),
    Kind(over_replies.commands_in_turn),
    Kind(over_replies.commands_by_telephone),
    Kind(over_replies.talk_over_the_reply),
    Kind(over_replies.names_over_the_reply),
    Kind(over_replies.stop_words, 2),
    Kind(over_replies.stop_words_by_another, 2),
    Kind(over_replies.german_stop_words),
    Kind(over_replies.french_stop_words),
    Kind(over_replies.spanish_stop_words),
    Kind(over_replies.italian_stop_words),
    Kind(over_replies.fixture_stop),
    Kind(over_replies.nods, 3),
    Kind(over_replies.nods_of_many, 2),
    Kind(over_replies.nods_in_human_voices, 2),
    Kind(over_replies.goes_on_at_once),
    Kind(over_replies.goes_on_soon),
    Kind(over_replies.goes_on_later),
    # The bot's own voice.
    Kind(echoes.faint),
    Kind(echoes.usual),
    Kind(echoes.loud),
    Kind(echoes.late),
    Kind(echoes.of_another),
    Kind(echoes.of_two),
    Kind(echoes.with_interruptions),
    Kind(echoes.with_interruptions_when_loud),
    Kind(echoes.with_interruptions_by_another),
    Kind(echoes.with_stop_words),
    Kind(echoes.with_nods),
)


def make_scenes(
    audio: Path, out: Path, *, seed: int = 1, part: tuple[int, int] = (1, 1), only: str = ""
) -> Iterator[str]:
    """Make the scenes, and yield the name of each.

    The same arguments give the same scenes, byte for byte, in a fresh process.

    Args:
        audio: Folder of the human recordings.
        out: Folder to fill.
        seed: Chooses recordings, words, pauses and gaps.
        part: Which of how many parts of the recordings to use, from 1.
        only: Make only the kinds whose name begins so.

    Raises:
        LookupError: There is no recording of a kind that is needed.

    """
    chance = random.Random(seed)  # noqa: S311 - chooses recordings, not secrets
    recordings = Recordings(audio, chance, part)
    kinds = [kind for kind in KINDS if kind.name.startswith(only)]
    with Voices() as voices:
        studio = Studio(recordings, voices, chance)
        for kind in kinds:
            for number in range(1, kind.times + 1):
                name = kind.name if kind.times == 1 else f"{kind.name}-{number}"
                kind.make(SceneFolder(out / name), studio)
                yield name
