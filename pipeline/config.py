"""Settings of the conversation pipeline."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Seconds = Annotated[float, Field(ge=0.0)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Sensitivity = Literal["low", "medium", "high"]


class Settings(BaseModel):
    """Base of every settings class: unknown names are errors, values do not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class VadConfig(Settings):
    """When a sound counts as speech (Silero VAD)."""

    start_probability: Probability = 0.5
    """Speech probability from which silence turns into speech."""

    stop_probability: Probability = 0.35
    """Speech probability below which speech turns into silence."""

    start: Seconds = 0.096
    """Seconds of speech before someone counts as talking; shorter sounds are ignored."""

    gather: Seconds = 0.008
    """Seconds to wait for other speakers' windows, so that all go through the model in one call."""


class TurnsConfig(Settings):
    """When a turn starts, ends, and may be interrupted."""

    pause: Seconds = 0.16
    """Seconds of silence before the end-of-turn model is asked, once: its answer is there when
    shortest_wait has passed."""

    speculate: Seconds = 0.096
    """Seconds of silence after which transcription starts on the chance that the turn is over."""

    speculation: bool = True
    """Transcribe, judge and (where an agent allows it) ask before the turn is confirmed; off saves
    work that is thrown away when people go on, and costs 100 ms and more a turn."""

    eagerness: Literal["low", "medium", "high"] = "medium"
    """How soon a pause that sounds unfinished ends the turn."""

    shortest_wait: Seconds = 0.2
    """Seconds of silence that end a turn which certainly sounds finished."""

    max_pause: Seconds = 2.0
    """Seconds of silence that end the turn whatever the model says."""

    unscored_pause: Seconds = 0.8
    """Seconds of silence that end the turn when there is no end-of-turn model."""

    trailing_pause: Seconds = 2.0
    """Seconds of silence that end a turn whose words break off, as after "with a"."""

    min_speech: Seconds = 0.25
    """Seconds of speech below which a sound is not a turn."""

    max_turn: Annotated[float, Field(ge=1.0, le=300.0)] = 60.0
    """Seconds after which a monologue is cut into turns."""

    barge_in: Seconds = 0.288
    """Seconds from the first word over the reply after which it is held: it is silent until it is
    clear whether somebody wants the floor. Shorter speech only makes it quieter."""

    interruption: Seconds = 0.9
    """Seconds of speech over the reply that stop it whatever the words: nods are shorter."""

    echo_guard: bool = True
    """Whether the bot's own voice, coming back through open microphones, is told from people."""

    continuation: Seconds = 2.0
    """Seconds after a turn within which its speaker, talking over the reply, goes on with it."""

    first_sound: Seconds = 0.3
    """Seconds of silence before an answer is heard, however soon it is ready: who only took a
    breath is not talked over."""

    bare_name_hold: Seconds = 3.0
    """Seconds after nothing but a name in which what follows still belongs to it."""

    floor_wait: Seconds = 2.0
    """Longest wait of a reply that is ready for others to finish what they were saying."""

    answer_wait: Seconds = 5.0
    """Likewise for who began to speak after the question: they may be answering it."""

    unaddressed_hold: Seconds = 0.7
    """Seconds after its last speech in which a turn that was not for the bot is still taken up
    again when its speaker goes on."""

    end_of_turn_model: Literal["smart_turn", "silence"] = "smart_turn"
    """What judges pauses: Smart Turn v3.2, or silence alone."""


class SttConfig(Settings):
    """Speech recognition (faster-whisper)."""

    model_size: str = "base.en"
    """A name from ``models list`` (tiny.en, base.en, small, medium, large-v3 …), or a folder with a
    Whisper model in CTranslate2 form."""

    language: str = "en"
    """ISO 639-1 code of what people speak, or "auto" (multilingual models only)."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the model runs; auto takes the graphics card when there is one."""

    compute_type: str = "auto"
    """CTranslate2 number type; auto is int8 on the processor and float16 on a graphics card."""

    workers: Annotated[int, Field(ge=0, le=64)] = 0
    """Utterances transcribed at once; 0 is half the processor's cores, 2 at least."""

    threads: Annotated[int, Field(ge=0, le=64)] = 2
    """Threads a worker uses."""

    beam_size: Annotated[int, Field(ge=1, le=10)] = 1
    """Beams of the decoder; more is slower and seldom better on short commands."""

    audio_context: Literal["full", "auto"] = "full"
    """auto encodes only the length of the utterance: many times faster, but only for models that
    were trained for it (ACFT)."""

    queue: Annotated[int, Field(ge=1, le=1000)] = 32
    """Utterances that may wait; beyond it speculative ones go first."""

    timeout: Seconds = 30.0
    """Seconds after which one transcription is given up."""

    hotwords: bool = True
    """Tell the model the names of agents and people."""

    allow_test_fixture: bool = False
    """Let model_size be "fixture", the 91-word test model. Never for real conversations."""


class RelevanceConfig(Settings):
    """Whether the bot was addressed."""

    sensitivity: Sensitivity = "medium"
    """low: only when named. medium: named, following up, or alone with one person. high: also what
    is plainly meant for the bot."""

    follow_up: Seconds = 8.0
    """Seconds after a reply in which the same person needs no name (doubled at high)."""

    high_threshold: Probability = 0.5
    """Score from which sensitivity high answers without a name."""

    second_opinion: bool = False
    """Ask the agent itself whether it was meant where the rules are unsure: costs it a turn, in a
    session of its own."""

    second_opinion_timeout: Seconds = 1.0
    """Seconds after which the rules' decision stands."""


