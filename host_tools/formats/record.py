"""The record of one detector step, as the chain computes it and a device sends it."""

import enum

import numpy as np

TOP, NO_CHANNEL = 4, 0xFFFF
"""Channels that a record names, and the number that fills the rest."""


class State(enum.IntEnum):
    """Same values as safe_detector_state_t."""

    WARMUP = 0
    OK = 1
    ALARM = 2
    LEARN = 3
    FAULT = 4


VERDICTS = (State.OK, State.ALARM)
"""States in which the score has a meaning."""

RECORD = np.dtype(
    [
        ("index", np.uint32),
        ("state", np.uint8),
        ("has_forecast", np.uint8),
        ("status", np.uint16),
        ("level", np.float32),
        ("residual", np.float32),
        ("score", np.float32),
        ("forecast_crc", np.uint32),
        ("top", np.uint16, (TOP,)),
    ]
)
"""One step: samples since the last gap, state, whether the model ran, safe_status_t, the two
statistics and the score, the CRC-32 of the model's output bytes (0 when it did not run), and
the channels that are not finite or contribute most to the alarm
(steps 1 and 7 of `host_tools.detection.chain`)."""
