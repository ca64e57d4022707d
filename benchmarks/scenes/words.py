"""What is said in scenes: scripted over human voices, or synthesized."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Generic, TypeVar

TALK = (
    "did you see the match last night",
    "i think we should leave at eight",
    "have you called your mother back",
    "no i was at work until nine",
    "who took the blue folder from the desk",
    "it was raining so we stayed at home",
    "how was the trip to the coast",
    "the food was good but the room was small",
    "are you coming to the party on saturday",
    "maybe if the train is on time",
    "what did she say about the contract",
    "she wants to read it again first",
    "do you remember the name of that film",
    "the one with the dog yes",
    "could you pass me the salt",
    "where did you park the car",
    "behind the station as always",
    "why is nobody answering the phone there",
    "they close at five on fridays",
    "shall we order something to eat",
    "i already had a sandwich",
    "when does your sister arrive",
    "on sunday in the afternoon i think",
    "can you believe how much they charge",
    "we should have bought it last year",
    "which one of these do you like better",
    "the green one is a bit too bright",
    "is your back any better today",
    "much better since i started swimming",
    "let us talk about it tomorrow",
)
"""People among themselves, many of them in the shape of requests."""

REQUESTS = (
    "{name} what is the weather in london",
    "hey {name} set a timer for five minutes",
    "{name} how far is it to the airport",
    "what time is it {name}",
    "{name} can you read me my messages",
    "ok {name} play some jazz",
    "{name} remind me to water the plants",
    "{name} who wrote the third man",
    "tell me a joke {name}",
    "{name} turn off the kitchen lights",
)
"""Said to an agent by name."""

UNNAMED = (
    "what is the weather in london",
    "set a timer for five minutes",
    "how many ounces are in a pound",
    "turn off the kitchen lights",
    "remind me on friday at three",
    "play some jazz",
)
"""Plain requests without a name: for the bot when it is alone with one person."""

SOUND_ALIKE = (
    "the service was really slow last night",
    "service is included in the price i think",
    "we booked a cruise on the nile",
    "harvest starts in the second week of june",
    "my nervous brother has an exam today",
    "you put sage and butter on the pasta",
    "she is on stage every night this week",
    "turn the page i want to see the picture",
    "the massage was the best part of the day",
    "they drove the jarvis family to the airport",
    "i asked jarvis about it yesterday and it was no help",
    "wages went up but so did the rent",
)
"""Words like the agents' names, and their names spoken about, not to."""

MISHEARD = (
    "jervis what time is it",
    "jarvus set a timer for ten minutes",
    "hey jarvys what is the weather for tomorrow",
    "what is the news today jervis",
)
"""How recognisers spell the name when the agent is meant."""

QUESTIONS = (
    ("what is the capital of australia", "it is canberra not sydney"),
    ("how many days are in february", "twenty eight or twenty nine"),
    ("when did the war end", "in nineteen forty five i think"),
    ("what is the tallest mountain", "the tallest one is everest of course"),
)
"""Questions to the room, each with what somebody else answers."""

BACKCHANNELS = (
    "mm-hm",
    "yeah",
    "uh-huh",
    "okay",
    "right",
    "i see",
    "sure",
    "yes",
    "oh",
    "wow",
    "really",
    "got it",
    "ha ha ha",
    "good",
    "exactly",
    "hm",
    "true",
    "oh nice",
)
"""Said over a reply by who goes on listening."""

STOP_WORDS = (
    "stop",
    "jarvis stop",
    "wait",
    "stop talking",
    "hold on",
    "okay stop",
    "jarvis wait",
    "no stop it",
    "wait wait wait",
    "shut up",
    "that's enough",
    "be quiet jarvis",
    "enough",
    "jarvis be quiet",
    "hang on",
)
"""Want nothing but silence."""

FOREIGN_STOP_WORDS = {
    "de": ("stopp", "warte mal", "jarvis halt", "sei still"),
    "fr": ("arrête", "attends", "jarvis stop", "tais-toi"),
    "es": ("para", "espera", "jarvis para", "cállate"),
    "it": ("basta", "aspetta", "jarvis fermati", "zitto"),
}
"""The same in other languages; also names of voices."""

_THINGS = ("weather", "news", "schedule", "calendar")
_CITIES = ("london", "paris", "tokyo", "chicago", "madrid", "sydney")
_NUMBERS = ("two", "three", "five", "six", "seven", "ten", "twenty")
_ROOMS = ("kitchen", "bedroom", "office", "garage")
_DAYS = ("monday", "tuesday", "friday", "saturday", "sunday")
_TOPICS = ("philosophy", "history", "music", "football", "space", "cooking")


Item = TypeVar("Item")


def fixture_request(chance: random.Random) -> str:
    """Return a request that the test fixture understands."""
    choose = chance.choice
    return choose(
        (
            f"what is the {choose(_THINGS)} in {choose(_CITIES)}",
            f"what is the {choose(_THINGS)} for {choose(_DAYS)}",
            f"set a timer for {choose(_NUMBERS)} minutes",
            f"remind me on {choose(_DAYS)} at {choose(_NUMBERS)}",
            f"tell me about {choose(_TOPICS)}",
            f"turn {choose(('on', 'off'))} the {choose(_ROOMS)} lights",
            f"play some {choose(('music', 'jazz', 'rock'))}",
        )
    )


def fixture_talk(chance: random.Random) -> str:
    """Return talk between people that the test fixture understands."""
    choose = chance.choice
    return choose(
        (
            f"did you watch the {choose(('game', 'movie'))} last night",
            f"i will be back in {choose(_NUMBERS)} minutes",
            f"let us start the {choose(('game', 'meeting'))}",
            "how are you",
            "can you hear me",
        )
    )


def named(request: str, agent: str, chance: random.Random) -> str:
    """Return a request with the agent's name where people put it."""
    forms = ("{name} {rest}", "hey {name} {rest}", "ok {name} {rest}", "{rest} {name}")
    form = chance.choice(forms)
    return form.format(name=agent, rest=request)


class Deck(Generic[Item]):
    """Gives every item once before it gives any again."""

    def __init__(self, items: Sequence[Item], chance: random.Random) -> None:
        self._items = list(items)
        self._chance = chance
        self._left: list[Item] = []

    def take(self) -> Item:
        """Return the next one."""
        if not self._left:
            self._left = list(self._items)
            self._chance.shuffle(self._left)
        return self._left.pop()