class SoundsConfig(Settings):
    """What is heard beside words: short signs, and what fills a long wait for an answer.

    A wait counts as long when the agent's own figures say so: how long it took for its last
    answers, given how long it has taken for this one already.
    """

    earcons: bool = True
    """Short sounds: the bot has come, a turn was taken whose answer is not there at once, words
    were not understood, something failed."""

    thinking: bool = True
    """A soft sound while a long wait lasts."""

    words: bool = True
    """A few words when a wait is very long, such as "One moment."; never more than is known."""

    thinking_wait: Seconds = 1.2
    """Seconds more that an answer must be expected to take for the thinking sound."""

    words_wait: Seconds = 3.0
    """Seconds more that it must be expected to take for words."""

    unknown_wait: Seconds = 4.0
    """Seconds after a question from which a wait is long whatever is expected: too little is known
    of the agent yet, or it is slower than ever."""

    words_again: Seconds = 20.0
    """Seconds after which a wait that goes on is spoken of again."""


class PipelineConfig(Settings):
    """Hearing and understanding."""

    vad: VadConfig = VadConfig()
    turns: TurnsConfig = TurnsConfig()
    stt: SttConfig = SttConfig()
    relevance: RelevanceConfig = RelevanceConfig()
    sounds: SoundsConfig = SoundsConfig()


class TtsFallback(Settings):
    """A server that speaks while those before it cannot."""

    url: str
    """Any server with OpenAI's /v1/audio/speech."""

    model: str = "tts-1"
    """Model name sent to it."""

    voice: str = "default"
    """Voice for the voices it does not have."""

    api_key: SecretStr | None = None
    """Sent to it as a bearer token; secret, from the environment only. * is the server's name."""


class TtsConfig(Settings):
    """The text-to-speech client. Without a URL our own speech server is started."""

    url: str | None = None
    """Any server with OpenAI's /v1/audio/speech, such as http://127.0.0.1:8880; also TTS_URL."""

    model: str = "tts-1"
    """Model name sent to the server; our own ignores it."""

    voice: str = "default"
    """Voice of all agents that have none of their own. "default" is the server's default voice for
    the one that answers by default, and another for each other agent (agents.<id>.voice)."""

    speed: Annotated[float, Field(ge=0.25, le=4.0)] = 1.0
    """1 is the voice's usual pace."""

    sample_rate: Annotated[int, Field(ge=8000, le=48000)] = 24_000
    """Hertz of raw PCM from a server that does not say."""

    api_key: SecretStr | None = None
    """Sent as a bearer token; secret, from the environment only."""

    connect_timeout: Seconds = 3.0
    """Seconds to reach the server."""

    first_audio_timeout: Seconds = 10.0
    """Seconds from request to the first sound."""

    stall_timeout: Seconds = 5.0
    """Seconds without more sound before a sentence is given up."""

    fallbacks: dict[str, TtsFallback] = Field(default_factory=dict)
    """Servers, by any name, that speak while the one at url (or our own) does not: in this order,
    and from the middle of a sentence if need be."""

    rest: Seconds = 10.0
    """Seconds for which a server that failed is asked only when no other is well; twice as long
    each time it fails again."""

    cached_phrases: Annotated[int, Field(ge=0, le=1000)] = 64
    """Short phrases kept in memory as sound, so that they are heard at once."""


class ChatConfig(Settings):
    """Any OpenAI-compatible chat server as the agent, instead of an OpenClaw Gateway."""

    base_url: str | None = None
    """Such as http://127.0.0.1:11434/v1; requests go to <base_url>/chat/completions."""

    model: str = "default"
    """Model name; "{agent}" stands for the agent's id."""

    api_key: SecretStr | None = None
    """Sent as a bearer token; secret, from the environment only."""

    system_prompt: str = (
        "You are {agent}, talking aloud with people in a voice channel. Each message begins with "
        "the speaker's name. Answer in one to three short spoken sentences, without markdown."
    )
    """First message of every request; "{agent}" stands for the agent's name."""

    history: Annotated[int, Field(ge=0, le=200)] = 20
    """Turns remembered."""

    connect_timeout: Seconds = 5.0
    """Seconds to reach the server."""

    first_text_timeout: Seconds = 60.0
    """Seconds from question to the first words."""

    stall_timeout: Seconds = 30.0
    """Seconds without more words before the reply is given up."""

    max_reply: Seconds = 300.0
    """Seconds after which a reply that does not end is cut off."""


class AgentConfig(Settings):
    """One agent people can talk with."""

    name: str | None = None
    """What people call it aloud; the id when not given."""

    names: tuple[str, ...] = ()
    """Other names it answers to, and ways its name is misheard."""

    voice: str | None = None
    """Voice on the speech server. Without one: the server's voice of the agent's id when there is
    one, else tts.voice when that is set, else one that no other agent has, the same after every
    start. Replies in other languages have a voice of that language, where there is one."""

    speed: Annotated[float, Field(ge=0.5, le=2.0)] | None = None
    """Its pace; tts.speed when not given. 1 is the voice's usual one."""
