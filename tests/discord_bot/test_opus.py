from __future__ import annotations

import numpy as np
import pytest

from discord_bot.opus import (
    HEARING_FRAME,
    SPEECH_FRAME,
    OpusDecoder,
    OpusEncoder,
    OpusError,
    OpusLibrary,
    load_opus,
)
from discord_bot.rtp import SILENCE
from pipeline.audio import HEARING_RATE, SPEECH_RATE, Resampler
from tests.discord_bot.packets import spoken
from tests.peers.discord import correlation, speech_like
from tests.peers.discord import opus as peers_opus


@pytest.fixture(scope="module")
def library() -> OpusLibrary:
    return load_opus()


def test_voice_is_decoded_at_16_khz(library: OpusLibrary) -> None:
    voice, packets = spoken(1.0)
    decoder = OpusDecoder(library)
    heard = np.concatenate([decoder.decode(packet) for packet in packets])
    assert len(heard) == pytest.approx(HEARING_RATE, abs=2 * HEARING_FRAME)
    assert correlation(Resampler(48_000, HEARING_RATE).push(voice), heard) > 0.99


def test_silence_is_zeros(library: OpusLibrary) -> None:
    samples = OpusDecoder(library).decode(SILENCE)
    assert samples.tolist() == [0] * HEARING_FRAME


@pytest.mark.parametrize("packet", [b"", b"\xff\xff\xff"])
def test_what_is_no_opus_is_an_error(library: OpusLibrary, packet: bytes) -> None:
    with pytest.raises(OpusError):
        OpusDecoder(library).decode(packet)


def test_lost_packet_is_made_up_close_to_what_it_was(library: OpusLibrary) -> None:
    _, packets = spoken(0.5)
    whole, patched = OpusDecoder(library), OpusDecoder(library)
    for packet in packets[:12]:
        before = whole.decode(packet)
        assert np.array_equal(before, patched.decode(packet))
    truth = whole.decode(packets[12])
    guess = patched.conceal()
    assert len(guess) == HEARING_FRAME
    assert correlation(truth, guess) > 0.5


def test_next_packet_remembers_the_lost_one(library: OpusLibrary) -> None:
    encoder = OpusEncoder(library)
    samples = speech_like(0.4, rate=SPEECH_RATE)
    packets = [
        encoder.encode(samples[at : at + SPEECH_FRAME])
        for at in range(0, len(samples), SPEECH_FRAME)
    ]
    decoder = OpusDecoder(library)
    for packet in packets[:10]:
        decoder.decode(packet)
    assert len(decoder.recover(packets[11])) == HEARING_FRAME


def test_reply_is_encoded_from_24_khz(library: OpusLibrary) -> None:
    encoder, decoder = OpusEncoder(library), peers_opus.Decoder()
    samples = speech_like(1.0, rate=SPEECH_RATE)
    heard = np.concatenate(
        [
            decoder.decode(encoder.encode(samples[at : at + SPEECH_FRAME]))
            for at in range(0, len(samples), SPEECH_FRAME)
        ]
    )
    mono = heard.mean(axis=1).astype(np.int16)
    assert correlation(Resampler(SPEECH_RATE, 48_000).push(samples), mono) > 0.99


def test_frame_of_another_length_is_refused(library: OpusLibrary) -> None:
    with pytest.raises(OpusError):
        OpusEncoder(library).encode(np.zeros(SPEECH_FRAME + 1, np.int16))


def test_missing_library_is_told() -> None:
    with pytest.raises(OpusError, match=r"nowhere\.so"):
        OpusLibrary("nowhere.so")
