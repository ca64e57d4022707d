"""With which voice agents speak, as they are, as they are chosen, and in other languages."""

from __future__ import annotations

from itertools import combinations

import pytest

from pipeline.speech_text import VoiceDirective
from pipeline.spoken_requests import (
    Degree,
    Direction,
    PaceRequest,
    VoiceRequest,
    WhichVoice,
)
from pipeline.voice_choice import (
    FASTEST,
    SLOWEST,
    ChosenVoice,
    VoiceChoice,
    VoiceChoices,
    bounded,
    deal_voices,
    voices_in,
)
from pipeline.voice_names import ServerVoices

NAMES = ("jarvis", "sage", "alloy", "ash", "ballad", "cedar", "coral", "nova", "onyx", "shimmer")
TAGS = ("de", "en", "en-029", "en-gb", "en-us", "fr", "ja", "nb")
ESPEAK = ServerVoices(
    ("default", *NAMES, *TAGS), {"default": "en-gb", "jarvis": "en-gb", "sage": "en-us+f3"}
)
KOKORO = ServerVoices(
    ("default", *NAMES, "af_heart", "af_nova", "am_echo", "bm_george", "ff_siwis", *TAGS),
    {"jarvis": "bm_george", "sage": "af_heart", "alloy": "af_heart"},
)
PIPER = ServerVoices(("en_US-joe-medium", "en_GB-alba-medium", "de_DE-thorsten-high", *TAGS))
CLOUD = ServerVoices(("alloy", "nova", "onyx"))
BOTH = {"jarvis": ChosenVoice("jarvis", 1.0), "sage": ChosenVoice("sage", 1.0)}
SLOWER = PaceRequest(Direction.SLOWER)
FASTER = PaceRequest(Direction.FASTER)
NORMAL = PaceRequest(Direction.NORMAL)


# Voices of agents that have none


@pytest.mark.parametrize("server", [ESPEAK, KOKORO, CLOUD])
def test_agents_without_a_voice_get_different_ones(server: ServerVoices):
    dealt = deal_voices({"main", "coder", "writer"}, server, language="en", taken=set())
    assert len(set(dealt.values())) == 3
    assert not {"default", *TAGS} & set(dealt.values())


def test_a_voice_is_the_same_each_time_and_whoever_else_is_there():
    alone = {
        agent: deal_voices({agent}, ESPEAK, language="en", taken=set())[agent]
        for agent in ("main", "coder", "writer", "helper", "cook")
    }
    for pair in combinations(sorted(alone), 2):
        together = deal_voices(set(pair), ESPEAK, language="en", taken=set())
        if alone[pair[0]] != alone[pair[1]]:  # else one of the two has to give way
            assert together == {agent: alone[agent] for agent in pair}


def test_a_voice_that_somebody_has_is_not_given_out_under_another_name():
    for agent in ("main", "coder", "writer", "helper", "cook"):
        dealt = deal_voices({agent}, KOKORO, language="en", taken={"sage", "bm_george"})
        assert dealt[agent] in {"af_nova", "am_echo"}


def test_voices_are_of_the_language_that_is_spoken():
    assert deal_voices({"main"}, PIPER, language="de", taken=set()) == {
        "main": "de_DE-thorsten-high"
    }
    assert deal_voices({"main"}, KOKORO, language="fr", taken=set()) == {"main": "ff_siwis"}


def test_where_only_languages_are_listed_each_agent_is_another_speaker():
    bare = ServerVoices(TAGS)
    dealt = deal_voices({"main", "coder"}, bare, language="nb", taken=set())
    assert len(set(dealt.values())) == 2
    assert all(bare.find(name) and name.startswith("nb+") for name in dealt.values())


def test_more_agents_than_voices_share_them():
    few = ServerVoices(("default", "alloy"))
    dealt = deal_voices({"a", "b", "c"}, few, language="en", taken=set())
    assert set(dealt.values()) == {"default", "alloy"}
    assert deal_voices({"a"}, ServerVoices(), language="en", taken=set()) == {}


# Other languages


def test_a_reply_in_another_language_has_a_voice_of_that_language():
    own = {"jarvis": "jarvis", "sage": "sage"}
    assert voices_in("de", own, ESPEAK) == {"jarvis": "de", "sage": "de+f3"}
    assert voices_in("no", own, ESPEAK) == {"jarvis": "nb", "sage": "nb+f3"}
    assert voices_in("en", own, ESPEAK) == own


