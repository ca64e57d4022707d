"""Records a call of two tones until it is killed: ``recording_process.py FILE SPEED``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from server.phone.audio.recorder import Recorder
from server.phone.audio.stereo import Side

path, speed = Path(sys.argv[1]), float(sys.argv[2])
tone = (8000 * np.sin(2 * np.pi * np.arange(160) / 16)).astype(np.int16)
recorder = Recorder(path, 0.0)
sys.stdout.write("recording\n")
sys.stdout.flush()
for index in range(1_000_000):
    now = index * 0.02
    recorder.record(Side.CALLER, now, tone, now)
    recorder.record(Side.BOT, now, -tone, now)
    time.sleep(0.02 / speed)
