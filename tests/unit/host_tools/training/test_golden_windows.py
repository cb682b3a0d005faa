"""Which windows and samples go into the golden file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host_tools.data import plant, window
from host_tools.errors import TrainingError
from host_tools.formats import golden
from host_tools.runtimes import adapter
from host_tools.runtimes.adapter import Adapter
from host_tools.training import golden_windows


@pytest.fixture(scope="module")
def parts() -> window.TimeSplit:
    return window.split(plant.table())


@pytest.fixture(scope="module")
def config(root: Path) -> Adapter:
    return adapter.load(root / "models" / "forecaster")


def test_samples_start_quiet_and_show_a_fault_and_a_gap(parts: window.TimeSplit) -> None:
    rows, labels = golden_windows.samples((parts.test,))
    finite = np.isfinite(rows).all(axis=1)
    assert rows.shape == (golden_windows.SAMPLES, 16)
    assert finite[:120].all()
    assert not labels[:120].any()
    assert labels.any()
    assert (~finite[300:]).any()


def test_samples_come_from_the_first_part_that_is_long_enough(parts: window.TimeSplit) -> None:
    short = parts.test.rows(0, golden_windows.SAMPLES - 1)
    rows, _ = golden_windows.samples((short, parts.validation))
    assert np.isin(rows[:, 0], parts.validation.samples[:, 0])[:120].all()
    with pytest.raises(TrainingError, match="fewer than 600 rows"):
        golden_windows.samples((short,))


def test_windows_of_each_kind(parts: window.TimeSplit, config: Adapter) -> None:
    found = golden_windows.windows(config, (parts.test,), 0.03, 1)
    assert [len(array) for array in found.values()] == [sum(golden_windows.COUNTS)] * 4
    assert found["windows"].dtype == np.int8
    unusual = found["kinds"] != golden.IN_DISTRIBUTION
    real = (found["windows"][unusual].astype(float) - config.input_zero_point) * 0.03
    assert np.allclose(found["float_inputs"][unusual], real, atol=1e-6)
    random = found["windows"][found["kinds"] == golden.RANDOM]
    assert len(np.unique(random)) == 256


def test_windows_hold_no_labelled_row(parts: window.TimeSplit, config: Adapter) -> None:
    wild = replace(parts.test, samples=parts.test.samples.copy())
    wild.samples[wild.labels != 0] = 1e6
    usual, truth = golden_windows.quiet_windows(config, (wild,), 160)
    assert max(np.abs(usual).max(), np.abs(truth).max()) < 1e3


def test_too_few_windows(parts: window.TimeSplit, config: Adapter) -> None:
    few = parts.test.rows(0, 60)
    usual, _ = golden_windows.quiet_windows(config, (few, parts.validation.rows(0, 500)), 160)
    assert len(usual) == 160
    with pytest.raises(TrainingError, match="held-out windows"):
        golden_windows.windows(config, (few,), 0.03, 1)
