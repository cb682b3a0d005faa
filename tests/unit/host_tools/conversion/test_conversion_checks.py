"""The canonical hash, the integer check, deterministic npz, and workers that fail."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from host_tools.conversion import architecture, canonical, worker
from host_tools.errors import ConversionError, TrainingError
from host_tools.formats import npz

MODEL = Path("models", "forecaster")
PROCESS = worker._process
"""The function that starts a worker as a process of its own. For other tests conftest.py
replaces it by forks of one process that has imported TensorFlow."""


@pytest.fixture
def model(root: Path) -> Path:
    return root / MODEL / "model_int8.tflite"


def changed(model: Path, target: Path, old: bytes, new: bytes) -> Path:
    content = model.read_bytes()
    assert old in content
    target.write_bytes(content.replace(old, new, 1))
    return target


def test_shipped_model_is_integer_and_fused(model: Path) -> None:
    kinds = canonical.check_integer(model)
    assert kinds.count(canonical.FUSED) == 1
    assert len(kinds) == 7


def test_float_model_is_refused(model: Path) -> None:
    with pytest.raises(ConversionError, match=r"does not generate .* operator 0 .* a float model"):
        canonical.check_integer(model.with_name("model_float.tflite"), fused=False)


def test_hash_sees_one_weight(model: Path, tmp_path: Path) -> None:
    import tflite

    content = bytearray(model.read_bytes())
    found = tflite.Model.GetRootAs(bytes(content), 0)
    sizes = [found.Buffers(i).DataLength() for i in range(found.BuffersLength())]
    weights = found.Buffers(int(np.argmax(sizes))).DataAsNumpy().tobytes()
    content[content.index(weights) + 100] ^= 1
    path = tmp_path / "flipped.tflite"
    path.write_bytes(content)
    assert canonical.canonical_hash(path) != canonical.canonical_hash(model)


def test_hash_does_not_see_bookkeeping(model: Path, tmp_path: Path) -> None:
    other = changed(model, tmp_path / "other.tflite", b"MLIR Converted.", b"mlir converted!")
    assert canonical.canonical_hash(other) == canonical.canonical_hash(model)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0" * 40])
def test_not_a_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    with pytest.raises(ConversionError, match=r"bad\.tflite"):
        canonical.canonical_hash(path)


def test_npz_bytes_depend_on_arrays_only(tmp_path: Path) -> None:
    arrays: dict[str, NDArray[Any]] = {
        "b": np.arange(6, dtype=np.int8).reshape(2, 3),
        "a": np.zeros(2, dtype=np.float32),
    }
    for name in ("one", "two"):
        npz.write(tmp_path / f"{name}.npz", arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    read = np.load(tmp_path / "one.npz")
    assert np.array_equal(read["b"], arrays["b"])
    assert read["a"].dtype == np.float32


@pytest.fixture
def broken_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let a script stand in for the interpreter that a worker starts."""
    script = tmp_path / "python"
    monkeypatch.setattr(worker, "_process", PROCESS)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(importlib.util, "find_spec", str)
    return script


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'first' > $3/log.txt; echo 'the reason' >> $3/log.txt; exit 3",
         "failed with code 3 .*tensorflow .*: the reason"),
        ("kill -SEGV $$", "died with SIGSEGV .*: no message"),
    ],
)  # fmt: skip
def test_worker_that_fails(broken_worker: Path, tmp_path: Path, script: str, said: str) -> None:
    broken_worker.write_text(f"#!/bin/sh\n{script}\n")
    broken_worker.chmod(0o755)
    with pytest.raises(ConversionError, match=f"the route {said}"):
        worker.run("host_tools.conversion.convert_worker", tmp_path, "the route", ConversionError)


def test_without_tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    with pytest.raises(TrainingError, match="install the extra `train`"):
        worker.run("host_tools.training.fit_worker", tmp_path, "training", TrainingError)


def test_architecture_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "architecture.py"
    with pytest.raises(TrainingError, match="no such file"):
        architecture.load_builder(path)
    path.write_text("built = 1\n")
    with pytest.raises(TrainingError, match="no function `build`"):
        architecture.load_builder(path)
