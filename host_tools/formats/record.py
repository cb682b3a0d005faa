"""The record of one detector step, as the chain computes it and a device sends it."""

import enum

import numpy as np

TOP, NO_CHANNEL = 4, 0xFFFF
"""Channels that a list of a record names at most, and the number that fills the rest."""


class State(enum.IntEnum):
    """Same values as safe_detector_state_t.

    WARMUP: too few samples since a gap (or the time of day is not known yet). OK, NOTICE, ALARM:
    verdicts. LEARN: the baseline is being learned. DEGRADED: too many channels are masked for a
    verdict. STALE: no sample came for a while; only an application with a clock says so.
    """

    WARMUP = 0
    OK = 1
    ALARM = 2
    LEARN = 3
    DEGRADED = 4
    NOTICE = 5
    STALE = 6


VERDICTS = (State.OK, State.NOTICE, State.ALARM)
"""States in which the score has a meaning."""
RAISED = (State.NOTICE, State.ALARM)
"""States in which the score is above a threshold."""

HAS_FORECAST, IS_MISSING, HAS_DRIFT = 1, 2, 4
"""Bits of `flags`: the model ran; the whole sample is missing; a channel drifts."""


class Event(enum.IntFlag):
    """Bits of `event`: what happened to the baseline on this sample."""

    LEARNED = 1
    CHANGED = 2
    RECOVERED = 4
    FORGOTTEN = 8
    """RELEARN came before this sample; only a device on a line says so."""
    SILENCE = 16
    """All was stale before this sample: nothing came for `stale_samples`."""


RECORD = np.dtype(
    [
        ("index", np.uint32),
        ("state", np.uint8),
        ("flags", np.uint8),
        ("status", np.uint16),
        ("level", np.float32),
        ("median", np.float32),
        ("innovation", np.float32),
        ("residual", np.float32),
        ("score", np.float32),
        ("limit", np.float32),
        ("forecast_crc", np.uint32),
        ("top", np.uint16, (TOP,)),
        ("masked", np.uint16, (TOP,)),
        ("masked_count", np.uint8),
        ("event", np.uint8),
        ("drift", np.uint16),
    ]
)
"""One step: samples since the last gap, state, bits, safe_status_t, the four statistics (0 while
there is none), the score, the score above which it is a notice, the CRC-32 of the model's output
bytes (0 when it did not run), the channels that contribute most in NOTICE and ALARM, the first
masked channels and their number, what happened to the baseline, and the first channel that
drifts (NO_CHANNEL: none)."""
