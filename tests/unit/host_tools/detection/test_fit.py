"""The fit by its rule, the file it writes, and counts of faults and false alarms."""

import json
from dataclasses import replace

import numpy as np
import pytest

from host_tools.detection import assess, chain, fit
from host_tools.errors import DataError, TrainingError
from host_tools.formats import detector
from host_tools.formats.detector import BASELINE, SCALER
from host_tools.formats.record import RECORD, VERDICTS, State
from host_tools.formats.scaler import Scaler
from host_tools.runtimes import adapter
from tests.unit.host_tools.detection.plant import plant

F = np.float32
RULE = fit.Rule(input=BASELINE)
EDGES = adapter.ModelEdges(30, 10, 4, 0.05, 0, 0.05, 0)


def flat(windows):
    """A forecaster that always says: the baseline."""
    return np.zeros((len(windows), 10, windows.shape[2]), np.float32)


def fitted(rule, segments, checks=()):
    norm = fit.normalizer(segments, rule)
    material = fit.Material(segments, segments, flat, 30, 10, checks)
    return fit.fit(material, rule, norm), norm


def config(found, norm):
    std = 1 / norm.inv_std
    scale = Scaler(
        tuple("abcd"), norm.mean.astype(F), std.astype(F), norm.inv_std.astype(F), F(4), F(64)
    )
    return chain.ChainConfig(adapter.adapt(EDGES, scale), found)


def run(found, norm, values):
    zero = lambda windows: np.zeros((len(windows), 10, 4), np.int8)  # noqa: E731
    return chain.run_chain(config(found, norm), values.astype(F), zero)


@pytest.fixture(scope="module")
def learned():
    return fitted(RULE, [plant(400, s) for s in range(8)])


def test_a_drifting_channel_is_out(learned):
    found, _ = learned
    assert found.level_channels == found.residual_channels == (0, 1, 2)
    assert (found.learn_samples, found.threshold) == (391, F(2))


def test_verdicts_begin_after_the_learned_rows_and_a_step_alarms(learned):
    values = plant(900, 99)
    values[600:, 1] += 0.3
    records = run(*learned, values)
    states = records["state"]
    assert set(states[9:400].tolist()) == {State.LEARN}
    assert states[400] in VERDICTS
    assert np.mean(states[400:600] == State.ALARM) < 0.1
    assert (states[640:] == State.ALARM).all()
    assert set(records["top"][640:, 0].tolist()) == {1}


def test_other_level_and_spread_is_learned(learned):
    states = run(*learned, plant(900, 7) * 3.0 + 20.0)["state"]
    assert np.mean(states[400:] == State.ALARM) < 0.15


def test_score_of_training_rows_has_the_quantile_one(learned):
    highs = [np.quantile(run(*learned, plant(400, s))["score"][50:], 0.99) for s in range(8)]
    assert np.median(highs) == pytest.approx(1, rel=0.15)


def test_training_baseline_needs_no_learning_and_checks_raise_its_threshold():
    rule = fit.Rule(input=SCALER, learn_rows=0)
    parts = [plant(3000, 1)]
    parts[0][:, 3] = np.random.default_rng(0).normal(size=3000)
    found, norm = fitted(rule, parts)
    assert found.level_channels == (0, 1, 2, 3)
    assert found.learn_samples == 0
    states = run(found, norm, parts[0][:600])["state"]
    assert set(states[9:].tolist()) <= set(VERDICTS)
    assert np.mean(states == State.ALARM) < 0.02
    centre = parts[0].mean(axis=0)
    louder, _ = fitted(rule, parts, [centre + 3 * (parts[0] - centre)])
    quieter, _ = fitted(rule, parts, [centre + 0.1 * (parts[0] - centre)])
    assert abs(louder.level_factor[0]) < 0.5 * abs(found.level_factor[0])
    assert quieter.level_factor[0] == pytest.approx(found.level_factor[0])


def test_a_perfect_forecast_does_not_amplify_quantization():
    parts = [plant(400, s) for s in range(4)]
    norm = fit.normalizer(parts, RULE)

    def oracle(windows):
        return np.repeat(windows[:, -1:], 10, axis=1)

    still = [np.repeat(p[:1], 400, axis=0) + 1e-9 * p for p in parts]
    material = fit.Material(still, parts, oracle, 30, 10)
    found = fit.fit(material, replace(RULE, input=SCALER), norm)
    assert (found.prior_residual >= fit.LEAST_RESIDUAL**2 / RULE.rows * 0.999).all()


def test_too_few_rows():
    with pytest.raises(TrainingError, match=r"only .* training rows have a forecast"):
        fitted(replace(RULE, learn_rows=60), [plant(60, 0)])


def test_a_constant_channel_is_named_as_such():
    parts = [plant(400, 0)]
    parts[0][:, 1] = 3
    with pytest.raises(DataError, match="constant"):
        fit.normalizer(parts, RULE)


def test_file_holds_the_same_bits(learned, tmp_path):
    found, _ = learned
    path = tmp_path / "detector.json"
    found.save(path)
    read = detector.load(path, 4)
    assert read.text() == found.text()
    assert read.level_factor.tobytes() == found.level_factor.tobytes()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("version", 1, "has version 1, this release needs 2: .* `host_tools fit --model DIR`"),
        ("alpha", 1.5, '"alpha" must be in'),
        ("alpha", True, '"alpha" must be a positive'),
        ("threshold", 0, "threshold"),
        ("track", -0.1, "track"),
        ("rows", 0, '"rows" must be an integer 1'),
        ("input", "model", '"input" must be "scaler" or "baseline"'),
        ("level_channels", [2, 0], "ascending channel numbers below 4, not"),
        ("level_channels", [0, 1, 4], "below 4"),
        ("level_factor", [1.0], '"level_factor" must hold 6'),
        ("level_factor", [1e9] * 6, "keep the forms below"),
        ("prior_level", [1.0, 0.0, 1.0, 1.0], '"prior_level" and'),
        ("input_gain", [1.0, -1.0, 1.0, 1.0], "input_gain"),
        ("feature_limit", 1e7, "feature_limit"),
        ("prior_rows", 0.5, "prior_rows"),
    ],
)
def test_bad_file(learned, tmp_path, key, value, said):
    path = tmp_path / "detector.json"
    content = json.loads(learned[0].text())
    path.write_text(json.dumps(content | {key: value}))
    with pytest.raises(DataError, match=said) as caught:
        detector.load(path, 4)
    assert str(path) in str(caught.value)


def test_a_detector_that_scores_nothing(learned, tmp_path):
    none = replace(
        learned[0],
        level_channels=(),
        residual_channels=(),
        level_factor=np.zeros(0, F),
        residual_factor=np.zeros(0, F),
        prior_residual=np.zeros(0, F),
    )
    none.save(tmp_path / "detector.json")
    with pytest.raises(DataError, match="nothing would be scored"):
        detector.load(tmp_path / "detector.json", 4)


def test_assess_counts_events_and_false_alarms():
    records = np.zeros(20, dtype=RECORD)
    records["state"][2:] = State.OK
    records["state"][[4, 5, 9, 12, 13]] = State.ALARM
    records["state"][15] = State.LEARN
    labels = np.zeros(20, dtype=np.uint8)
    labels[[0, 8, 9, 13, 15, 17]] = 1
    found = assess.assess(records, labels)
    assert (found.events, found.detected, found.false_alarms) == (3, 2, 1)
    assert (found.quiet_rows, found.false_rows) == (13, 3)
