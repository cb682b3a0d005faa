"""Regimes of a training baseline: found, chosen exactly, carried by the files and the device."""

import json

import numpy as np
import pytest

from host_tools import cli
from host_tools.data import plant
from host_tools.data.runs import Recording
from host_tools.detection import fast, regimes, replay
from host_tools.detection.choice import Choice
from host_tools.errors import DataError
from host_tools.evaluation import on_device
from host_tools.formats import detector as detectors
from host_tools.formats import golden
from host_tools.formats.detector import TRAINING
from host_tools.formats.record import RAISED, VERDICTS

KEEP = (0, 1, 4, 8, 9, 12, 13, 17)
LONG = 150
"""Rows that a load lasts."""


def test_means_are_those_of_the_clusters_the_most_frequent_first():
    random = np.random.default_rng(2)
    rows = random.normal(0, 0.1, (900, 2))
    rows[:200] += (5, -3)
    rows[200:300] += (-4, -4)
    found = regimes.means([rows[:450], rows[450:]], 3)
    assert np.abs(found - [(0, 0), (5, -3), (-4, -4)]).max() < 0.05
    assert found.tobytes() == regimes.means([rows[:450], rows[450:]], 3).tobytes()


def test_rows_that_are_all_alike_hold_one_regime():
    assert len(regimes.means([np.ones((50, 3))], 4)) == 1


def test_of_equally_near_ones_the_first_and_a_masked_channel_does_not_count():
    centres = np.array([[1, 0], [-1, 5], [-1, 0]], np.float32)
    inv, none = np.ones(2, np.float32), np.zeros(2, bool)
    zero = np.zeros(2, np.float32)
    assert regimes.nearest_exactly(zero, centres, inv, none).tolist() == [1, 0]
    values = np.array([-1, 0], np.float32)
    assert regimes.nearest_exactly(values, centres, inv, none).tolist() == [-1, 0]
    assert regimes.nearest_exactly(values, centres, inv, ~none).tolist() == [1, 0]
    second = np.array([False, True])
    assert regimes.nearest_exactly(values, centres, inv, second).tolist() == [-1, 5]


@pytest.fixture(scope="module")
def loads(tmp_path_factory):
    """A log of the plant whose load changes, two channels by much."""
    path = tmp_path_factory.mktemp("loads") / "loads.csv"
    lines = [[line.split(",")[c] for c in KEEP] for line in plant.csv_text(3, 4200).splitlines()]
    for i, row in enumerate(lines[1:]):
        if i // LONG % 3 == 1:
            row[2], row[5] = f"{float(row[2]) + 3:.4f}", f"{float(row[5]) + 6:.4f}"
    path.write_text("\n".join(map(",".join, lines)) + "\n")
    return path


@pytest.fixture(scope="module")
def product(loads, tmp_path_factory):
    out = tmp_path_factory.mktemp("product") / "loads"
    verb = ["train", "--network", "none", "--csv", str(loads), "--out", str(out)]
    assert cli.main([*verb, "--regimes", "2", "--max-quiet-alarms", "100"]) == 0
    return out


def test_train_compares_them_with_one(product):
    found = json.loads((product / "training.json").read_text())
    assert (found["baseline"], found["regimes"]) == (TRAINING, 2)
    added = found["regimes_add"]
    assert added["trials"] > 0
    assert set(added) == {"pays", "trials", "gained", "lost", "with", "without"}


def test_the_host_product_and_the_fast_rule_follow_the_specification(product, tmp_path):
    config = replay.load(product)
    assert config.detector.regimes.shape == (2, 6)
    samples = golden.load(product / "golden.npz").samples.copy()
    samples[300:330, 2] = np.nan
    samples[400:420, 5] += 40
    expected = replay.run_chain(config, samples, None)
    rows = np.arange(len(samples), dtype=np.float64)
    labels = np.zeros(len(samples), np.int64)
    run = Recording("golden", samples.astype(np.float64), labels, rows, 0.0)
    (found,) = on_device.records("host", product, [run], tmp_path / "host", lambda _: None)
    assert found.tobytes() == expected.tobytes()
    assert np.isin(expected["state"], RAISED)[400:420].any()
    other = golden.load(product / "golden.npz").samples.astype(np.float64)
    lane = fast.run(config.detector, config.adapter.scaler, other)
    exact = replay.run_chain(config, other.astype(np.float32), None)
    seen = np.isin(exact["state"], VERDICTS)
    assert np.allclose(lane.score[seen], exact["score"][seen], rtol=1e-3, atol=1e-4)


def test_the_file_is_read_back_and_its_bounds_are_told(product, tmp_path):
    found = detectors.load(product / detectors.FILE, 6)
    assert found.text() == (product / detectors.FILE).read_text()
    content = json.loads(found.text())
    for wrong, why in (
        (content["regime_mean"][:6], "each of 2 to 16 regimes"),
        (content["regime_mean"][:-1], "each of 2 to 16 regimes"),
        ([2e6] * 12, "must be within"),
    ):
        path = tmp_path / "detector.json"
        path.write_text(json.dumps(content | {"regime_mean": wrong}))
        with pytest.raises(DataError, match=why):
            detectors.load(path, 6)


def test_without_regimes_the_file_does_not_name_them(product):
    content = json.loads((product / detectors.FILE).read_text())
    del content["regime_mean"]
    path = product / "one.json"
    path.write_text(json.dumps(content))
    found = detectors.load(path, 6)
    assert found.regimes.shape == (0, 6)
    assert "regime_mean" not in found.text()


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        (Choice(regimes=0), "must be 1 … 16"),
        (Choice(regimes=17), "must be 1 … 16"),
        (Choice("learned", regimes=2), "asks for --baseline training"),
    ],
)
def test_a_choice_that_cannot_be_met(choice, why):
    with pytest.raises(DataError, match=why):
        choice.check()


def test_several_regimes_ask_for_the_training_baseline():
    assert Choice(regimes=3).wanted == TRAINING
    assert Choice(regimes=3).rule(TRAINING, 1.0).regimes == 3
    assert Choice().rule(TRAINING, 1.0).regimes == 1
