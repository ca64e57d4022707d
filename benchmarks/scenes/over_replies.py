"""Scenes in which people speak over the bot: interruptions, stop words, nods, second thoughts."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.scenes import sound
from benchmarks.scenes.folder import (
    LONG_REPLY,
    MEDIUM_REPLY,
    SCRIPTED,
    SceneFolder,
)
from benchmarks.scenes.recordings import Recording
from benchmarks.scenes.studio import PEOPLE, Studio
from benchmarks.scenes.words import FOREIGN_STOP_WORDS

LONG_SECONDS = 13.0
"""Length of the long reply, nearly, in the offline voice."""

NEXT = 14.0
"""Seconds from one question to the next when a medium reply lies between them."""

NOD = (0.2, 0.7)
"""Seconds that a backchannel takes."""


def commands_at_the_beginning(scene: SceneFolder, studio: Studio) -> None:
    """The next question comes before the reply has said anything."""
    _commands(scene, studio, "ann", (0.15, 0.4, 0.8))


def commands_in_the_middle(scene: SceneFolder, studio: Studio) -> None:
    """The next question comes in the middle of the reply."""
    _commands(scene, studio, "ann", (2.5, 4.0, 3.2))


def commands_at_the_end(scene: SceneFolder, studio: Studio) -> None:
    """The next question comes when the reply is nearly over."""
    _commands(scene, studio, "ann", (7.5, 6.5, 7.0))


def commands_by_another(scene: SceneFolder, studio: Studio) -> None:
    """Somebody else takes the floor."""
    _commands(scene, studio, "ben", (1.0, 3.0, 5.0))


def commands_in_turn(scene: SceneFolder, studio: Studio) -> None:
    """Several people take the floor from the bot, one after another."""
    _commands(scene, studio, "ben", (2.0, 1.0, 4.0), others=("ben", "cara", "ann"))


def commands_by_telephone(scene: SceneFolder, studio: Studio) -> None:
    """A caller interrupts."""
    _commands(scene, studio, "ann", (0.6, 2.2, 4.5), phone=True)


def talk_over_the_reply(scene: SceneFolder, studio: Studio) -> None:
    """People begin to talk with each other while the bot speaks: it makes room."""
    _ask(scene, studio, times=3)
    for reply, recording in enumerate(studio.recordings.commands(3, pauses=(0.0, 0.1))):
        said = recording.tight().saying(studio.talk.take())
        scene.interrupt("ben", said, "barge_in", (1.5, 3.0, 5.0)[reply], reply=reply)
    scene.save(**SCRIPTED, replies=MEDIUM_REPLY, present=list(PEOPLE[:3]))


def names_over_the_reply(scene: SceneFolder, studio: Studio) -> None:
    """The bot is called while it speaks, by human voices."""
    _ask(scene, studio, times=3)
    for reply, name in enumerate(studio.recordings.names(3, text="jarvis")):
        said = name.tight().saying("jarvis")
        scene.interrupt("ann", said, "barge_in", (1.0, 2.5, 4.0)[reply], reply=reply)
    scene.save(**SCRIPTED, replies=MEDIUM_REPLY)


def stop_words(scene: SceneFolder, studio: Studio) -> None:
    """Who asked has heard enough."""
    _stop_words(scene, studio, "ann")


def stop_words_by_another(scene: SceneFolder, studio: Studio) -> None:
    """Somebody else has heard enough."""
    _stop_words(scene, studio, "ben")


def german_stop_words(scene: SceneFolder, studio: Studio) -> None:
    """Stop words in German."""
    _stop_words(scene, studio, "ann", language="de")


def french_stop_words(scene: SceneFolder, studio: Studio) -> None:
    """Stop words in French."""
    _stop_words(scene, studio, "ann", language="fr")


def spanish_stop_words(scene: SceneFolder, studio: Studio) -> None:
    """Stop words in Spanish."""
    _stop_words(scene, studio, "ann", language="es")


def italian_stop_words(scene: SceneFolder, studio: Studio) -> None:
    """Stop words in Italian."""
    _stop_words(scene, studio, "ann", language="it")


def fixture_stop(scene: SceneFolder, studio: Studio) -> None:
    """The same with a recogniser at work."""
    scene.say("ann", studio.clips["ann-weather"], 0.8, addressed=True, agent="jarvis")
    stop = studio.clips["ann-stop"]
    scene.interrupt("ann", stop, "barge_in", 2.0, stop_word=True)
    scene.save(stt="fixture", scores=["words"], present=["ann", "ben"], replies=LONG_REPLY)


def nods(scene: SceneFolder, studio: Studio) -> None:
    """Who asked goes on listening, and says so."""
    _nods(scene, studio, ["ann"])


def nods_of_many(scene: SceneFolder, studio: Studio) -> None:
    """Everybody listens."""
    _nods(scene, studio, PEOPLE[:4])


def nods_in_human_voices(scene: SceneFolder, studio: Studio) -> None:
    """Short words in human voices; what they say is scripted."""
    _ask(scene, studio, times=1)
    found = [*studio.recordings.names(3, text="alexa"), *studio.recordings.names(2)]
    for number, name in enumerate(found):
        begin, end = name.speech
        shorter = min(end, begin + studio.chance.uniform(0.35, NOD[1]))
        word = Recording(name.samples, (begin, shorter), studio.backchannels.take())
        scene.interrupt("ann", word, "backchannel", 1.0 + number * (LONG_SECONDS - 2) / 5)
    scene.save(**SCRIPTED, replies=LONG_REPLY)


def goes_on_at_once(scene: SceneFolder, studio: Studio) -> None:
    """The bot takes a pause for the end, and the speaker goes on just after it has begun."""
    _second_thought(scene, studio, 0.15)


def goes_on_soon(scene: SceneFolder, studio: Studio) -> None:
    """The same, a little later."""
    _second_thought(scene, studio, 0.5)


def goes_on_later(scene: SceneFolder, studio: Studio) -> None:
    """The same, when the reply has come to its point."""
    _second_thought(scene, studio, 1.1)


def _second_thought(scene: SceneFolder, studio: Studio, after: float) -> None:
    # At a place where the sentence could have ended: else the bot waits, as it should.
    found = studio.recordings.commands(1, fits=lambda one: len(one.cuts) > 1)[0]
    first, second = found.split(found.cuts[len(found.cuts) // 2])
    scene.say("ann", first, 1.0)
    scene.interrupt("ann", second, "barge_in", after)
    scene.save(**SCRIPTED, replies=MEDIUM_REPLY)


def _ask(scene: SceneFolder, studio: Studio, *, times: int, apart: float = NEXT) -> None:
    """Let ann ask for something by name, again and again."""
    for question in studio.asking(times):
        end = scene.say("ann", question.tight(), scene.end + 0.5, addressed=True)
        scene.end = end + apart


def _commands(
    scene: SceneFolder,
    studio: Studio,
    speaker: str,
    times: Sequence[float],
    *,
    others: Sequence[str] = (),
    phone: bool = False,
) -> None:
    """Interrupt a reply with a question, the reply to that with another, and so on."""
    first, *rest = studio.asking(len(times) + 1)
    channel = sound.telephone if phone else lambda samples: samples
    scene.say("ann", first.changed(channel), 1.0, addressed=True)
    for reply, (after, command) in enumerate(zip(times, rest, strict=True)):
        who = others[reply] if others else speaker
        scene.interrupt(who, command.changed(channel), "barge_in", after, reply=reply)
    scene.save(**SCRIPTED, replies=MEDIUM_REPLY)


def _stop_words(scene: SceneFolder, studio: Studio, speaker: str, *, language: str = "en") -> None:
    _ask(scene, studio, times=4)
    for reply in range(4):
        if language == "en":
            said = studio.voices.say(studio.stop_words.take(), studio.voice(speaker))
        else:
            said = studio.voices.say(FOREIGN_STOP_WORDS[language][reply], language)
        after = round(studio.chance.uniform(0.3, 6.0), 2)
        scene.interrupt(speaker, said, "barge_in", after, reply=reply, stop_word=True)
    scene.save(**SCRIPTED, replies=MEDIUM_REPLY, language=language)


def _nods(scene: SceneFolder, studio: Studio, people: Sequence[str]) -> None:
    _ask(scene, studio, times=1)
    for number in range(5):
        speaker = people[number % len(people)]
        nod = studio.voices.nod(studio.backchannels.take(), studio.voice(speaker), longest=NOD[1])
        after = 1.0 + number * (LONG_SECONDS - 2.0) / 5
        scene.interrupt(speaker, nod, "backchannel", round(after, 2))
    scene.save(**SCRIPTED, replies=LONG_REPLY, present=sorted({"ann", *people}))
