"""The fit by its rule, the file it writes, and counts of faults and false alarms."""

import json
from dataclasses import replace

import numpy as np
import pytest

from host_tools.detection import assess, fit, replay
from host_tools.detection.rule import Rule
from host_tools.errors import DataError, TrainingError
from host_tools.formats import detector
from host_tools.formats.detector import Form
from host_tools.formats.record import RAISED, RECORD, VERDICTS, State
from host_tools.formats.scaler import Scaler
from host_tools.runtimes import adapter
from tests.unit.host_tools.detection.plant import plant

F = np.float32
RULE = Rule()
TRAINING = Rule(learn_rows=0)
EDGES = adapter.ModelEdges(30, 10, 4, 0.05, 0, 0.05, 0)


def flat(windows):
    """A forecaster that always says: the baseline."""
    return np.zeros((len(windows), 10, windows.shape[2]), np.float32)


def scaler(segments):
    std = np.median([s.std(axis=0) for s in segments], axis=0)
    mean = np.concatenate(segments).mean(axis=0)
    return Scaler(tuple("abcd"), mean.astype(F), std.astype(F), (1 / std).astype(F), F(8), F(1e6))


def fitted(rule, segments, held=None, network=None):
    flags = [True] * len(segments) if held is None else held
    scale = scaler(segments)
    found = fit.fit(fit.Material(segments, flags, network), rule, scale)
    return found, scale


def run(found, scale, values):
    zero = lambda windows: np.zeros((len(windows), 10, 4), np.int8)  # noqa: E731
    config = replay.ChainConfig(adapter.adapt(EDGES, scale), found.detector)
    return replay.run_chain(config, values.astype(F), zero)


@pytest.fixture(scope="module")
def learned():
    network = fit.Network(flat, 30, 10)
    return fitted(RULE, [plant(400, s) for s in range(12)], network=network)


def test_a_channel_that_wanders_is_not_scored_by_level(learned):
    found = learned[0].detector
    assert found.level.channels == found.residual.channels == (0, 1, 2)
    assert found.innovation.channels == (0, 1, 2, 3)
    assert (found.learn_samples, found.settle_samples) == (400, 100)
    assert (found.notice, found.alarm) == (F(2), F(3))


def test_smoothers_follow_what_they_can(learned):
    alpha = learned[0].detector.innovation_alpha
    assert (alpha[:3] <= 0.05).all()
    assert alpha[3] >= 0.4


def test_verdicts_begin_after_the_learned_rows_and_a_step_alarms(learned):
    values = plant(900, 99)
    values[600:, 1] += 0.3
    records = run(*learned, values)
    states = records["state"]
    assert set(states[9:400].tolist()) == {State.LEARN}
    assert states[400] in VERDICTS
    assert np.mean(states[400:600] == State.ALARM) < 0.1
    assert np.isin(states[640:800], RAISED).mean() > 0.9
    assert set(records["top"][640:700, 0].tolist()) == {1}


def test_other_level_and_spread_is_learned(learned):
    states = run(*learned, plant(900, 7) * 3.0 + 20.0)["state"]
    assert np.mean(np.isin(states[400:], RAISED)) < 0.15


def test_white_channels_are_watched_for_drift(learned):
    assert set(learned[0].detector.drift_channels) <= {0, 1, 2}
    assert learned[0].detector.drift_channels


def test_spiky_channels_are_scored_by_medians():
    random = np.random.default_rng(1)
    parts = [plant(400, s) for s in range(8)]
    for part in parts:
        part[:, 0] = 0.1 * random.normal(size=400)
        part[random.random(400) < 0.02, 0] += 20
    found, _ = fitted(RULE, parts)
    assert found.spiky == (0,)
    assert found.detector.median.channels == (1, 2)
    assert found.detector.growth == F(RULE.spiky_growth)


def test_stuck_limits_come_from_the_longest_run():
    parts = [plant(400, s) for s in range(4)]
    parts[2][100:130, 1] = 0.0
    found, _ = fitted(RULE, parts)
    assert found.detector.stuck_samples.tolist() == [18, 70, 20, 20]
    equal, _ = fitted(replace(RULE, stuck_share=0.0), parts)
    assert equal.detector.stuck_samples.tolist() == [12, 70, 12, 12]


def test_a_channel_stands_still_within_a_quarter_of_its_typical_step():
    parts = [plant(400, s) for s in range(4)]
    for part in parts:
        part[:, 2] = np.repeat(part[::4, 2], 4)  # rests for three rows in four
    found, _ = fitted(RULE, parts)
    steps = np.abs(np.diff(np.stack(parts).astype(F), axis=1))
    wanted = 0.25 * np.median(steps.reshape(-1, 4), axis=0)
    assert found.detector.stuck_band == pytest.approx(wanted, abs=1e-4)
    assert (found.detector.stuck_band[[0, 1, 3]] > wanted[[0, 1, 3]]).all()
    assert found.detector.stuck_band[2] == 0


def test_training_baseline_needs_no_learning_and_held_rows_raise_its_threshold():
    parts = [plant(400, 1) for _ in range(8)]
    for i, part in enumerate(parts):
        part[:, 3] = np.random.default_rng(i).normal(size=400)
    found, scale = fitted(TRAINING, parts, [False] * 8)
    assert found.detector.level.channels == (0, 1, 2, 3)
    assert found.detector.learn_samples == 0
    states = run(found, scale, parts[0])["state"]
    assert set(states[9:].tolist()) <= set(VERDICTS)
    assert np.mean(states == State.ALARM) < 0.02

    def scaled(gain):
        return np.mean([p.mean(axis=0) for p in parts], axis=0) + gain * (
            parts[0] - parts[0].mean(0)
        )

    def first(gain):
        material = fit.Material([*parts, scaled(gain)], [False] * 8 + [True])
        return abs(fit.fit(material, TRAINING, scale).detector.level.factor[0])

    assert first(5.0) < 0.7 * first(0.1)


