"""A score exactly at a limit, in the specification and in C: which side the limit itself is on.

Random samples never meet equality. Here the limit is set to the score that a sample has, and to
the float32 values on both sides of it.
"""

import ctypes
from dataclasses import replace

import numpy as np
import pytest

from host_tools.detection import replay
from host_tools.detection.replay import ChainConfig
from host_tools.device.protocol import Status
from host_tools.formats.detector import LEARNED, TRAINING, Form
from host_tools.formats.record import IS_MISSING, NO_CHANNEL, RAISED, TOP, Event, State
from tests.unit.sdk.c_config import c_config, run_c
from tests.unit.sdk.tiny import Tiny, samples

TINY = Tiny()
ROWS = 90
BELOW, ABOVE = np.float32(-np.inf), np.float32(np.inf)
FAR = np.float32(1e9)


def config(**changes) -> ChainConfig:
    """A baseline of the training rows, so that no verdict changes a later score."""
    base = TINY.config()
    fixed = {"baseline": TRAINING, "learn_samples": 0, "settle_samples": 0, "confirm_rows": 1}
    fixed |= {"alarm": FAR, "stuck_samples": np.zeros(3, np.uint16)}
    return ChainConfig(base.adapter, replace(base.detector, **{**fixed, **changes}))


def learned(**changes) -> ChainConfig:
    return config(**{"baseline": LEARNED, "learn_samples": 20, "settle_samples": 5, **changes})


def usual(rows: int = ROWS) -> np.ndarray:
    """Samples without a gap, and none far off."""
    data = samples(TINY, rows, seed=3)
    scaler = TINY.config().adapter.scaler
    return np.where(np.abs(data - scaler.mean) < 6 * scaler.std, data, scaler.mean).astype("f4")


def in_python(configuration: ChainConfig, library, data=None) -> np.ndarray:
    return replay.run_chain(configuration, usual() if data is None else data, TINY.run)


def in_c(configuration: ChainConfig, library, data=None) -> np.ndarray:
    struct = c_config(configuration)
    assert library.shim_start_with(ctypes.byref(struct)) == 0
    return run_c(library, usual() if data is None else data, TINY.channels)


RUNS = pytest.mark.parametrize("run", [in_python, in_c])


def around(value):
    return np.nextafter(value, BELOW), value, np.nextafter(value, ABOVE)


@RUNS
@pytest.mark.parametrize("row", [30, 45])
def test_a_score_at_the_notice_is_no_notice(builds, run, row):
    library = builds(TINY)
    score = run(config(notice=FAR), library)["score"][row]
    assert score > 0
    found = [
        State(run(config(notice=limit, hold=np.float32(1)), library)["state"][row])
        for limit in around(score)
    ]
    assert found == [State.NOTICE, State.OK, State.OK]


@RUNS
def test_a_score_at_the_alarm_is_a_notice(builds, run):
    library = builds(TINY)
    score = run(config(notice=FAR), library)["score"][45]
    half = np.float32(score / 2)
    found = [
        State(run(config(notice=half, alarm=limit, hold=np.float32(1)), library)["state"][45])
        for limit in (np.nextafter(score, BELOW) * np.float32(0.999), score * np.float32(1.001))
    ]
    assert found == [State.ALARM, State.NOTICE]


@RUNS
def test_a_notice_is_held_down_to_its_share(builds, run):
    """Off at e <= hold * limit: at the product itself, and not just above."""
    library = builds(TINY)
    scores = run(config(notice=FAR), library)["score"]
    row = next(r for r in range(30, ROWS - 1) if scores[r] > scores[r + 1] > 0.6 * scores[r])
    limit = np.nextafter(scores[row], BELOW)
    share = np.float32(scores[row + 1] / limit)
    states = [
        State(run(config(notice=limit, hold=hold), library)["state"][row + 1])
        for hold in (share * np.float32(0.9999), share * np.float32(1.0001))
    ]
    assert states == [State.NOTICE, State.OK]


@RUNS
def test_a_state_rises_after_so_many_rows(builds, run):
    library = builds(TINY)
    tiny = {"notice": np.float32(1e-6), "hold": np.float32(1)}
    first = run(config(**tiny), library)["state"].tolist().index(State.NOTICE)
    for rows in (1, 4):
        states = run(config(**tiny, confirm_rows=rows), library)["state"].tolist()
        assert states.index(State.NOTICE) == first + rows - 1


