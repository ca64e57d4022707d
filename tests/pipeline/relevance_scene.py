"""A conversation of which only relevance is told."""

from collections.abc import Callable, Sequence

from pipeline.config import RelevanceConfig, Sensitivity
from pipeline.interfaces import Participant
from pipeline.judgement import Judgement, NamedAgent, Utterance
from pipeline.relevance import Relevance

ANN = Participant("1", "Ann")


BEN = Participant("2", "Ben Miller")


TRAVIS = Participant("3", "Travis")


WILL = Participant("4", "Will")


AGENTS = (NamedAgent("jarvis", ("Jarvis",)), NamedAgent("sage", ("Sage", "wise one")))


TIME = "what time is it"


LEVELS: tuple[Sensitivity, ...] = ("low", "medium", "high")


class Room:
    """A conversation of Ann and others, told utterance by utterance."""

    def __init__(
        self,
        sensitivity: Sensitivity,
        *people: Participant,
        config: Callable[[Sensitivity], RelevanceConfig] = lambda s: RelevanceConfig(sensitivity=s),
    ) -> None:
        self.relevance = Relevance(config(sensitivity), AGENTS)
        self.people: Sequence[Participant] = people or (ANN, BEN)

    def hear(self, text: str, at: float = 100.0, speaker: Participant = ANN) -> Judgement:
        said = Utterance(speaker, text, at, at + 1.0)
        judgement = self.relevance.judge(said, people=self.people, agent="jarvis")
        self.relevance.receive_turn(said, judgement)
        return judgement

    def reply(self, at: float, text: str = "It is ten past four.", speaker: str = "1") -> None:
        self.relevance.receive_reply(speaker=speaker, agent="sage", text=text, at=at)
