"""The generated C of a small model, whole: a change of the text is seen in the diff.

After an intended change: `SAFE_UPDATE_SNAPSHOT=1 python -m pytest tests/snapshot`, then read the
diff.
"""

import os
from pathlib import Path

import pytest

from codegen import pipeline
from codegen.frontend import tflite
from codegen.ir.dump import dump

EXPECTED = Path(__file__).parent / "small"
MODELS = Path(__file__).parents[1] / "unit" / "codegen" / "models"
DETECTOR = Path(__file__).parent
NAMES = [
    "safe_small.c",
    "safe_small.h",
    "safe_small_weights.c",
    "safe_small_weights.h",
    "safe_small_detector.c",
    "safe_small_detector.h",
    "safe_small_detector.hpp",
    "safe_small_detector_static.c",
    "safe_app_model.c",
    "manifest.json",
]


def compare(name, text):
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("SAFE_UPDATE_SNAPSHOT") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("snapshot")
    pipeline.generate(
        MODELS / "small.tflite",
        name="small",
        out=out,
        scaler=DETECTOR / "scaler.json",
        detector=DETECTOR / "detector.json",
        description=DETECTOR / "model.toml",
    )
    return out


@pytest.mark.parametrize("name", NAMES)
def test_file(folder, name):
    compare(name, (folder / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["safe_small.c", "safe_small.h", "manifest.json"])
def test_streaming_file(name, tmp_path):
    out = tmp_path / "out"
    pipeline.generate(MODELS / "small.tflite", name="small", out=out, stream=True)
    compare(f"streaming_{name}", (out / name).read_text(encoding="utf-8"))


def test_no_other_files(folder):
    assert sorted(p.name for p in folder.iterdir()) == sorted(NAMES)


def test_graph():
    compare("graph", dump(tflite.load(MODELS / "small.tflite", "small")))