@RUNS
def test_of_equal_statistics_the_first_is_named(builds, run):
    """`top` names the channels of the level where several statistics are the same number."""
    library = builds(TINY)
    few = {"median": Form(), "innovation": Form(), "innovation_alpha": np.zeros(0, np.float32)}
    tight = {"notice": np.float32(1e-6), "feature_limit": np.float32(1e-3)}
    found = run(config(**few, **tight), library)
    base = TINY.config().detector
    equal = (found["level"] == found["residual"]) & (found["state"] == State.NOTICE)
    assert equal.any()
    for names in found["top"][equal]:
        assert set(names.tolist()) <= {*base.level.channels, NO_CHANNEL}


def raised_rows(run, library, data, **constants):
    """Rows in OK before the state is raised, and those from there until it is a normal one."""
    found = run(learned(recover_samples=0, **constants), library, data)
    states = found["state"].tolist()
    learned_at = found["event"].tolist().index(Event.LEARNED)
    first = next(row for row, state in enumerate(states) if state in RAISED)
    ended = found["event"].tolist().index(Event.CHANGED)
    assert set(states[first : ended + 1]) <= set(RAISED)
    return first - learned_at - 1, ended - first + 1


@RUNS
def test_a_state_is_normal_when_it_used_up_the_credit_and_is_a_block_long(builds, run):
    """The credit is the rows of the learning and those in OK, within its most."""
    library = builds(TINY)
    learn = learned().detector.learn_samples
    data = usual(300)
    data[90:] += np.float32(100) / TINY.config().adapter.scaler.inv_std
    for most, block in ((learn - 1, 1), (learn, 1), (200, 1), (200, 150), (7, 7), (7, 8), (7, 6)):
        calm, found = raised_rows(run, library, data, change_samples=most, block_rows=block)
        assert calm > 10
        assert found == max(min(learn + calm, most), block)
    exact = learn + calm
    for most in (exact - 1, exact, exact + 1):
        assert raised_rows(run, library, data, change_samples=most, block_rows=1)[1] == min(
            most, exact
        )


@RUNS
def test_the_credit_outlasts_a_quiet_time_and_a_gap(builds, run):
    """Two raised stretches count together; rows in OK between them count against."""
    library = builds(TINY)
    learn = learned().detector.learn_samples
    data = usual(300)
    for rows in (slice(60, 63), slice(150, 300)):
        data[rows] += np.float32(100) / TINY.config().adapter.scaler.inv_std
    for gap in (False, True):
        data[120:126] = np.nan if gap else data[120:126]
        found = run(learned(recover_samples=0, change_samples=500, block_rows=1), library, data)
        ended = found["event"].tolist().index(Event.CHANGED)
        states = found["state"][: ended + 1]
        there = found["flags"][: ended + 1] & IS_MISSING == 0
        raised = int(np.isin(states, RAISED).sum())
        assert raised == learn + int((there & (states == State.OK)).sum())
        assert ended > 150
        assert {State.OK} <= set(states[100:118].tolist())


@RUNS
def test_recovery_takes_exactly_so_many_rows_below_the_share(builds, run):
    library = builds(TINY)
    data = usual()
    data[40:50, 0] += np.float32(60) / TINY.config().adapter.scaler.inv_std[0]
    few = {"median": Form(), "innovation": Form(), "innovation_alpha": np.zeros(0, np.float32)}
    few |= {"residual": Form(), "change_samples": 0}
    few |= {"notice": np.float32(0.5), "hold": np.float32(0.01)}
    alarm = run(learned(alarm=np.float32(1), recover_samples=1, **few), library, data)
    assert State.ALARM in alarm["state"].tolist()
    assert Event.RECOVERED not in alarm["event"].tolist()
    for rows in (1, 5):
        asked = learned(alarm=np.float32(1e6), recover_samples=rows, **few)
        found = run(asked, library, data)
        scores, at = found["score"], found["event"].tolist().index(Event.RECOVERED)
        raised = max(r for r in range(at) if found["state"][r] not in (2, 5)) + 1
        peaks = np.maximum.accumulate(scores[raised : at + 1])
        low = scores[raised : at + 1] < np.float32(0.25) * peaks
        assert low[-rows:].all()
        assert not low[-rows - 1]


