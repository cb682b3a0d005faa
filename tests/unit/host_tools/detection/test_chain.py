"""The specification itself: states, baseline, gaps, relearning, attribution; no TensorFlow."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.detection import chain, metrics
from host_tools.detection.chain import ChainConfig
from host_tools.errors import DataError
from host_tools.formats.detector import SCALER
from host_tools.formats.record import NO_CHANNEL, State
from tests.unit.sdk.tiny import Tiny, samples

TINY = Tiny()
F = np.float32


def config(**changes) -> ChainConfig:
    base = TINY.config()
    return ChainConfig(base.adapter, replace(base.detector, **changes))


def flat(windows):
    """A model that always forecasts the middle of its output range."""
    return np.full((len(windows), TINY.horizon, TINY.channels), 5, np.int8)


def quiet(rows, seed=1, at=0.0):
    scaler = TINY.config().adapter.scaler
    noise = np.random.default_rng(seed).normal(at, 0.3, (rows, TINY.channels))
    return (noise * scaler.std + scaler.mean).astype(F)


def states(records):
    return [State(s) for s in records["state"]]


def test_states_follow_one_another():
    found = chain.run_chain(config(), quiet(60), flat)
    ready = config().detector.rows + config().detector.learn_samples
    assert states(found)[:2] == [State.WARMUP] * 2
    assert states(found)[2 : ready - 1] == [State.LEARN] * (ready - 3)
    assert set(states(found)[ready - 1 :]) == {State.OK}
    assert found["has_forecast"].tolist() == [0] * 3 + [1] * 57


def test_without_learning_there_are_verdicts_as_soon_as_rows_are_full():
    found = chain.run_chain(config(learn_samples=0, threshold=F(1e6)), quiet(30), flat)
    assert states(found) == [State.WARMUP] * 2 + [State.OK] * 28
    assert found["level"][1:4].tolist()[0] == 0
    assert (found["level"][2:] > 0).all()


def test_a_step_alarms_and_names_its_channel():
    data = quiet(120)
    data[80:, 2] += 400  # 4.4 standard deviations
    found = chain.run_chain(config(relearn_samples=0), data, flat)
    assert State.ALARM not in states(found)[:80]
    assert set(states(found)[90:]) == {State.ALARM}
    assert set(found["top"][90:, 0].tolist()) == {2}
    assert (found["top"][:80] == NO_CHANNEL).all()


def test_a_gap_keeps_the_baseline_and_names_the_channel():
    data = quiet(80)
    data[60, 1] = np.nan
    found = chain.run_chain(config(), data, flat)
    assert states(found)[60:64] == [State.FAULT, State.WARMUP, State.WARMUP, State.OK]
    assert found["status"][60] == chain.STATUS_NOT_FINITE
    assert found["top"][60].tolist() == [1, *[NO_CHANNEL] * 3]
    assert found["index"][59:63].tolist() == [59, 0, 0, 1]
    assert not found["score"][60:63].any()


def test_a_gap_while_learning_costs_only_the_warm_up():
    data = quiet(80)
    data[10] = np.inf
    whole, cut = (chain.run_chain(config(), d, flat) for d in (quiet(80), data))
    first = [states(f).index(State.OK) for f in (whole, cut)]
    assert first[1] - first[0] == 1 + config().detector.rows - 1


def test_another_level_is_learned():
    """The same plant in another state: as quiet as the first one, and no alarm."""
    found = chain.run_chain(config(), quiet(200, at=20.0), flat)
    assert State.ALARM not in states(found)


def test_a_long_alarm_becomes_the_new_normal():
    data = quiet(300)
    data[80:, 2] += 400
    found = states(chain.run_chain(config(relearn_samples=40), data, flat))
    alarm = found.index(State.ALARM)
    assert found[alarm : alarm + 40] == [State.ALARM] * 40
    assert found[alarm + 40] == State.WARMUP
    assert found[-1] == State.OK
    never = states(chain.run_chain(config(relearn_samples=0), data, flat))
    assert never[-1] == State.ALARM


def test_a_reset_is_a_new_beginning():
    data = samples(TINY, 200)
    found = chain.run_chain(config(), data, TINY.run, resets=(90,))
    fresh = chain.run_chain(config(), data[90:], TINY.run)
    assert found[90:].tobytes() == fresh.tobytes()


@pytest.mark.parametrize("input_", [SCALER, "baseline"])
def test_the_past_alone_decides(input_):
    data, changed = samples(TINY, 200), samples(TINY, 200)
    changed[120:] *= F(0.5)
    one, two = (chain.run_chain(config(input=input_), d, TINY.run) for d in (data, changed))
    assert one[:120].tobytes() == two[:120].tobytes()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-30, 1.0, 1e30, 3e38]))
def test_nothing_overflows(seed, scale):
    random = np.random.default_rng(seed)
    data = (random.choice([-1.0, 0.0, 1.0], (80, 3)) * scale).astype(F)
    found = chain.run_chain(config(), data, TINY.run)
    for name in ("level", "residual", "score"):
        assert np.isfinite(found[name]).all()


def test_a_batch_of_windows_is_the_same_as_one_by_one():
    """With inputs relative to the training rows every forecast is made in one batch."""
    calls = []

    def model(windows):
        calls.append(len(windows))
        return TINY.run(windows)

    data = samples(TINY, 300)
    found = chain.run_chain(config(input=SCALER, relearn_samples=0), data, model)
    assert len(calls) == 1
    assert found["has_forecast"].sum() == calls[0]


def test_another_channel_count():
    with pytest.raises(DataError, match="3 channels"):
        chain.run_chain(config(), np.zeros((5, 2), dtype=F), flat)


def test_auc_pr_is_average_precision():
    import sklearn.metrics as sklearn

    rng = np.random.default_rng(0)
    for _ in range(20):
        labels, scores = rng.integers(0, 2, 200), rng.integers(0, 30, 200) / 7.0
        assert metrics.auc_pr(labels, scores) == pytest.approx(
            sklearn.average_precision_score(labels, scores)
        )


def test_perfect_score_has_full_volume_and_random_does_not():
    labels = np.zeros(500, int)
    labels[200:300] = 1
    assert metrics.vus_pr(labels, metrics._soft_labels(labels, 50)) > 0.95
    assert metrics.vus_pr(labels, np.random.default_rng(1).random(500)) < 0.45


def test_benchmark_rates():
    run_ = metrics.Run(
        "x", np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0], bool), np.arange(4.0), np.arange(4.0)
    )
    assert metrics.rates([run_]) == (0.5, 50.0, 50.0)