def test_agents_sound_different_in_every_language():
    own = {name: name for name in NAMES}
    for language in ("de", "fr", "ja", "no"):
        assert len(set(voices_in(language, own, ESPEAK).values())) == len(own)
    assert len(set(voices_in("de", {"a": "en-gb", "b": "en-us"}, ESPEAK).values())) == 2


def test_a_woman_stays_a_woman():
    own = {"jarvis": "jarvis", "sage": "sage"}
    german = voices_in("de", own, KOKORO)
    assert german["jarvis"].startswith("de+m")
    assert german["sage"].startswith("de+f")


def test_natural_voices_go_before_those_of_espeak_and_are_shared_where_there_are_few():
    own = {"a": "en_US-joe-medium", "b": "en_GB-alba-medium"}
    assert set(voices_in("de", own, PIPER).values()) == {"de_DE-thorsten-high"}
    assert voices_in("de", {"a": "en-us+f3"}, PIPER) == {"a": "de+f3"}


def test_the_voice_stays_where_the_server_has_none_of_the_language():
    assert voices_in("de", {"a": "alloy"}, CLOUD) == {"a": "alloy"}
    assert voices_in("tlh", {"a": "jarvis"}, ESPEAK) == {"a": "jarvis"}


def test_whoever_speaks_the_language_keeps_the_voice():
    own = {"a": "en-us+f3", "b": "de+f3"}
    german = voices_in("de", own, ESPEAK)
    assert german["b"] == "de+f3"
    assert german["a"] != "de+f3"


# What is chosen and asked for


def test_what_people_choose_goes_before_the_settings():
    voices = VoiceChoices(ESPEAK)
    assert voices.of_reply("sage", BOTH) == ChosenVoice("sage", 1.0)
    voices.choose("sage", VoiceChoice("NOVA", 1.3))
    assert voices.of_reply("sage", BOTH) == ChosenVoice("nova", 1.3)
    assert voices.of_reply("jarvis", BOTH) == ChosenVoice("jarvis", 1.0)
    voices.choose("sage", VoiceChoice())
    assert voices.of_reply("sage", BOTH) == ChosenVoice("sage", 1.0)
    assert voices.chosen() == {}


def test_a_chosen_voice_that_is_gone_gives_way_to_the_agents_own():
    voices = VoiceChoices(CLOUD, {"sage": VoiceChoice("gone", 0.8)})
    assert voices.own("sage", ChosenVoice("nova", 1.0)) == ChosenVoice("nova", 0.8)


def test_a_directive_is_for_its_reply():
    voices = VoiceChoices(ESPEAK)
    directive = VoiceDirective("nova", 1.2, once=True)
    assert voices.of_reply("sage", BOTH, directive) == ChosenVoice("nova", 1.2)
    assert voices.of_reply("sage", BOTH, directive, "de") == ChosenVoice("nova", 1.2)
    voices.keep("sage", directive)
    assert voices.of_reply("sage", BOTH) == ChosenVoice("sage", 1.0)


def test_a_directive_that_is_not_for_once_stays_until_people_choose():
    voices = VoiceChoices(ESPEAK)
    voices.keep("sage", VoiceDirective("nova"))
    voices.keep("sage", VoiceDirective(speed=1.2))
    assert voices.of_reply("sage", BOTH) == ChosenVoice("nova", 1.2)
    assert voices.of_reply("sage", BOTH, language="de").name.startswith("de")
    voices.choose("sage", VoiceChoice("alloy"))
    assert voices.of_reply("sage", BOTH) == ChosenVoice("alloy", 1.2)
    voices.choose("sage", VoiceChoice())
    assert voices.of_reply("sage", BOTH) == ChosenVoice("sage", 1.0)


def test_a_directive_for_a_voice_that_is_not_there_is_ignored():
    directive = VoiceDirective("scarlett", 9.0, "fr")
    assert VoiceChoices(ESPEAK).of_reply("sage", BOTH, directive) == ChosenVoice("fr+f3", FASTEST)