@RUNS
def test_a_stuck_sensor_is_masked_at_exactly_so_many_equal_values(builds, run):
    library = builds(TINY)
    data = usual()
    data[40:60, 1] = data[40, 1]
    for limit in (2, 6):
        stuck = np.array([0, limit, 0], np.uint16)
        counts = run(config(stuck_samples=stuck), library, data)["masked_count"]
        assert counts[: 40 + limit - 1].max() == 0
        assert counts[40 + limit - 1] == 1
        # Back after return_samples good ones.
        back = 60 + TINY.config().detector.return_samples - 1
        assert counts[back - 1] == 1
        assert counts[back] == 0


@RUNS
def test_a_move_by_the_band_is_none(builds, run):
    """Steps up and down of exactly the band stand still, those of one float32 more do not."""
    library = builds(TINY)
    data = usual()
    step = np.float32(0.25)
    data[40:60, 1] = -20.0
    data[41:60:2, 1] += step
    stuck = np.array([0, 6, 0], np.uint16)
    for band, masked in ((step, 1), (np.nextafter(step, BELOW), 0), (np.float32(0), 0)):
        bands = np.array([0, band, 0], np.float32)
        found = run(config(stuck_samples=stuck, stuck_band=bands), library, data)
        assert found["masked_count"][44] == 0
        assert found["masked_count"][45] == masked


@RUNS
@pytest.mark.parametrize("every", [2, 3, 8])
def test_a_flickering_sensor_neither_ends_an_alarm_nor_prevents_a_verdict(builds, run, every):
    """Channel 1 drops out again and again; a fault of channel 0 begins meanwhile."""
    library = builds(TINY)
    data = usual()
    scaler = TINY.config().adapter.scaler
    data[20::every, 1] = np.nan
    data[50:, 0] += 40 * scaler.std[0]
    whole = run(config(), library, usual())["score"][25:50].max()
    limits = {"notice": np.float32(3 * whole), "alarm": np.float32(4 * whole)}
    found = run(config(**limits), library, data)
    assert set(found["state"][20:50].tolist()) == {State.OK}
    assert set(found["state"][56:].tolist()) == {State.ALARM}
    back = every > TINY.config().detector.return_samples
    assert set(found["masked_count"][20:].tolist()) == ({0, 1} if back else {1})
    assert set(found["top"][56:, 0].tolist()) == {0}


@RUNS
def test_a_value_at_the_end_of_its_range_is_good(builds, run):
    library = builds(TINY)
    data = usual()
    low, high = np.full(3, -1e30, np.float32), np.full(3, 1e30, np.float32)
    for value, masked in (
        (data[50, 2], 0),
        (np.nextafter(data[50, 2], ABOVE), 1),
    ):
        changed = data.copy()
        changed[50, 2] = value
        ends = high.copy()
        ends[2] = data[50, 2]
        low_ends = low.copy()
        low_ends[2] = min(data[:, 2].min(), data[50, 2])
        changed[:, 2] = np.minimum(changed[:, 2], value)
        found = run(config(low=low_ends, high=ends), library, changed)
        assert found["masked_count"][50] == masked


@RUNS
def test_one_missing_sample_more_than_the_limit_is_a_gap(builds, run):
    library = builds(TINY)
    data = usual()
    most = TINY.config().detector.max_missed
    data[50 : 50 + most + 1] = np.nan
    found = run(config(), library, data)
    states = found["state"].tolist()
    assert states[49 : 50 + most] == [states[49]] * (most + 1)
    assert states[50 + most] == State.WARMUP
    assert found["index"][50 + most] == 0


@RUNS
def test_one_masked_channel_more_than_the_limit_is_degraded(builds, run):
    library = builds(TINY)
    data = usual()
    data[50, :2] = np.nan
    states = [State(run(config(max_masked=most), library, data)["state"][50]) for most in (1, 2)]
    assert states[0] == State.DEGRADED
    assert states[1] != State.DEGRADED


def test_codes_are_those_of_the_protocol():
    assert (Status["OK"], Status["NOT_FINITE"]) == (replay.STATUS_OK, replay.STATUS_NOT_FINITE)
    assert (TOP, NO_CHANNEL) == (4, 0xFFFF)
