"""A score exactly at a limit, in the specification and in C: which side the limit itself is on.

Random samples never meet equality. Here the limit is set to the score that a sample has, and to
the float32 values on both sides of it.
"""

import ctypes
from dataclasses import replace

import numpy as np
import pytest

from host_tools.detection import chain
from host_tools.detection.chain import ChainConfig, State
from host_tools.device.protocol import Status
from tests.unit.sdk.c_config import c_config, run_c
from tests.unit.sdk.tiny import Tiny, samples

TINY = Tiny()
ROWS = 60
BELOW, ABOVE = np.float32(-np.inf), np.float32(np.inf)


def config(**changes) -> ChainConfig:
    """Never forgets, so that no verdict changes a later score."""
    base = TINY.config()
    return ChainConfig(base.adapter, replace(base.detector, relearn_samples=0, **changes))


def usual() -> np.ndarray:
    """Samples without a gap, and none far off."""
    data = samples(TINY, ROWS, seed=3)
    scaler = TINY.config().adapter.scaler
    return np.where(np.abs(data - scaler.mean) < 6 * scaler.std, data, scaler.mean)


def in_python(configuration: ChainConfig, library) -> np.ndarray:
    return chain.run_chain(configuration, usual(), TINY.run)


def in_c(configuration: ChainConfig, library) -> np.ndarray:
    struct = c_config(configuration)
    assert library.shim_start_with(ctypes.byref(struct)) == 0
    return run_c(library, usual(), TINY.channels)


RUNS = pytest.mark.parametrize("run", [in_python, in_c])


@RUNS
@pytest.mark.parametrize("row", [30, 45])
def test_a_score_at_the_threshold_is_no_alarm(builds, run, row):
    library = builds(TINY)
    score = run(config(), library)["score"][row]
    assert score > 0
    found = [
        State(run(config(threshold=limit), library)["state"][row])
        for limit in (np.nextafter(score, BELOW), score, np.nextafter(score, ABOVE))
    ]
    assert found == [State.ALARM, State.OK, State.OK]


@RUNS
def test_a_score_at_quiet_moves_the_baseline(builds, run):
    """The baseline follows at the limit itself; the next sample's level shows it."""
    library = builds(TINY)
    always = run(config(quiet=np.float32(1e9)), library)
    # The largest score of all verdicts: with it as the limit every sample before is below.
    learned = always["state"].tolist().index(State.OK)
    row = learned + int(np.argmax(always["score"][learned:]))
    assert learned < row < ROWS - 1
    score = always["score"][row]
    at, below = (run(config(quiet=limit), library) for limit in (score, np.nextafter(score, BELOW)))
    assert at[: row + 1].tobytes() == always[: row + 1].tobytes()
    assert below[: row + 1].tobytes() == always[: row + 1].tobytes()
    assert at["level"][row + 1] == always["level"][row + 1]
    assert below["level"][row + 1] != always["level"][row + 1]


@RUNS
def test_of_equal_statistics_the_level_is_named(builds, run):
    """`top` names the channels of the level where both statistics are the same number."""
    library = builds(TINY)
    found = run(config(threshold=np.float32(1e-6), feature_limit=np.float32(1e-3)), library)
    base = TINY.config().detector
    equal = (found["level"] == found["residual"]) & (found["state"] == State.ALARM)
    assert equal.any()
    for names in found["top"][equal]:
        assert set(names.tolist()) <= {*base.level_channels, chain.NO_CHANNEL}


@RUNS
def test_a_new_normal_takes_exactly_so_many_alarms(builds, run):
    """`relearn_samples` alarms in a row, and the next sample is a new beginning."""
    library = builds(TINY)
    base = config(threshold=np.float32(1e-6))
    for limit in (1, 7):
        detector = replace(base.detector, relearn_samples=limit)
        states = run(ChainConfig(base.adapter, detector), library)["state"].tolist()
        first = states.index(State.ALARM)
        assert states[first : first + limit + 1] == [State.ALARM] * limit + [State.WARMUP]


def test_codes_are_those_of_the_protocol():
    assert (Status["OK"], Status["NOT_FINITE"]) == (chain.STATUS_OK, chain.STATUS_NOT_FINITE)
    assert (chain.TOP, chain.NO_CHANNEL) == (4, 0xFFFF)
