"""Whether the caller speaks, overheard from the conversation's own ears."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio import VAD_WINDOW
from pipeline.config import VadConfig
from server.phone.engines.caller_ear import CallerEar
from tests.pipeline.fakes import FakeVoiceActivity
from tests.server.phone.line.far_socket import run

SPEECH = np.full(VAD_WINDOW, 1000, np.int16)
SILENCE = np.zeros(VAD_WINDOW, np.int16)


def test_it_passes_on_what_the_model_finds_and_knows_who_speaks() -> None:
    async def main() -> None:
        detector = FakeVoiceActivity()
        ear = CallerEar(detector, VadConfig())
        voice = ear.open()
        assert [await voice.score(one) for one in (SILENCE, SPEECH)] == [0.0, 1.0]
        assert not ear.speaks  # a click is no speech
        for _ in range(9):
            await voice.score(SPEECH)
        assert ear.speaks
        assert ear.spoken == pytest.approx(0.32)
        for _ in range(9):
            assert ear.speaks
            await voice.score(SILENCE)
        await voice.score(SILENCE)
        assert (ear.speaks, ear.spoken) == (False, 0.0)
        for forget in (voice.reset, voice.close):
            for _ in range(9):
                await voice.score(SPEECH)
            forget()
            assert not ear.speaks
        assert not detector.voices[0].open

    run(main())
