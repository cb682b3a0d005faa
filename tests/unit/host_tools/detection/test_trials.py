"""Injected faults: what is counted, what a network must show to stay."""

import numpy as np
import pytest

from host_tools.detection import fast, trials, worth
from host_tools.detection import fit as fitting
from host_tools.detection.fast import Lane
from host_tools.detection.fit import Material, Network
from host_tools.detection.rule import Rule
from host_tools.detection.sight import Fault, Outcome, Trial
from host_tools.detection.trials import Bench
from host_tools.formats.scaler import Scaler

PERIOD, WINDOW, HORIZON = 40, 30, 4
NAMES = ("wave", "noise")


def rows(count: int, seed: int) -> np.ndarray:
    """A wave, which a network can know and a smoother cannot, and noise."""
    random = np.random.default_rng(seed)
    wave = np.sqrt(2) * np.sin(2 * np.pi * np.arange(count) / PERIOD + seed)
    return np.stack([wave + random.normal(0, 0.1, count), random.normal(0, 1, count)], axis=1)


def scaler() -> Scaler:
    one = np.ones(2, np.float32)
    return Scaler(NAMES, 0 * one, one, one, np.float32(8), np.float32(1e6), 0)


def network(*, knows: bool) -> Network:
    """Least squares of one wave over the window, or always 0."""
    angle = 2 * np.pi * np.arange(WINDOW + HORIZON) / PERIOD
    basis = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ahead = basis[WINDOW:] @ np.linalg.pinv(basis[:WINDOW])

    def predict(windows: np.ndarray) -> np.ndarray:
        found = np.einsum("hw,nwc->nhc", ahead, windows).astype(np.float32)
        return found * np.array([knows, 0], np.float32)

    return Network(predict, WINDOW, HORIZON)


def fitted(net: Network | None, learn_rows: int = 0):
    segments = [rows(400, seed) for seed in range(20)]
    held = [seed >= 10 for seed in range(20)]
    return fitting.fit(Material(segments, held, net), Rule(learn_rows=learn_rows), scaler())


def bench(net: Network, *, scores: bool) -> Bench:
    detector = fitted(net if scores else None).detector
    return Bench(detector, scaler(), net, np.ones(2), 1.0)


QUIET = [rows(1500, 77), rows(1500, 78)]


def test_one_deployment_does_not_tell_what_a_network_adds_to_a_learned_baseline():
    """Stretches shorter than the learning are none; rows of a training baseline always tell."""
    good = network(knows=True)
    both = [
        Bench(fitted(good if scores else None, 400).detector, scaler(), good, np.ones(2), 1.0)
        for scores in (True, False)
    ]
    least = [rows(1500, 77), rows(400, 78)]
    assert worth.compare(*both, least) is not None
    assert worth.compare(*both, [least[0], least[1][:399]]) is None
    assert worth.compare(*both, least[:1]) is None
    plain = [bench(good, scores=scores) for scores in (True, False)]
    assert worth.compare(*plain, least[:1]) is not None


def test_a_network_that_knows_the_wave_stays_and_one_that_knows_nothing_does_not():
    good = network(knows=True)
    found = worth.compare(bench(good, scores=True), bench(good, scores=False), QUIET)
    assert found is not None
    assert found.pays
    assert found.gained > found.lost
    assert "stays" in found.words()
    poor = network(knows=False)
    found = worth.compare(bench(poor, scores=True), bench(poor, scores=False), QUIET)
    assert found is not None
    assert not found.pays
    assert "left out" in found.words()


@pytest.mark.parametrize(
    ("gained", "lost", "notices", "pays"),
    [(5, 0, 0.0, True), (4, 0, 0.0, False), (9, 2, 0.0, True), (9, 3, 0.0, False),
     (9, 0, 0.5, True), (9, 0, 0.51, False)],
)  # fmt: skip
def test_more_must_be_caught_clearly_and_not_by_more_notices(gained, lost, notices, pays):
    sides = worth.Side(0.5, 3.0, notices), worth.Side(0.5, 3.0, 0.0)
    assert worth.Worth(*sides, gained, lost, 99).pays is pays


def test_large_steps_are_seen_and_small_ones_are_not():
    found = trials.sight(bench(network(knows=False), scores=False), QUIET)
    assert found is not None
    names = [f.name for f in found.faults]
    noise = found.outcomes[1]
    assert noise[names.index("step 5")].share == 1
    assert noise[names.index("step 5")].delay < 10
    assert found.chance["step"].share < 0.3
    assert found.fields()["channels"]["noise"]["step 5"]["noticed"] == found.deployments
    text = "\n".join(found.lines())
    assert "no fault" in text
    assert "wave" in text


def test_a_learned_baseline_follows_a_ramp_and_the_channel_is_named():
    detector = fitted(None, 400).detector
    long = [rows(5000, 79)]
    found = trials.sight(Bench(detector, scaler(), None, np.ones(2), 1.0), long)
    assert found is not None
    ramps = [f for f in found.faults if f.kind == "ramp"]
    assert [f.rows for f in ramps] == [3600, 3600]
    assert found.blind_to_ramps()
    assert all(name in found.lines()[-1] for name in found.blind_to_ramps())


def test_rows_that_are_too_few_tell_nothing():
    assert trials.sight(bench(network(knows=False), scores=False), [rows(80, 1)]) is None


def test_a_device_that_learned_from_all_rows_sees_them_again():
    detector = fitted(None, 400).detector
    made = trials.deployments(
        Bench(detector, scaler(), None, np.ones(2), 1.0), [rows(400, 5)], 150, 4
    )
    assert [len(m) for m in made] == [600]
    assert (made[0][400:] == made[0][:200]).all()


def test_what_was_raised_before_the_onset_is_left_out():
    found = Outcome.of([Trial(float("nan"), True), Trial(7.0, True), Trial(float("inf"))])
    assert (found.trials, found.noticed, found.alarmed, found.delay) == (2, 1, 1, 7.0)
    assert Outcome.of([]).share == 0


def test_shapes_of_faults():
    assert (Fault("step", 3, 1).shape(4) == 3).all()
    assert Fault("ramp", 3, 3).shape(5).tolist() == [1, 2, 3, 3, 3]


def test_recordings_side_by_side_are_those_alone():
    detector = fitted(None, 400).detector
    values = [rows(n, n) for n in (900, 1300, 700)]
    values[1][600:700] += 4
    lanes = [Lane(v, scale) for v, scale in zip(values, (1.0, 0.5, 1.0), strict=True)]
    for lane, beside in zip(lanes, fast.run_all(detector, scaler(), lanes), strict=True):
        (alone,) = fast.run_all(detector, scaler(), [lane])
        assert (alone.state == beside.state).all()
        np.testing.assert_allclose(alone.score, beside.score)
