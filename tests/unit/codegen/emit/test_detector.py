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
DETECTOR = {
    "version": 2,
    "input": "baseline",
    "rows": 4,
    "level_channels": [0, 2],
    "residual_channels": [1],
    "learn_samples": 50,
    "relearn_samples": 0,
    "prior_rows": 10.0,
    "prior_level": [1.0, 2.0, 0.5],
    "prior_residual": [0.25],
    "input_gain": [1.0, 0.5, 2.0],
    "feature_limit": 32.0,
    "level_factor": [1.0, -0.5, 1.5],
    "residual_factor": [2.0],
    "alpha": 0.5,
    "threshold": 2.25,
    "quiet": 1.0,
    "track": 0.0,
}


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
    assert ".input_gain = input_gain," in text
    assert re.search(r"level_channels\[2\] = \{\s+0, 2,", text)
    assert "SAFE_DETECTOR_FLOATS(3u, 4u" in (tmp_path / "o" / "safe_small_detector.h").read_text()
    assert re.search(r"mean\[3\] = \{\s+0x1\.8p\+0f, -0x1p\+1f, 0x1\.2\w+p-25f,", text)


def test_empty_statistics_compile(models, files, root, tmp_path, strict):
    none = {"level_channels": [], "level_factor": [], "input": "scaler"}
    scaler, rules = files(None, none)
    model, out = models / "small.tflite", tmp_path / "o"
    pipeline.generate(model, name="small", out=out, scaler=scaler, detector=rules)
    text = (out / "safe_small_detector.c").read_text()
    assert ".input_gain = NULL," in text
    assert text.count("= NULL,") == 4
    strict("gcc", sorted(out.glob("*.c")), out, root / "sdk" / "include", out=tmp_path)


def test_without_detector(models, root, tmp_path, strict):
    out = tmp_path / "out"
    pipeline.generate(models / "small.tflite", name="small", out=out)
    assert not list(out.glob("*_detector.*"))
    strict("gcc", sorted(out.glob("*.c")), out, root / "sdk" / "include", out=tmp_path)


@pytest.mark.parametrize(
    ("scaler", "rules", "words"),
    [
        ({"mean": [1.0, 2.0]}, None, "mean has 2 entries, expected 3"),
        ({"mean": None}, None, "mean has no list entries"),
        ({"inv_std": [1.0, 0.0, 1.0]}, None, r"inv_std\[1\] is 0.0, expected above 0 to"),
        ({"inv_std": [1.0, float("nan"), 1.0]}, None, r"inv_std\[1\] is not a finite"),
        ({"inv_std": [1.0, 1e-60, 1.0]}, None, r"inv_std\[1\]"),
        ({"mean": [1e39, 0, 0]}, None, r"mean\[0\] is not a finite"),
        ({"mean": ["x", 0, 0]}, None, r"mean\[0\] is 'x'"),
        ({"clip": -1.0}, None, "clip is -1.0"),
        ({"clip": 1e9}, None, "clip .* above 2\\^30"),
        ({"score_limit": True}, None, "score_limit is True"),
        ({"channels": ["a"]}, None, "channels does not name"),
        ({"version": 2}, None, "has version 2, this generator needs 1: train the model again"),
        ("{", None, "not JSON"),
        ("[]", None, "has version 'none'"),
        (None, {"alpha": 0.0}, "alpha is 0.0"),
        (None, {"alpha": 1.5}, "alpha is 1.5"),
        (None, {"threshold": float("inf")}, "threshold is not a finite"),
        (None, {"threshold": 0}, "threshold is 0.0, expected above 0"),
        (None, {"version": 1}, "has version 1, .* needs 2: fit .* `host_tools fit --model DIR`"),
        (None, {"version": None}, "has version None"),
        (None, {"input": "model"}, "input is 'model', expected scaler or baseline"),
        (None, {"rows": 0}, "rows is 0, expected an integer 1 to 1024"),
        (None, {"rows": 2.0}, "rows is 2.0"),
        (None, {"rows": True}, "rows is True"),
        (None, {"level_channels": [2, 0]}, "level_channels is .2, 0., expected ascending"),
        (None, {"level_channels": [0, 3]}, "channel numbers below 3"),
        (None, {"level_channels": [0, 0]}, "ascending"),
        (None, {"level_channels": [0.0, 2]}, "ascending"),
        (None, {"level_channels": None}, "level_channels is None"),
        (None, {"level_factor": [1.0, 0.5]}, "level_factor has 2 entries, expected 3"),
        (None, {"level_factor": [1e9, 0.0, 1.0]}, "level_factor: the statistic may exceed 1e"),
        (None, {"prior_level": [1.0, 0.0, 1.0]}, r"prior_level\[1\] is 0.0, expected from 1e-20"),
        (None, {"prior_residual": []}, "prior_residual has 0 entries, expected 1"),
        (None, {"prior_rows": 0.5}, "prior_rows is 0.5, expected from 1 to"),
        (None, {"learn_samples": -1}, "learn_samples is -1"),
        (None, {"learn_samples": 2**31}, "learn_samples is 2147483648"),
        (None, {"relearn_samples": "no"}, "relearn_samples is 'no'"),
        (None, {"input_gain": [1.0, 1.0, -1.0]}, r"input_gain\[2\] is -1.0, expected above 0"),
        (None, {"feature_limit": 1e7}, "feature_limit"),
        (None, {"track": 1.0}, "track is 1.0, expected from 0 to"),
        (None, {"quiet": 0.0}, "quiet is 0.0"),
        (
            None,
            {
                "level_channels": [],
                "level_factor": [],
                "residual_channels": [],
                "residual_factor": [],
                "prior_residual": [],
            },
            "nothing would be scored",
        ),
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
