"""Which voice each agent has, by the settings and by what the speech server tells."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from pipeline.cast import Persona
from pipeline.config import AgentConfig, TtsConfig
from pipeline.tts import HttpTextToSpeech
from pipeline.voice_names import Kind, ServerVoices, read_voice
from server.agent_voices import AgentVoices, main_agent
from server.config import Config
from server.engines import open_voice
from server.roster import Roster
from server.speech.config import SpeechConfig
from server.speech.espeak import NAMES as NAMES_OF_ESPEAK
from tests.peers.speech_server import SpeechPeer, json_answer

NAMES = ("default", "jarvis", "sage", "alloy", "nova", "onyx", "de", "en-gb", "en-029")
URL = "http://127.0.0.1:9"


def config(agents: dict[str, AgentConfig] | None = None, **tts: Any) -> Config:
    given = agents or {"jarvis": AgentConfig(), "sage": AgentConfig()}
    return Config(agents=given, tts=TtsConfig(**{"url": URL, **tts}))


def voices(config: Config, names: tuple[str, ...] = NAMES, default: str = "") -> dict[str, str]:
    heard = AgentVoices(config, ServerVoices(names))
    roster = Roster(config.agents, default or next(iter(config.agents)))
    return {id_: persona.voice for id_, persona in heard.personas(roster).items()}


def agents(*ids: str, **voice: str) -> dict[str, AgentConfig]:
    return {id_: AgentConfig(voice=voice.get(id_)) for id_ in ids}


def test_the_settings_voice_goes_before_that_of_the_agents_name():
    given = agents("jarvis", "sage", sage="deep")
    assert voices(config(given)) == {"jarvis": "jarvis", "sage": "deep"}


def test_agents_that_the_server_does_not_know_sound_different():
    given = voices(config(agents("main", "coder", "writer")))
    assert given["main"] == "default"
    assert len(set(given.values())) == 3
    assert "de" not in given.values()


def test_a_voice_named_after_an_agent_is_left_to_it():
    given = voices(config(agents("main", "coder", "jarvis", "sage", jarvis="deep")))
    assert given["coder"] in {"alloy", "nova", "onyx"}


def test_the_order_of_the_agents_changes_nothing():
    ids = ("main", "coder", "writer", "jarvis")
    assert voices(config(agents(*ids))) == voices(config(agents(*reversed(ids))), default="main")


def test_an_agent_that_is_chosen_later_sounds_as_if_it_had_been_there():
    settings = config(agents("main", "coder", "writer"))
    heard = AgentVoices(settings, ServerVoices(NAMES))
    first = heard.personas(Roster(agents("main", "coder"), "main"))
    later = heard.persona("writer", "Writer", AgentConfig(), first.values())
    assert later.voice == voices(settings)["writer"]
    again = heard.persona("coder", "Coder", AgentConfig(), first.values())
    assert again == first["coder"]
    main = heard.persona("main", "Main", AgentConfig(), [first["coder"]])
    assert main.voice == "default"


def test_a_voice_of_the_settings_is_everyones_who_has_none():
    settings = config(agents("main", "coder", "jarvis"), voice="NOVA")
    assert voices(settings) == {"main": "nova", "coder": "nova", "jarvis": "jarvis"}
    unknown = config(agents("main"), voice="scarlett")
    assert voices(unknown) == {"main": "scarlett"}


def test_a_server_that_tells_nothing_gives_everyone_its_default_voice():
    assert voices(config(agents("main", "coder")), ()) == {"main": "default", "coder": "default"}


def test_a_server_without_a_default_voice_gives_one_of_its_own():
    given = voices(config(agents("main", "coder")), ("alloy", "nova"))
    assert set(given.values()) == {"alloy", "nova"}


def test_the_pace_is_the_agents_own_or_that_of_the_settings():
    settings = config({"jarvis": AgentConfig(speed=0.8), "sage": AgentConfig()}, speed=1.2)
    heard = AgentVoices(settings, ServerVoices(NAMES))
    personas = heard.personas(Roster(settings.agents, "jarvis"))
    assert [persona.speed for persona in personas.values()] == [0.8, 1.2]
    assert heard.persona("x", "X", AgentConfig(), ()) == Persona(
        "x", "X", personas_voice(heard), 1.2
    )


def personas_voice(heard: AgentVoices) -> str:
    """Return the voice of an agent that has none, where nobody else is."""
    return heard.persona("x", "X", AgentConfig(), ()).voice


@pytest.mark.parametrize(
    ("ids", "agent_id", "gateway", "main"),
    [
        (("jarvis", "main"), "main", False, "main"),
        (("jarvis", "sage"), "main", False, "jarvis"),
        (("jarvis", "sage"), "main", True, "main"),
    ],
)
def test_the_main_agent_is_the_one_that_answers_by_default(
    ids: tuple[str, ...], agent_id: str, gateway: bool, main: str
):
    openclaw = {"agent_id": agent_id, "base_url": "ws://127.0.0.1:9" if gateway else None}
    assert main_agent(Config(agents=agents(*ids), openclaw=openclaw)) == main  # type: ignore[arg-type] # read by pydantic


def test_the_default_voice_of_our_server_is_not_given_twice():
    settings = config(agents("main", "sage"))
    listed = [{"id": name, "voice": "en-gb"} for name in ("default", "sage")]
    heard = asyncio.run(asked(settings, [*listed, "alloy"]))
    personas = heard.personas(Roster(settings.agents, "main"))
    assert personas["sage"].voice == "sage"
    assert personas["main"].voice not in {"sage", "default"}


async def asked(settings: Config, names: list[Any]) -> AgentVoices:
    async with SpeechPeer(lambda _: json_answer({"voices": names})) as peer:
        tts = HttpTextToSpeech(settings.tts, peer.url)
        try:
            return await AgentVoices.ask(settings, tts)
        finally:
            await tts.aclose()


def test_the_server_is_asked_what_it_has():
    assert asyncio.run(asked(config(), ["a", "b"])).server.names == ("a", "b")


def test_a_server_that_cannot_be_asked_is_no_failure(caplog: pytest.LogCaptureFixture):
    async def ask() -> AgentVoices:
        tts = HttpTextToSpeech(TtsConfig(), URL)
        try:
            return await AgentVoices.ask(config(), tts)
        finally:
            await tts.aclose()

    assert asyncio.run(ask()).server.names == ()
    assert "which voices there are is not known" in caplog.text


def test_two_agents_without_a_voice_sound_different_with_the_offline_engine():
    settings = Config(agents=agents("main", "coder"), speech=SpeechConfig(engine="espeak"))

    async def speak() -> list[bytes]:
        async with open_voice(settings) as tts:
            heard = await AgentVoices.ask(settings, tts)
            said = []
            for persona in heard.personas(Roster(settings.agents, "main")).values():
                sound = tts.synthesize("It is ten past four.", voice=persona.voice)
                said.append(np.concatenate([chunk async for chunk in sound]).tobytes())
            return said

    main, coder = asyncio.run(speak())
    assert main != coder


def test_every_language_of_the_offline_engine_is_known_for_one():
    settings = Config(speech=SpeechConfig(engine="espeak", voices={"butler": "en-gb"}))

    async def listed() -> tuple[str, ...]:
        async with open_voice(settings) as tts:
            return (await AgentVoices.ask(settings, tts)).server.names

    names = asyncio.run(listed())
    mere = {name for name in names if read_voice(name).kind is not Kind.TAG}
    assert mere == {"default", "butler", *NAMES_OF_ESPEAK}
