"""The specification itself: states, baseline, masks, gaps, new states, naming; no TensorFlow."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.detection import fast, replay
from host_tools.detection.replay import ChainConfig
from host_tools.errors import DataError
from host_tools.formats.detector import HOURS, TRAINING
from host_tools.formats.record import (
    HAS_FORECAST,
    IS_MISSING,
    NO_CHANNEL,
    RAISED,
    VERDICTS,
    Event,
    State,
)
from tests.unit.sdk.tiny import Tiny, samples

TINY = Tiny()
F = np.float32
TRAINED = {"baseline": TRAINING, "learn_samples": 0, "settle_samples": 0}


def config(**changes) -> ChainConfig:
    """The tiny detector with a threshold that noise does not reach, and no stuck sensor."""
    base = TINY.config()
    fixed = {"stuck_samples": np.zeros(3, np.uint16)}
    return ChainConfig(base.adapter, replace(base.detector, **{**fixed, **changes}))


def flat(windows):
    """A model that always forecasts the middle of its output range."""
    return np.full((len(windows), TINY.horizon, TINY.channels), 5, np.int8)


def quiet(rows, seed=1, at=0.0):
    scaler = TINY.config().adapter.scaler
    noise = np.random.default_rng(seed).normal(at, 0.3, (rows, TINY.channels))
    return (noise * scaler.std + scaler.mean).astype(F)


def states(records):
    return [State(s) for s in records["state"]]


def run(data, **changes):
    return replay.run_chain(config(**changes), data, flat)


def test_states_follow_one_another():
    found = run(quiet(60))
    first = config().detector.rows - 1
    learned = config().detector.learn_samples
    assert states(found)[:first] == [State.WARMUP] * first
    assert states(found)[first:learned] == [State.LEARN] * (learned - first)
    assert set(states(found)[learned:]) == {State.OK}
    assert np.flatnonzero(found["event"]).tolist() == [learned - 1]
    assert found["event"][learned - 1] == Event.LEARNED
    assert (found["flags"] & HAS_FORECAST).tolist() == [0] * 3 + [1] * 57


def test_without_learning_there_are_verdicts_as_soon_as_rows_are_full():
    found = run(quiet(30), **TRAINED, notice=F(1e6), alarm=F(1e6))
    assert states(found) == [State.WARMUP] * 3 + [State.OK] * 27
    assert found["level"][2] == 0
    assert (found["level"][3:] > 0).all()


def test_a_step_alarms_and_names_its_channel():
    data = quiet(120)
    data[80:, 2] += 1000  # 11 standard deviations
    found = run(data, change_samples=0, recover_samples=0)
    assert not set(states(found)[:80]) & set(RAISED)
    assert set(states(found)[95:]) == {State.ALARM}
    assert set(found["top"][95:, 0].tolist()) == {2}
    assert (found["top"][:80] == NO_CHANNEL).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_a_bad_value_masks_its_channel_and_no_other(value):
    data = quiet(90)
    data[60, 1] = value
    whole, found = run(quiet(90)), run(data)
    back = 60 + config().detector.return_samples
    assert set(states(found)[60:]) == {State.OK}
    assert found["masked_count"].tolist() == [0] * 60 + [1] * (back - 60) + [0] * (90 - back)
    assert found["masked"][60].tolist() == [1, *[NO_CHANNEL] * 3]
    assert found["status"][60] == replay.STATUS_OK
    assert found[:60].tobytes() == whole[:60].tobytes()


def test_a_flickering_sensor_neither_ends_an_alarm_nor_prevents_verdicts():
    data = quiet(300)
    data[::4, 1] = np.nan
    data[150:, 2] += 1000
    found = run(data, change_samples=0, recover_samples=0)
    verdicts = states(found)[60:]
    assert set(verdicts) <= set(VERDICTS)
    assert set(states(found)[165:]) == {State.ALARM}
    assert set(found["top"][165:, 0].tolist()) == {2}


def test_a_channel_that_was_dead_while_learning_stays_masked():
    data = quiet(200)
    data[:80, 1] = np.nan
    found = run(data)
    assert (found["masked_count"][80:] == 1).all()
    assert set(states(found)[60:]) == {State.OK}
    learned = replay.run_chain(config(), data, flat, resets=(100,))
    assert (learned["masked_count"][160:] == 0).all()


def test_missing_samples_latch_the_state_and_many_are_a_gap():
    data = quiet(120)
    data[60:63] = np.nan
    data[90:94] = np.nan
    found = run(data)
    assert states(found)[60:63] == [State.OK] * 3
    assert set((found["flags"][60:63] & IS_MISSING).tolist()) == {IS_MISSING}
    assert (found["status"][60:63] == replay.STATUS_NOT_FINITE).all()
    rows = config().detector.rows
    assert states(found)[90:97] == [State.OK] * 3 + [State.WARMUP] * rows
    assert found["index"][92:96].tolist() == [92, 0, 0, 1]
    assert not found["score"][93:97].any()


def test_another_level_is_learned():
    """The same plant in another state: as quiet as the first one, and no alarm."""
    assert not set(states(run(quiet(200, at=20.0)))) & set(RAISED)


def test_a_long_alarm_becomes_normal_and_so_is_what_was_before():
    data = quiet(200)
    data[80:126, 2] += 1000
    found = run(data, change_samples=40, recover_samples=0)
    raised = next(i for i, s in enumerate(states(found)) if s in RAISED)
    assert set(states(found)[raised : raised + 40]) <= set(RAISED)
    assert np.flatnonzero(found["event"] == Event.CHANGED)[0] == raised + 39
    assert set(states(found)[raised:]) <= set(VERDICTS)
    assert set(states(found)[raised + 40 :]) == {State.OK}
    never = states(run(data, change_samples=0, recover_samples=0))
    assert set(never[raised:126]) <= set(RAISED)


def test_nothing_adapts_while_a_state_is_raised():
    data = quiet(400)
    data[200:, 2] += 1000
    found = run(data, change_samples=0, recover_samples=0)
    raised = np.isin(found["state"], RAISED)
    assert raised[210:].all()
    assert len(set(found["limit"][210:].tolist())) == 1


def test_a_slow_move_is_followed_and_named_as_drift():
    data = quiet(600)
    data[100:, 0] += np.linspace(0, 6, 500) * TINY.config().adapter.scaler.std[0]
    found = run(data, notice=F(300), alarm=F(600))
    assert not set(states(found)[60:]) & set(RAISED)
    assert (found["drift"][:200] == NO_CHANNEL).all()
    assert (found["drift"][-50:] == 0).all()


def test_the_hour_of_the_day_is_subtracted():
    """A plant that follows its hours exactly looks as if it stood still."""
    rows, day = 200, 48
    steps = np.arange(HOURS * 3).reshape(HOURS, 3).astype(np.int16)
    scale = np.full(3, 0.1, F)
    hours = np.arange(rows) % day * HOURS // day
    std = TINY.config().adapter.scaler.std
    data = quiet(rows) + (steps[hours] * scale * std).astype(F)
    hourly = {"day_samples": day, "hour_mean": steps.ravel(), "hour_scale": scale}
    asked = config(**TRAINED, **hourly)
    unknown = replay.run_chain(asked, data, flat)
    assert set(states(unknown)) == {State.WARMUP}
    known = replay.run_chain(asked, data, flat, phase=0)
    plain = run(quiet(rows), **TRAINED)
    assert np.allclose(known["level"], plain["level"], rtol=2e-3, atol=1e-4)
    late = replay.run_chain(asked, data, flat, phase=day // 2)
    assert late["level"].max() > 10 * known["level"].max()


def test_a_reset_is_a_new_beginning():
    data = samples(TINY, 200)
    found = replay.run_chain(config(), data, TINY.run, resets=(90,))
    fresh = replay.run_chain(config(), data[90:], TINY.run)
    assert found[90:].tobytes() == fresh.tobytes()


def test_the_past_alone_decides():
    data, changed = samples(TINY, 200), samples(TINY, 200)
    changed[120:] *= F(0.5)
    one, two = (replay.run_chain(config(), d, TINY.run) for d in (data, changed))
    assert one[:120].tobytes() == two[:120].tobytes()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-30, 1.0, 1e30, 3e38]))
def test_nothing_overflows(seed, scale):
    random = np.random.default_rng(seed)
    data = (random.choice([-1.0, 0.0, 1.0], (80, 3)) * scale).astype(F)
    found = replay.run_chain(config(), data, TINY.run)
    for name in ("level", "median", "innovation", "residual", "score", "limit"):
        assert np.isfinite(found[name]).all()


def test_windows_run_ahead_are_the_same_as_one_by_one():
    """With the baseline of the training rows almost every forecast is made in a batch."""
    sizes = []

    def model(windows):
        sizes.append(len(windows))
        return TINY.run(windows)

    data = quiet(600)
    found = replay.run_chain(config(**TRAINED), data, model)
    assert found.tobytes() == replay.run_chain(config(**TRAINED), data, TINY.run).tobytes()
    assert len(sizes) < 20


def test_another_channel_count():
    with pytest.raises(DataError, match="3 channels"):
        replay.run_chain(config(), np.zeros((5, 2), dtype=F), flat)


@pytest.mark.parametrize("trained", [True, False])
def test_the_fast_rule_follows_the_chain(trained):
    """States of the float64 form are those of the specification, all but a few at a limit."""
    changes = TRAINED if trained else {}
    asked = config(**changes, residual=replace(config().detector.residual, channels=()))
    detector = replace(
        asked.detector,
        residual=type(asked.detector.residual)(),
        notice=F(10),
        alarm=F(15),
    )
    data = quiet(1500)
    for first, channel, size in ((300, 0, 4), (600, 2, 12), (1000, 1, 6)):
        data[first : first + 100, channel] += F(size * asked.adapter.scaler.std[channel])
    exact = replay.run_chain(ChainConfig(asked.adapter, detector), data, flat)
    found = fast.run(detector, asked.adapter.scaler, data.astype(np.float64))
    assert np.mean(found.state != exact["state"]) < 0.005
    assert set(exact["state"].tolist()) >= {State.OK, State.NOTICE, State.ALARM}
