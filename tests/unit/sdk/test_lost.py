"""Samples that were lost, silence and the time of day, in any order: host and C agree."""

import ctypes
from dataclasses import replace

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.formats.record import RECORD, Event
from tests.unit.sdk.c_config import WORDS, c_config, words_to_record
from tests.unit.sdk.tiny import Tiny, samples

TINY = Tiny()
DAY = 96
ROWS = 260
MOST = 3
"""Samples in a row that the tiny detector bridges."""


def config():
    """The tiny detector with hours: a day of 96 samples."""
    base = TINY.config()
    random = np.random.default_rng(8)
    hours = {
        "day_samples": DAY,
        "hour_mean": random.integers(-3000, 3000, 24 * TINY.channels).astype(np.int16),
        "hour_scale": np.full(TINY.channels, 1e-3, np.float32),
    }
    return replay.ChainConfig(base.adapter, replace(base.detector, **hours))


def in_c(library, configuration, data, counter, *, stales, phase):
    struct = c_config(configuration)
    assert library.shim_start_with(ctypes.byref(struct)) == 0
    assert library.shim_set_phase(phase) == 0
    records, words = np.zeros(len(data), RECORD), (ctypes.c_uint32 * WORDS)()
    for row, lost in enumerate((np.diff(counter, prepend=-1) - 1).tolist()):
        if row in stales:
            assert library.shim_stale() == 0
        if lost:
            assert library.shim_missed(lost) == 0
        values = (ctypes.c_float * TINY.channels)(*data[row].tolist())
        status = library.shim_step(values, TINY.channels, words)
        records[row] = words_to_record(words, status)
    return records


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_losses_silence_and_missing_values(builds, seed):
    random = np.random.default_rng(seed)
    data = samples(TINY, ROWS, seed=seed + 20)
    lost = np.zeros(ROWS, np.int64)
    at = random.choice(ROWS, 40, replace=False)
    lost[at] = random.choice([1, 2, MOST, MOST + 1, 50, DAY, 7 * DAY + 5], len(at))
    near = at[:12]
    data[near] = np.nan  # a loss that goes on as a missing value
    data[np.clip(near - 1, 0, None)] = np.nan
    counter = np.cumsum(lost + 1) - 1
    stales = tuple(random.choice(ROWS, 5, replace=False).tolist())
    phase = int(random.integers(DAY))
    expected = replay.run_chain(
        config(), data, TINY.run, phase=phase, stales=stales, counter=counter
    )
    found = in_c(builds(), config(), data, counter, stales=stales, phase=phase)
    assert found.tobytes() == expected.tobytes()
    assert (expected["event"][list(stales)] & Event.SILENCE).all()
    assert (expected["event"] & Event.SILENCE).astype(bool).sum() == len(stales)


@pytest.mark.parametrize(("lost", "missing", "bridged"), [(2, 1, True), (2, 2, False),
                                                          (3, 0, True), (4, 0, False)])  # fmt: skip
def test_losses_and_missing_values_count_together(builds, lost, missing, bridged):
    """Boundary: three in a row are bridged, of whatever kind they are; four are a gap."""
    data = np.tile(samples(TINY, 90, seed=3)[10], (90, 1)).astype(np.float32)
    data += np.random.default_rng(1).normal(0, 0.1, data.shape).astype(np.float32)
    data[60 : 60 + missing] = np.nan
    counter = np.arange(90) + lost * (np.arange(90) >= 60)
    expected = replay.run_chain(config(), data, TINY.run, phase=0, counter=counter)
    found = in_c(builds(), config(), data, counter, stales=(), phase=0)
    assert found.tobytes() == expected.tobytes()
    last = int(expected["index"][60 + missing])
    assert last == (60 + lost + missing if bridged else 0)
