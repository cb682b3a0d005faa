"""Sensors that fail on the simulated plant, with the shipped detector: a day without a false mask,
and every frozen sensor is noticed. docs/detection.md has the figures.
"""

from pathlib import Path

import numpy as np
import pytest

from host_tools.data import plant
from host_tools.detection import replay
from host_tools.detection.sensors import Sensors
from models import __path__ as shipped

HOURS = 24
WITHIN = 264
"""Rows within which a frozen sensor must be noticed."""
NOISE = 0.1
"""Share of its own noise that a frozen sensor keeps: that of its electronics."""


@pytest.fixture(scope="module")
def chain():
    return replay.load(Path(next(iter(shipped))) / "forecaster")


@pytest.fixture(scope="module")
def day():
    """A day that trained nothing."""
    return plant.simulate(seed=77, rows=HOURS * 3600)


def stuck(chain, samples):
    """Which values are bad because the sensor stands still, bool [rows, channels]."""
    sensors = Sensors(chain.detector, chain.adapter.scaler.mean)
    found = np.zeros(samples.shape, np.bool_)
    for row, sample in enumerate(samples):
        if not sensors.are_missing(sample):
            sensors.take(sample)
            found[row] = sensors.bad & np.isfinite(sample)
    return found


def test_no_sensor_is_taken_for_stuck_in_a_day_of_plant(chain, day):
    masked = stuck(chain, day.samples)
    frozen = np.zeros_like(masked)
    for fault in day.faults:
        if fault.kind == "stuck":
            rows = (day.seconds >= fault.first) & (day.seconds < fault.last)
            frozen[rows, fault.channel] = True
    assert not (masked & ~frozen).any()
    assert (masked & frozen).any(axis=0).sum() == 3


@pytest.mark.parametrize("noise", [0.0, NOISE])
@pytest.mark.parametrize("start", [5_000, 20_000, 40_000, 70_000])
def test_every_frozen_sensor_is_noticed(chain, day, start, noise):
    """All sixteen at once: a mask knows nothing of the other channels."""
    random = np.random.default_rng(start)
    samples = day.samples[start - 100 : start + WITHIN].copy()
    held = np.nan_to_num(samples[100])
    spread = np.array([row[2] for row in plant.CHANNELS])
    decimals = [row[3] for row in plant.CHANNELS]
    for row in samples[100:]:
        values = held + noise * spread * random.normal(size=len(spread))
        row[:] = [round(float(v), d) for v, d in zip(values, decimals, strict=True)]
    masked = stuck(chain, samples)
    rows = np.where(masked.any(axis=0), masked.argmax(axis=0) - 100, WITHIN)
    unnoticed = np.flatnonzero(~masked.any(axis=0))
    assert not len(unnoticed)
    assert rows.max() < (30 if noise == 0.0 else WITHIN)
