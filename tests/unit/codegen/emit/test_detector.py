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
    "version": 3,
    "baseline": "learned",
    "rows": 4,
    "level_channels": [0, 2],
    "level_factor": [1.0, -0.5, 1.5],
    "level_prior": [1.0, 2.0, 0.5],
    "median_channels": [],
    "median_factor": [],
    "median_prior": [],
    "innovation_channels": [0, 1, 2],
    "innovation_factor": [1.0, 0.0, 1.0, 0.0, 0.0, 1.0],
    "innovation_prior": [1.0, 1.0, 1.0],
    "residual_channels": [1],
    "residual_factor": [2.0],
    "residual_prior": [0.25],
    "innovation_alpha": [0.1, 0.5, 1.0],
    "residual_alpha": 0.25,
    "learn_samples": 50,
    "settle_samples": 10,
    "prior_rows": 10.0,
    "feature_limit": 32.0,
    "alpha": 0.5,
    "notice": 2.25,
    "alarm": 3.0,
    "hold": 0.75,
    "confirm_rows": 1,
    "block_rows": 50,
    "mean_step": 0.25,
    "spread_step": 0.125,
    "growth": 4.0,
    "peak": 0.75,
    "recover_share": 0.25,
    "recover_samples": 200,
    "change_samples": 1200,
    "low": [-1e30, 0.0, -5.0],
    "high": [1e30, 1.0, 5.0],
    "stuck_band": [0.0, 0.5, 1e-3],
    "stuck_samples": [14, 0, 20],
    "max_masked": 2,
    "return_samples": 30,
    "max_missed": 10,
    "period_us": 1_000_000,
    "stale_samples": 30,
    "day_samples": 0,
    "hour_mean": [],
    "hour_scale": [],
    "drift_channels": [2],
    "drift_limit": [3.0],
    "drift_alpha": 0.01,
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
    assert ".notice = 0x1.2p+1f," in text
    assert ".hour_mean = NULL," in text
    assert re.search(r"level_channels\[2\] = \{\s+0, 2,", text)
    assert re.search(r"stuck_samples\[3\] = \{\s+14, 0, 20,", text)
    assert "SAFE_DETECTOR_FLOATS(3u, 4u" in (tmp_path / "o" / "safe_small_detector.h").read_text()
    assert re.search(r"mean\[3\] = \{\s+0x1\.8p\+0f, -0x1p\+1f, 0x1\.2\w+p-25f,", text)


