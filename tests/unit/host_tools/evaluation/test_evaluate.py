"""Errors by pair, channel and step, their sources, and the verb; no TensorFlow."""

import json
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.compare import error, metrics
from host_tools.errors import DataError
from host_tools.evaluation import error_sources as budget
from host_tools.evaluation import evaluate
from host_tools.runtimes import tensors as values
from tests.json_page import differences

pytest.importorskip("ai_edge_litert")
pytest.importorskip("tflite_micro")


@pytest.fixture(scope="module")
def home(root: Path) -> Path:
    return root / "models" / "forecaster"


def test_figures_of_a_known_difference() -> None:
    left = np.zeros((2, 3, 4))
    right = left.copy()
    right[:, 1, 2] = [3, -5]
    found = metrics.real_delta(left, right)
    assert found.mse == pytest.approx(34 / 24)
    assert found.rmse == pytest.approx((34 / 24) ** 0.5)
    assert found.mae == pytest.approx(8 / 24)
    assert found.max == 5
    assert [one.max for one in error.along(left, right, 1)] == [0, 5, 0]
    assert [one.max for one in error.along(left, right, 2)] == [0, 0, 5, 0]


def test_lsb_is_the_output_scale() -> None:
    real = np.array([0.0, 0.1, 0.1, 100.0], dtype=np.float32)
    quantized = np.array([3, 4, 6, 127], dtype=np.int8)
    assert error.lsb(quantized, real, 0.1, 3).tolist() == [0, 0, 2, 0]
    assert error.histogram(np.array([0, 0, 2, 99])) == {0: 2, 2: 1, error.LARGEST_LSB: 1}


def test_equal_shapes_or_nothing() -> None:
    with pytest.raises(DataError, match="shapes"):
        metrics.real_delta(np.zeros(2), np.zeros(3))
    with pytest.raises(DataError, match="NaN"):
        metrics.real_delta(np.zeros(2), np.full(2, np.nan))


def test_windows_are_quantized_as_the_device_does(home: Path) -> None:
    golden = np.load(home / "golden.npz")
    usual = golden["kinds"] == 0
    edges = values.edges((home / "model_int8.tflite").read_bytes())
    clip = json.loads((home / "scaler.json").read_text())["clip"]
    assert np.array_equal(
        edges.quantize(golden["float_inputs"][usual], clip), golden["windows"][usual]
    )


def test_weights_go_through_int8_and_little_changes(home: Path) -> None:
    floating, int8 = ((home / f"model_{kind}.tflite").read_bytes() for kind in ("float", "int8"))
    coarse = budget.with_weights(floating, int8)
    assert coarse is not None
    assert coarse != floating
    assert len(coarse) == len(floating)
    windows = np.load(home / "golden.npz")["float_inputs"][:8]
    changed = metrics.real_delta(
        values.forecast(coarse, windows), values.forecast(floating, windows)
    )
    assert 1e-5 < changed.rmse < 0.05


