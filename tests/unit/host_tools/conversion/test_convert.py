"""Conversion and export of small networks; needs TensorFlow."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_tools import cli
from host_tools.conversion import canonical, quantize_worker, worker
from host_tools.conversion import convert as conversion
from host_tools.errors import ConversionError
from host_tools.runtimes import tflm as oracle

pytestmark = pytest.mark.train


def convert(folder: Path, source: str, out: Path, *options: str) -> int:
    rep = str(folder / "rep.npz")
    return cli.main(
        ["convert", "--from", str(folder / source), "--rep", rep, "--out", str(out), *options]
    )


@pytest.fixture(scope="module")
def fused(networks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fused") / "model.tflite"
    assert convert(networks, "small.h5", out) == 0
    return out


def test_fused_by_default_with_manifest(fused: Path) -> None:
    assert canonical.check_integer(fused).count(canonical.FUSED) == 1
    manifest = json.loads(fused.with_suffix(".json").read_text())
    assert manifest["canonical_sha256"] == canonical.canonical_hash(fused)
    assert manifest["every_operator_integer"] is True
    assert manifest["input"]["shape"] == [1, 8, 16]
    assert manifest["windows"] == 40
    assert "tf_keras" in manifest["route"]


@pytest.mark.slow
def test_keras_2_and_3_give_the_same_model(networks: Path, fused: Path, tmp_path: Path) -> None:
    assert convert(networks, "old.h5", tmp_path / "model.tflite") == 0
    assert canonical.canonical_hash(tmp_path / "model.tflite") == canonical.canonical_hash(fused)


@pytest.mark.slow
def test_unrolled_with_percentile(networks: Path, fused: Path, tmp_path: Path) -> None:
    out = tmp_path / "unrolled.tflite"
    options = ("--unrolled", "--calibration", "percentile", "--percentile", "99")
    assert convert(networks, "small.keras", out, *options) == 0
    kinds = canonical.check_integer(out, fused=False)
    assert canonical.FUSED not in kinds
    assert len(kinds) > 50
    manifests = [json.loads(p.with_suffix(".json").read_text()) for p in (out, fused)]
    assert manifests[0]["calibration"] == "percentile:99"
    assert manifests[0]["input"]["scale"] < manifests[1]["input"]["scale"]


@pytest.mark.slow
def test_unrolled_int16x8(networks: Path, tmp_path: Path) -> None:
    out = tmp_path / "wide.tflite"
    assert convert(networks, "small.keras", out, "--unrolled", "--int16x8") == 0
    canonical.check_integer(out, fused=False)
    assert json.loads(out.with_suffix(".json").read_text())["route"].endswith("int16x8")


def test_fused_int16x8_is_refused_in_words(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert convert(networks, "small.keras", tmp_path / "no.tflite", "--int16x8") == 12
    assert "int16x8 is not supported for the fused LSTM" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_savedmodel_without_structure(networks: Path, fused: Path, tmp_path: Path) -> None:
    """What `model.export()` of Keras 3 writes: a loop, which becomes the fused operator."""
    out = tmp_path / "model.tflite"
    assert convert(networks, "bare_saved_model", out) == 0
    assert canonical.operators(out) == canonical.operators(fused)
    windows = np.random.default_rng(2).integers(-128, 128, (16, 8, 16)).astype(np.int8)
    assert (oracle.forecast(out, windows) == oracle.forecast(fused, windows)).all()


def test_another_loop_is_unrolled(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "gru.tflite"
    assert convert(networks, "bare_gru", out) == 12
    assert "give --unrolled" in capsys.readouterr().err
    assert convert(networks, "bare_gru", out, "--unrolled") == 0
    assert "LOGISTIC" in canonical.check_integer(out, fused=False)


@pytest.mark.slow
def test_export_of_a_savedmodel_without_structure(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    options = ["export", "--from", str(networks / "bare_saved_model"), "--outdir", str(tmp_path)]
    assert cli.main(options) == 0
    found = json.loads((tmp_path / "export.json").read_text())
    assert set(found["forms"]) == {"savedmodel", "unrolled", "tflite"}
    assert all(row["max"] < 1e-5 for row in found["forms"].values())
    assert "no .keras" in capsys.readouterr().err
    assert cli.main([*options, "--forms", "keras"]) == 12
    assert "--forms savedmodel unrolled tflite" in capsys.readouterr().err


def test_export_in_one_form(networks: Path, tmp_path: Path) -> None:
    out = tmp_path / "one"
    options = ["--from", str(networks / "old.h5"), "--outdir", str(out), "--forms", "tflite"]
    assert cli.main(["export", *options]) == 0
    found = json.loads((out / "export.json").read_text())
    assert set(found["forms"]) == {"tflite"}
    assert found["forms"]["tflite"]["max"] < 1e-5
    assert {p.name for p in out.iterdir()} == {"model_float.tflite", "export.json"}


@pytest.mark.slow
def test_export_and_export_again(networks: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    assert cli.main(["export", "--from", str(networks / "old.h5"), "--outdir", str(first)]) == 0
    found = json.loads((first / "export.json").read_text())
    assert set(found["forms"]) == {"keras", "savedmodel", "unrolled", "tflite"}
    assert all(row["max"] < 1e-5 for row in found["forms"].values())
    names = {"model.keras", "saved_model", "saved_model_unrolled", "model_float.tflite"}
    assert {p.name for p in first.iterdir()} == {*names, "export.json"}
    options = ["--from", str(first / "saved_model_unrolled"), "--outdir", str(second)]
    assert cli.main(["export", *options, "--forms", "keras"]) == 0
    assert {p.name for p in second.iterdir()} == {"model.keras", "export.json"}


@pytest.mark.slow
def test_export_of_another_shape(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    options = ["--from", str(networks / "small.keras"), "--outdir", str(tmp_path / "out")]
    assert cli.main(["export", *options, "--model", "forecaster"]) == 10
    assert "takes windows [8, 16] and forecasts [3, 16]" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


def test_one_float_operator_is_quantized_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the converter does now and then to SPLIT is forced here: twice float, then integer."""
    home = root / "models" / "forecaster"
    good = (home / "model_int8.tflite").read_bytes()
    bad = (home / "model_float.tflite").read_bytes()
    answers = [bad, bad, good]
    job = {"network": "network.keras", "kind": "int8", "calibration": "minmax"}
    (tmp_path / "job.json").write_text(json.dumps(job))
    np.savez(tmp_path / "representative.npz", windows=np.zeros((1, 30, 16), dtype=np.float32))
    monkeypatch.setattr(quantize_worker, "_build", lambda _: (None, True, (30, 16)))
    monkeypatch.setattr(quantize_worker, "_calibrated", lambda *_: b"")
    monkeypatch.setattr(quantize_worker.quantizer, "quantize", lambda _: answers.pop(0))
    quantize_worker.convert(tmp_path)
    assert json.loads((tmp_path / "done.json").read_text())["attempts"] == 3
    answers[:] = [bad] * quantize_worker.ATTEMPTS
    with pytest.raises(ConversionError, match=r"does not generate .* a float model.*12 attempts"):
        quantize_worker.convert(tmp_path)


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (("--calibration", "entropy"), (10, "known are")),
        (("--percentile", "99"), (10, "belongs to --calibration percentile")),
        (("--clip", "0"), (10, "--clip 0")),
        (("--from", "absent.keras"), (10, "no such network")),
        (("--rep", "absent.npz"), (10, "no such file")),
        (("--int16x8", "--unrolled", "--calibration", "mse"), (12, "minmax only")),
    ],
)
def test_bad_requests(
    networks: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    options: tuple[str, ...],
    answer: tuple[int, str],
) -> None:
    assert convert(networks, "small.keras", tmp_path / "no.tflite", *options) == answer[0]
    assert answer[1] in capsys.readouterr().err


@pytest.mark.parametrize("content", [pytest.param(b"", marks=pytest.mark.slow), b"not a network"])
def test_damaged_network(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture, content: bytes
) -> None:
    path = tmp_path / "bad.keras"
    path.write_bytes(content)
    assert convert(networks, str(path), tmp_path / "no.tflite") in (10, 12)
    assert "bad.keras" in capsys.readouterr().err


@pytest.mark.slow
def test_windows_of_another_shape(
    networks: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    rep = tmp_path / "rep.npz"
    np.savez(rep, windows=np.zeros((4, 9, 16), dtype=np.float32))
    assert convert(networks, "small.keras", tmp_path / "no.tflite", "--rep", str(rep)) == 10
    assert "takes windows of 8 x 16, the representative windows are 9 x 16" in (
        capsys.readouterr().err
    )


def test_ctrl_c_leaves_nothing(
    networks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "run", interrupt)
    assert convert(networks, "small.keras", tmp_path / "no.tflite") == 130
    assert not list(tmp_path.iterdir())
    request = conversion.ConvertRequest(networks / "small.keras")
    with pytest.raises(KeyboardInterrupt):
        conversion.convert(request, np.zeros((1, 8, 16), dtype=np.float32))