@pytest.mark.parametrize("hours", [False, True])
def test_empty_statistics_compile(models, files, root, strict, hours):
    none = {"level_channels": [], "level_factor": [], "baseline": "training"}
    none |= {"learn_samples": 0, "settle_samples": 0, "drift_channels": [], "drift_limit": []}
    if hours:
        none |= {"day_samples": 24, "hour_mean": [-5] * 72, "hour_scale": [0.5] * 3}
    scaler, rules = files(None, none)
    model, out = models / "small.tflite", rules.parent / "o"
    pipeline.generate(model, name="small", out=out, scaler=scaler, detector=rules)
    text = (out / "safe_small_detector.c").read_text()
    assert text.count("= NULL,") == (8 if hours else 10)
    assert ("hour_mean[72]" in text) == hours
    strict("gcc", sorted(out.glob("*.c")), out, root / "sdk" / "include", out=rules.parent)


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
        ({"inv_std": [1.0, 0.5000011, 0.25]}, None, r"inv_std\[1\] .* not 1 / std = 0.5: .* train"),
        ({"std": [1.0, 2.0]}, None, "std has 2 entries, expected 3"),
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
        (None, {"notice": float("inf")}, "notice is not a finite"),
        (None, {"notice": 0.0}, "notice is 0.0, expected above 0"),
        (None, {"alarm": 1.0}, "alarm must not be below notice"),
        (None, {"version": 1}, "has version 1, .* needs 3: .* `host_tools fit --model DIR`"),
        (None, {"version": 2}, "has version 2, .* fit the detector again"),
        (None, {"version": None}, "has version None"),
        (None, {"baseline": "model"}, "baseline is 'model', expected training or learned"),
        (None, {"baseline": "training"}, "learn_samples must be above 0 with"),
        (None, {"settle_samples": 50}, "settle_samples must be below learn_samples"),
        (None, {"stale_samples": 10}, "stale_samples must be above max_missed"),
        (None, {"period_us": 0}, "stale_samples must be above max_missed and needs a period_us"),
        (None, {"period_us": 2**32}, "period_us is 4294967296"),
        (None, {"rows": 2}, "rows is 2, expected an integer 3 to 1024"),
        (None, {"rows": 4.0}, "rows is 4.0"),
        (None, {"rows": True}, "rows is True"),
        (None, {"level_channels": [2, 0]}, r"level_channels is .2, 0., expected ascending"),
        (None, {"level_channels": [0, 3]}, "channel numbers below 3"),
        (None, {"level_channels": [0, 0]}, "ascending"),
        (None, {"level_channels": ["a", 1]}, "ascending"),
        (None, {"level_channels": None}, "level_channels is None"),
        (None, {"level_factor": [1.0, 2.0]}, "level_factor has 2 entries, expected 3"),
        (None, {"level_factor": [1e9, 0, 0]}, "level_factor: the statistic may exceed 1e"),
        (None, {"level_prior": [1.0, 0.0, 1.0]}, r"level_prior\[1\] is 0.0, expected from 1e-20"),
        (None, {"residual_prior": []}, "residual_prior has 0 entries, expected 1"),
        (None, {"prior_rows": 0.5}, "prior_rows is 0.5, expected from 1 to"),
        (None, {"learn_samples": -1}, "learn_samples is -1"),
        (None, {"learn_samples": 2**31}, "learn_samples is 2147483648"),
        (None, {"change_samples": "no"}, "change_samples is 'no'"),
        (None, {"innovation_alpha": [0.0, 1, 1]}, r"innovation_alpha\[0\] is 0.0"),
        (None, {"feature_limit": 1e7}, "feature_limit"),
        (None, {"hold": 1.5}, "hold is 1.5"),
        (None, {"low": [-1e30, 2.0, 0]}, r"low\[1\] must be below high\[1\]"),
        (None, {"stuck_band": [0, -1.0, 0]}, r"stuck_band\[1\] is -1.0"),
        (None, {"stuck_samples": [1, 2]}, "stuck_samples must hold 3 integers 0 to 65535"),
        (None, {"stuck_samples": [1, 2, 65536]}, "stuck_samples must hold 3 integers"),
        (None, {"max_masked": 9}, "max_masked is 9"),
        (None, {"return_samples": 6}, "return_samples must be at least rows"),
        (None, {"day_samples": 24}, "hour_mean must hold 72 integers"),
        (None, {"drift_limit": []}, "drift_limit has 0 entries, expected 1"),
        (
            None,
            {
                f"{name}_{part}": []
                for name in ("level", "innovation", "residual")
                for part in ("channels", "factor", "prior")
                if (name, part) != ("level", "prior")
            }
            | {"innovation_alpha": []},
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


@pytest.mark.parametrize(("rate_hz", "fits"), [(1.0, True), (1.09, True), (1.11, False)])
def test_a_detector_of_another_rate_is_refused(models, tmp_path, rate_hz, fits):
    paths = {name: tmp_path / f"{name}.json" for name in ("scaler", "detector")}
    paths["scaler"].write_text(json.dumps(SCALER))
    paths["detector"].write_text(json.dumps(DETECTOR))
    about = tmp_path / "model.toml"
    about.write_text(f"rate_hz = {rate_hz}\n")
    out = tmp_path / "out"

    def generate():
        pipeline.generate(
            models / "small.tflite", name="small", out=out, description=about, **paths
        )

    if fits:
        generate()
        return
    with pytest.raises(DetectorInvalidError, match=r"every 1 s, model.toml says every .* fit"):
        generate()
    assert not out.exists()
