"""The detector's constants: right in C, and every damaged file is one clear error."""

import json
import re

import numpy as np
import pytest

from codegen import pipeline
from codegen.emit import detector
from codegen.errors import DetectorInvalidError, ModelUnsupportedError
from tests.operators.builder import ModelBuilder, options

SCALER = {
    "version": 1,
    "channels": ["a", "b", "c"],
    "mean": [1.5, -2.0, 3.4e-8],
    "std": [1.0, 2.0, 4.0],
    "inv_std": [1.0, 0.5, 0.25],
    "clip": 8.0,
    "score_limit": 64.0,
}
DETECTOR = {"version": 1, "alpha": 0.5, "threshold": 2.25, "weights": [1.0, 0.0, 2.0]}


@pytest.fixture
def files(tmp_path):
    def write(scaler=None, rules=None):
        paths = tmp_path / "scaler.json", tmp_path / "detector.json"
        for path, base, change in zip(paths, (SCALER, DETECTOR), (scaler, rules), strict=True):
            path.write_text(
                change if isinstance(change, str) else json.dumps(base | (change or {}))
            )
        return paths

    return write


def test_constants(small_graph, files):
    found = detector.load(small_graph, *files())
    source, target = (small_graph.tensor(i).quantization for i in (0, 35))
    assert (found.channels, found.window, found.horizon) == (3, 6, 2)
    assert found.mean[2] == float(np.float32(3.4e-8))
    assert found.input_inv_scale == float(np.float32(1) / np.float32(source.scale))
    assert found.forecast_scale == float(np.float32(target.scale) / np.float32(2))
    assert found.output_zero_point == target.zero_point


@pytest.mark.parametrize("compiler", ["gcc", "clang", "arm"])
def test_compiles(forecaster, root, tmp_path, strict, compiler):
    out = tmp_path / "out"
    scaler, rules = forecaster / "scaler.json", forecaster / "detector.json"
    model = forecaster / "model_int8.tflite"
    pipeline.generate(model, name="forecaster", out=out, scaler=scaler, detector=rules)
    assert "safe_forecaster_detector" in (out / "safe_app_model.c").read_text()
    strict(compiler, sorted(out.glob("*.c")), out, root / "sdk" / "include", out=tmp_path)


def test_text(models, files, tmp_path):
    scaler, rules = files()
    model = models / "small.tflite"
    pipeline.generate(model, name="small", out=tmp_path / "o", scaler=scaler, detector=rules)
    text = (tmp_path / "o" / "safe_small_detector.c").read_text()
    assert ".threshold = 0x1.2p+1f," in text
    assert re.search(r"mean\[3\] = \{\s+0x1\.8p\+0f, -0x1p\+1f, 0x1\.2\w+p-25f,", text)


def test_without_detector(models, root, tmp_path, strict):
    out = tmp_path / "out"
    pipeline.generate(models / "small.tflite", name="small", out=out)
    assert not list(out.glob("*_detector.*"))
    strict("gcc", sorted(out.glob("*.c")), out, root / "sdk" / "include", out=tmp_path)


@pytest.mark.parametrize(
    ("scaler", "rules", "words"),
    [
        ({"mean": [1.0, 2.0]}, None, "mean has 2 entries, the model has 3 channels"),
        ({"mean": None}, None, "mean has no list"),
        ({"inv_std": [1.0, 0.0, 1.0]}, None, r"inv_std\[1\] is 0.0, expected above 0"),
        ({"inv_std": [1.0, float("nan"), 1.0]}, None, r"inv_std\[1\] is not a finite"),
        ({"inv_std": [1.0, 1e-60, 1.0]}, None, r"inv_std\[1\]"),
        ({"mean": [1e39, 0, 0]}, None, r"mean\[0\] is not a finite"),
        ({"mean": ["x", 0, 0]}, None, r"mean\[0\] is 'x'"),
        ({"clip": -1.0}, None, "clip is -1.0"),
        ({"clip": 1e9}, None, "clip .* above 2\\^24"),
        ({"score_limit": True}, None, "score_limit is True"),
        ({"channels": ["a"]}, None, "channels does not name"),
        ({"version": 2}, None, "version 1"),
        ("{", None, "not JSON"),
        ("[]", None, "version 1"),
        (None, {"alpha": 0.0}, "alpha is 0.0"),
        (None, {"alpha": 1.5}, "alpha is 1.5"),
        (None, {"threshold": float("inf")}, "threshold is not a finite"),
        (None, {"weights": [1.0, -1.0, 0.0]}, "negative"),
        (None, {"weights": []}, "weights has 0 entries"),
        (None, "[" * 100_000, "not JSON"),
    ],
)
def test_damaged_files(small_graph, files, scaler, rules, words):
    with pytest.raises(DetectorInvalidError, match=words) as caught:
        detector.load(small_graph, *files(scaler, rules))
    assert ("scaler.json" if rules is None else "detector.json") in str(caught.value)


def test_missing_file(small_graph, tmp_path):
    with pytest.raises(DetectorInvalidError, match="No such file"):
        detector.load(small_graph, tmp_path / "a.json", tmp_path / "b.json")


def test_a_model_that_is_no_forecaster(files, tmp_path):
    m = ModelBuilder()
    x, y = m.input((1, 4), "int8", 0.5), m.tensor((1, 4), "int8", 0.5)
    m.operator("RESHAPE", [x], [y], options("Reshape", newShape=[1, 4]))
    m.output(y)
    path = tmp_path / "m.tflite"
    path.write_bytes(m.build())
    scaler, rules = files()
    with pytest.raises(ModelUnsupportedError, match="a detector needs"):
        pipeline.generate(path, name="m", out=tmp_path / "o", scaler=scaler, detector=rules)
    assert not (tmp_path / "o").exists()