def test_the_language_of_a_directive_counts_as_far_as_it_is_spoken():
    voices = VoiceChoices(ESPEAK)
    jarvis = {"jarvis": ChosenVoice("de", 1.0)}
    british = VoiceDirective(language="en-GB")
    assert voices.of_reply("jarvis", jarvis, british, "en").name == "en-gb"
    assert voices.of_reply("jarvis", jarvis, british, "fr").name == "fr"


def test_a_slower_pace_holds_for_what_the_agent_wants_faster():
    voices = VoiceChoices(ESPEAK, {"sage": VoiceChoice(speed=0.8)})
    assert voices.of_reply("sage", BOTH, VoiceDirective(speed=1.5)).speed == 1.2


def test_a_pace_of_the_settings_stays_as_it_is_until_somebody_asks():
    fast = {"sage": ChosenVoice("sage", 2.5)}
    voices = VoiceChoices(ESPEAK)
    assert voices.of_reply("sage", fast).speed == 2.5
    assert voices.carry_out(SLOWER, "sage", fast)
    assert voices.of_reply("sage", fast).speed == FASTEST


def test_slower_and_faster_go_in_steps_and_end_somewhere():
    voices = VoiceChoices(ESPEAK)
    speeds = []
    while voices.carry_out(SLOWER, "sage", BOTH):
        speeds.append(voices.of_reply("sage", BOTH).speed)
    assert speeds == [0.85, 0.7, 0.6, SLOWEST]
    while voices.carry_out(FASTER, "sage", BOTH):
        speeds.append(voices.of_reply("sage", BOTH).speed)
    assert speeds[-1] == FASTEST
    assert voices.of_reply("jarvis", BOTH).speed == 1.0
    assert voices.carry_out(NORMAL, "sage", BOTH)
    assert voices.of_reply("sage", BOTH).speed == 1.0
    assert not voices.carry_out(NORMAL, "sage", BOTH)


@pytest.mark.parametrize("degree", list(Degree))
def test_a_step_back_is_as_long_as_the_step(degree: Degree):
    voices = VoiceChoices(ESPEAK)
    voices.carry_out(PaceRequest(Direction.FASTER, degree), "sage", BOTH)
    voices.carry_out(PaceRequest(Direction.SLOWER, degree), "sage", BOTH)
    assert voices.own("sage", BOTH["sage"]).speed == 1.0


@pytest.mark.parametrize(
    ("asked", "given"), [(0.0, 0.5), (0.51, 0.5), (1.02, 1.0), (1.03, 1.05), (7.0, 2.0)]
)
def test_a_speed_is_bounded(asked: float, given: float):
    assert bounded(asked) == given


def test_every_step_moves_within_the_bounds():
    for speed in (n / 20 for n in range(11, 40)):
        for degree in Degree:
            assert bounded(speed * degree.value) > speed
            assert bounded(speed / degree.value) < speed


def test_a_named_voice_is_taken_and_given_back():
    voices = VoiceChoices(ESPEAK)
    nova = VoiceRequest(WhichVoice.NAMED, "Nova")
    assert voices.carry_out(nova, "sage", BOTH)
    assert voices.own("sage", BOTH["sage"]).name == "nova"
    assert not voices.carry_out(nova, "sage", BOTH)
    assert not voices.carry_out(VoiceRequest(WhichVoice.NAMED, "Elvis"), "sage", BOTH)
    assert voices.carry_out(VoiceRequest(WhichVoice.OWN), "sage", BOTH)
    assert voices.chosen() == {}


def test_another_voice_is_each_time_another_and_never_that_of_another_agent():
    voices = VoiceChoices(ESPEAK)
    heard = []
    for _ in NAMES:
        assert voices.carry_out(VoiceRequest(WhichVoice.OTHER), "sage", BOTH)
        heard.append(voices.own("sage", BOTH["sage"]).name)
    assert "jarvis" not in heard
    assert set(heard) == set(NAMES) - {"jarvis"}


def test_where_there_is_no_other_voice_nothing_changes():
    voices = VoiceChoices(ServerVoices(("alloy",)))
    alone = {"sage": ChosenVoice("alloy", 1.0)}
    assert not voices.carry_out(VoiceRequest(WhichVoice.OTHER), "sage", alone)
    assert not VoiceChoices().carry_out(VoiceRequest(WhichVoice.OTHER), "sage", alone)
