"""Inputs that ended in a Python traceback, as a user gave them."""

import json

import numpy as np
import pytest

from host_tools import cli
from host_tools.data import runs
from host_tools.errors import DataError
from host_tools.evaluation.runs_training import training_parts
from host_tools.formats import scaler
from host_tools.runtimes import tflm
from targets.errors import ExitCode
from tests.operators.builder import ModelBuilder, options
from tests.unit.host_tools.detection.plant import plant

BATCH = 4


@pytest.fixture
def batched(tmp_path):
    """A dense layer over a batch of four rows."""
    rng = np.random.default_rng(4)
    m = ModelBuilder()
    x = m.input((BATCH, 6), "int8", 0.05, 3)
    weights = m.constant(rng.integers(-127, 128, (5, 6), dtype=np.int8), 0.02)
    y = m.tensor((BATCH, 5), "int8", 0.1, -7)
    bias = m.constant(rng.integers(-500, 500, 5, dtype=np.int32), 0.001)
    m.operator("FULLY_CONNECTED", [x, weights, bias], [y], options("FullyConnected"))
    m.output(y)
    path = tmp_path / "batched.tflite"
    path.write_bytes(m.build())
    return path


def test_the_oracle_keeps_a_batch_that_is_larger_than_one(batched):
    windows = np.random.default_rng(1).integers(-128, 128, (3, BATCH, 6), dtype=np.int8)
    found = tflm.run(batched, windows)
    assert found.shape == (3, BATCH, 5)
    # A row of the batch is computed as any other row is.
    turned = tflm.run(batched, np.roll(windows, 1, axis=1))
    assert np.array_equal(np.roll(found, 1, axis=1), turned)
    assert len(np.unique(found)) > 5


@pytest.mark.emulator
def test_count_verifies_a_batch_of_four(batched, capsys):
    arguments = ["count", str(batched), "--target", "mps2-an386", "--verify", "--windows", "4"]
    assert cli.main(arguments) == 0
    assert f"{4 * BATCH * 5}" in capsys.readouterr().out


def test_eda_of_a_time_column_of_fractions(tmp_path, capsys):
    path = tmp_path / "log.csv"
    rows = [f"{i / 10:.1f}".removeprefix("0") + f",{20 + i % 7}" for i in range(300)]
    path.write_text("time,temp\n" + "\n".join(rows) + "\n")
    assert cli.main(["eda", "--csv", str(path), "--outdir", str(tmp_path / "eda")]) == 0
    assert (tmp_path / "eda/eda.html").exists()


def test_one_labelled_run_cannot_train_and_choose(tmp_path, capsys):
    folder = tmp_path / "runs/valve"
    folder.mkdir(parents=True)
    rows = [f"{i},{','.join(f'{v:.6f}' for v in row)},{int(i > 440)}"
            for i, row in enumerate(plant(450, 1))]  # fmt: skip
    (folder / "1.csv").write_text("time,a,b,c,d,anomaly\n" + "\n".join(rows) + "\n")
    arguments = ["evaluate", "--detection", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    assert cli.main(arguments) == ExitCode.DATA
    said = capsys.readouterr().err
    assert "valve/1: only 400 rows to train on" in said
    assert "anomaly-free" in said
    assert not (tmp_path / "out").exists()
    # A quiet recording beside it is the second segment.
    quiet = tmp_path / "runs/anomaly-free"
    quiet.mkdir()
    (quiet / "q.csv").write_text((folder / "1.csv").read_text().replace(",1\n", ",0\n"))
    parts = training_parts(runs.load(tmp_path / "runs", 401), 400)
    assert len(parts.train) == len(parts.validation) == 400


def test_a_scaler_that_contradicts_itself(root, tmp_path):
    content = json.loads((root / "models/forecaster/scaler.json").read_text())
    content["inv_std"][3] *= 1.00001
    path = tmp_path / "scaler.json"
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r'"inv_std" of channel "motor_temperature" is .* not 1'):
        scaler.load(path)
