"""A product without a network: scaler.json and detector.json alone."""

import json
import subprocess

import numpy as np
import pytest

from codegen import pipeline
from codegen.command import main
from codegen.errors import BackendRefusedError, DetectorInvalidError
from targets import build
from targets.errors import ModelError

FORECASTER = build.ROOT / "models" / "forecaster"
CHANNELS = 16


@pytest.fixture
def product(tmp_path):
    """Return a folder with the shipped detector, less what it scores of forecasts."""
    folder = tmp_path / "product"
    folder.mkdir()
    detector = json.loads((FORECASTER / "detector.json").read_text())
    for part in ("channels", "factor", "prior"):
        detector[f"residual_{part}"] = []
    (folder / "detector.json").write_text(json.dumps(detector))
    (folder / "scaler.json").write_bytes((FORECASTER / "scaler.json").read_bytes())
    (folder / "model.toml").write_text('name = "plain"\nnetwork = "none"\n')
    return folder


def generate(product, out, **options):
    files = {"scaler": product / "scaler.json", "detector": product / "detector.json"}
    return pipeline.generate(None, name="plain", out=out, **files | options)


def test_standalone_folder_compiles_and_links_no_network(product, tmp_path):
    out = tmp_path / "gen"
    manifest = generate(product, out, standalone=True)
    assert manifest["network"] == "none"
    assert manifest["inputs"] == manifest["outputs"] == manifest["operators"] == []
    assert not {"model.c", "stream.c", "window.c", "detector_network.c"} & set(manifest["files"])
    flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
    sources = sorted(map(str, out.glob("*.c")))
    sources.append(str(out / "example" / "main.c"))
    program = tmp_path / "example"
    subprocess.run(["gcc", *flags, f"-I{out}", *sources, "-o", program], check=True)
    mean = json.loads((product / "scaler.json").read_text())["mean"]
    rows = np.tile(mean, (60, 1)) + 1e-3 * np.arange(60)[:, None]
    text = "\n".join(" ".join(map(repr, row)) for row in rows.tolist())
    lines = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    states = [line.split()[1] for line in lines.stdout.splitlines()]
    # Sensors that hardly move are stuck after a while, and all of them are too many.
    first = states.index("4:")
    assert states == ["0:"] * 9 + ["1:"] * (first - 9) + ["4:"] * (60 - first)


def test_hash_is_that_of_the_constants(product, tmp_path):
    first = generate(product, tmp_path / "a")["model_sha256"]
    assert generate(product, tmp_path / "b")["model_sha256"] == first
    scaler = product / "scaler.json"
    scaler.write_text(scaler.read_text() + "\n")
    assert generate(product, tmp_path / "b")["model_sha256"] != first


def test_what_needs_a_network_is_refused(product, tmp_path):
    with pytest.raises(BackendRefusedError, match="plain has no network to stream"):
        generate(product, tmp_path / "out", stream=True)
    with pytest.raises(DetectorInvalidError, match="there must be a scaler and a detector"):
        generate(product, tmp_path / "out", detector=None)
    detector = FORECASTER / "detector.json"
    with pytest.raises(DetectorInvalidError, match=r"residual_channels .* there is no network"):
        generate(product, tmp_path / "out", detector=detector)
    assert not (tmp_path / "out").exists()


def test_command_line(product, tmp_path, capsys):
    files = ["--scaler", str(product / "scaler.json"), "--detector", str(product / "detector.json")]
    assert main(["--name", "plain", "--out", str(tmp_path / "out"), *files]) == 0
    assert capsys.readouterr().out == "safe_plain: a detector, no network\n"
    with pytest.raises(SystemExit):
        main(["--name", "plain", "--out", str(tmp_path / "out")])


def test_a_model_directory_says_that_it_has_none(product):
    found = build.find_model(str(product))
    assert found.tflite is None
    own = ("safe_plain.h", "safe_plain.c", "safe_plain_weights.c")
    assert "safe_plain_weights.c" not in build.generated_files(found, own)
    (product / "detector.json").unlink()
    (product / "scaler.json").unlink()
    with pytest.raises(ModelError, match="train --network none"):
        build.find_model(str(product))