def test_every_source_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources of known size: forecasts that are sums of what input and model contribute."""
    coarse, windows = b"coarse", np.full((4, 3, 2), 0.25, np.float32)
    windows[0] = 9  # beyond the limit: the input's own error
    edges = values.TensorEdges((3, 2), (3, 2), 0.5, 1, 0.125, -2)
    kept = (edges.quantize(windows, 8.0).astype(np.float32) - 1) * np.float32(0.5)
    weights, activations = np.float32(0.375), np.float32(-1.25)

    def forecast(model: bytes, given: np.ndarray) -> np.ndarray:
        return given + (weights if model == coarse else np.float32(0))

    monkeypatch.setattr(values, "edges", lambda _model: edges)
    monkeypatch.setattr(values, "forecast", forecast)
    monkeypatch.setattr(budget, "with_weights", lambda _float, _int8: coarse)
    quantized = np.rint((kept + weights + activations) / 0.125 - 2).astype(np.int8)
    found = budget.budget(b"float", b"int8", windows, 8.0, quantized)
    assert found.inputs == metrics.real_delta(kept, windows)
    assert found.inputs.max == 1.0
    assert found.weights is not None
    assert (found.weights.rmse, found.weights.max) == (0.375, 0.375)
    assert (found.activations.rmse, found.activations.max) == (1.25, 1.25)
    assert found.total == metrics.real_delta(kept + weights + activations, windows)
    squares = np.array([found.inputs.mse, 0.375**2, 1.25**2])
    assert list(found.shares().values()) == pytest.approx(squares / squares.sum())

    monkeypatch.setattr(budget, "with_weights", lambda _float, _int8: None)
    apart = budget.budget(b"float", b"int8", windows, 8.0, quantized)
    assert apart.weights is None
    assert apart.activations.max == 1.25 - 0.375  # both in one, of opposite signs
    assert apart.shares()["weights"] == 0


def test_models_without_common_operators_share_no_weights(home: Path, root: Path) -> None:
    int8 = (home / "model_int8.tflite").read_bytes()
    floating = (home / "model_float.tflite").read_bytes()
    tiny = next(iter(sorted((root.parent / "shared/data/mlperf-tiny").glob("ad01*"))), None)
    if tiny is None:
        pytest.skip("shared data are absent")
    assert budget.with_weights(floating, tiny.read_bytes()) is None
    assert budget.with_weights(floating, int8) is not None


def test_evaluation_of_the_shipped_model(home: Path, tmp_path: Path) -> None:
    options = ["evaluate", "--model", str(home), "--n", "40", "--out", str(tmp_path)]
    assert cli.main(options) == 0
    found = json.loads((tmp_path / "evaluation.json").read_text())
    assert found["windows"] == 40
    assert found["int8_vs_float"]["total"]["rmse"] < 0.02
    assert found["int8_vs_truth"]["total"]["rmse"] > found["int8_vs_float"]["total"]["rmse"]
    assert len(found["int8_vs_float"]["channels"]) == 16
    assert len(found["float_vs_truth"]["steps"]) == 10
    assert sum(found["lsb"].values()) == 40 * 160
    assert sum(sum(part.values()) for part in found["lsb_by_channel"]) == 40 * 160
    sources = found["budget"]
    squares = sum(sources[name]["mse"] for name in ("inputs", "weights", "activations"))
    assert 0.5 < squares / sources["total"]["mse"] < 2
    assert sum(found["budget_shares"].values()) == pytest.approx(1)
    page = (tmp_path / "evaluation.html").read_text()
    assert "Evaluation of forecaster" in page
    assert page.count('role="img"') == 2


def test_windows_without_truth(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    rep = tmp_path / "rep.npz"
    np.savez(rep, windows=np.load(home / "golden.npz")["float_inputs"][:6])
    options = ["evaluate", "--model", str(home), "--rep", str(rep), "--n", "6", "--json",
               "--threads", "2", "--out", str(tmp_path)]  # fmt: skip
    assert cli.main(options) == 0
    found = json.loads(capsys.readouterr().out)
    assert differences("evaluate", found) == set()
    assert found["int8_vs_truth"] is None
    assert found["float_vs_truth"] is None
    assert found["latency"]["int8"]["threads"] == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--n", "0"), "--n 0"),
        (("--n", "100000"), "holds [0-9]+ windows, --n asks 100000"),
        (("--threads", "0"), "--threads 0"),
        (("--int8", "absent.tflite"), "cannot be read"),
        (("--float", "absent.keras"), "no such network"),
        (("--rep", "absent.npz"), "no such file"),
        (("--csv", "absent.csv"), "no such file"),
    ],
)
def test_bad_requests(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture, options: tuple[str, ...], said: str
) -> None:
    out = tmp_path / "out"
    arguments = ["evaluate", "--model", str(home), "--out", str(out), *options]
    assert cli.main(arguments) == 10
    import re

    assert re.search(said, capsys.readouterr().err)
    assert not out.exists()


def test_windows_of_another_shape(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    rep = tmp_path / "rep.npz"
    np.savez(rep, windows=np.zeros((4, 30, 8), dtype=np.float32))
    assert cli.main(["evaluate", "--model", str(home), "--rep", str(rep)]) == 10
    assert "30 samples x 8 channels where the model takes 30 x 16" in capsys.readouterr().err


def test_models_the_wrong_way_round(home: Path) -> None:
    int8 = (home / "model_int8.tflite").read_bytes()
    floating = (home / "model_float.tflite").read_bytes()
    windows = np.zeros((2, 30, 16), dtype=np.float32)
    with pytest.raises(DataError, match="give the float model as --float"):
        evaluate.evaluate(evaluate.EvaluationInputs(int8, floating, windows, None, 8.0, [], ""))