def test_a_network_that_knows_its_rows_by_heart_is_told():
    def predict(windows):
        return np.zeros((len(windows), 10, 4), np.float32)

    parts = [plant(400, s) for s in range(8)]
    noisy = [parts[0].mean(0) + 3 * (p - p.mean(0)) for p in parts[4:]]
    network = fit.Network(predict, 30, 10)
    found, _ = fitted(RULE, [*parts[:4], *noisy], [False] * 4 + [True] * 4, network)
    assert found.power_ratio > fit.TELLING_POWER


def test_a_perfect_forecast_does_not_amplify_quantization():
    def oracle(windows):
        return np.repeat(windows[:, -1:], 10, axis=1)

    parts = [np.repeat(plant(1, s), 400, axis=0) + 1e-3 * plant(400, s) for s in range(4)]
    scale = replace(scaler(parts), inv_std=np.full(4, 1e-4, F))
    material = fit.Material(parts, [True] * 4, fit.Network(oracle, 30, 10))
    found = fit.fit(material, TRAINING, scale).detector
    assert (found.residual.prior >= F(fit.LEAST_RESIDUAL**2 / RULE.rows * 0.999)).all()


def test_too_few_rows():
    with pytest.raises(TrainingError, match=r"only .* quiet rows have a level"):
        fitted(Rule(learn_rows=60), [plant(60, 0)])


def test_file_holds_the_same_bits(learned, tmp_path):
    found = learned[0].detector
    path = tmp_path / "detector.json"
    found.save(path)
    read = detector.load(path, 4)
    assert read.text() == found.text()
    assert read.level.factor.tobytes() == found.level.factor.tobytes()
    assert read.stuck_samples.tolist() == found.stuck_samples.tolist()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("version", 2, "has version 2, this release needs 3: .* `host_tools fit --model DIR`"),
        ("alpha", 1.5, '"alpha" must be in'),
        ("alpha", True, '"alpha" must be a positive'),
        ("notice", 0, "notice"),
        ("alarm", 1.0, '"notice" must be above 0 and at most "alarm"'),
        ("rows", 2, '"rows" must be an integer 3'),
        ("baseline", "model", '"baseline" must be "training" or "learned"'),
        ("learn_samples", 0, '"learn_samples" must be above 0 with'),
        ("settle_samples", 400, '"settle_samples" must be below'),
        ("level_channels", [2, 0], "ascending channel numbers below 4, not"),
        ("level_channels", [0, 1, 4], "below 4"),
        ("level_factor", [1.0], '"level_factor" must hold 6'),
        ("level_factor", [1e9] * 6, "keep the form below"),
        ("level_prior", [1.0, 0.0, 1.0, 1.0], '"level_prior" must be'),
        ("feature_limit", 1e7, "feature_limit"),
        ("prior_rows", 0.5, "prior_rows"),
        ("low", [3.5e38] * 4, '"low" must'),
        ("high", [-3.4028235e38, 1.0, 1.0, 1.0], "low"),
        ("stuck_samples", [1, 2, 3], '"stuck_samples" must hold 4 integers'),
        ("max_masked", 9, '"max_masked" must be an integer 0'),
        ("return_samples", 12, '"return_samples" must be at least'),
        ("hold", 1.5, '"hold" must be in'),
    ],
)
def test_bad_file(learned, tmp_path, key, value, said):
    path = tmp_path / "detector.json"
    content = json.loads(learned[0].detector.text())
    path.write_text(json.dumps(content | {key: value}))
    with pytest.raises(DataError, match=said) as caught:
        detector.load(path, 4)
    assert str(path) in str(caught.value)


def test_a_detector_that_scores_nothing(learned, tmp_path):
    found = learned[0].detector
    none = Form((), np.zeros(0, F), np.zeros(0, F))
    bare = Form((), np.zeros(0, F), found.level.prior)
    empty = replace(
        found, level=bare, innovation=none, residual=none, innovation_alpha=np.zeros(0, F)
    )
    empty.save(tmp_path / "detector.json")
    with pytest.raises(DataError, match="nothing would be scored"):
        detector.load(tmp_path / "detector.json", 4)


def test_assess_counts_events_and_false_alarms():
    records = np.zeros(20, dtype=RECORD)
    records["state"][2:] = State.OK
    records["state"][[4, 5, 9, 12, 13]] = State.ALARM
    records["state"][6] = State.NOTICE
    records["state"][15] = State.LEARN
    labels = np.zeros(20, dtype=np.uint8)
    labels[[0, 8, 9, 13, 15, 17]] = 1
    found = assess.assess(records, labels)
    assert (found.events, found.detected, found.false_alarms) == (3, 2, 1)
    assert (found.quiet_rows, found.false_rows, found.notice_rows) == (13, 3, 4)
    assert found.stray_rows == 2
    assert found.alarm_share == pytest.approx(100 * 2 / 13)
    assert found.episodes_per_day == pytest.approx(86400 / 13)
    twice = assess.together([found, found])
    assert (twice.quiet_rows, twice.false_alarms) == (26, 2)
