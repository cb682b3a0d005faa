"""Generated C of whole models, compiled strictly and run: values in place, views, own order.

The other tests call the kernels one by one on memory of their own; here the arena is shared as
the memory plan says.
"""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from codegen import pipeline
from codegen.backends.native.backend import compile_model
from codegen.frontend import tflite
from targets.kernels import ISAS, Isa
from tests import checks, compiling
from tests.fuzz import campaign
from tests.operators import kernels, oracle
from tests.operators.cases import int8_values

ROOT = Path(__file__).resolve().parents[2]
SMALL = sorted((ROOT / "tests/unit/codegen/models").glob("small*.tflite"))
OWN = [p for p in SMALL if "float" not in p.stem] + sorted(ROOT.glob("models/*/model_int8.tflite"))
TINY = ("ad01_int8", "kws_ref_model", "pretrainedResnet_quant")
WINDOWS = 6


def equals_the_oracle(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "WINDOWS", WINDOWS)
    data = path.read_bytes()
    graph = tflite.load(data, "m")
    shape = graph.tensor(graph.inputs[0]).shape
    values = [int8_values(np.random.default_rng(6), shape, WINDOWS)]
    program = compile_model(graph, target="host", isa="ref")
    expected = oracle.run(data, values)
    assert campaign._compiled(data, program, values, expected) == "survivor, compiled and equal"


@pytest.mark.parametrize("path", OWN, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_own_models(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    equals_the_oracle(path, monkeypatch)


@pytest.mark.parametrize("name", TINY)
def test_mlperf_tiny(name: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    equals_the_oracle(shared_data / "mlperf-tiny" / f"{name}.tflite", monkeypatch)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_own_models_compile_clean(isa: Isa, compiler: str, tmp_path: Path) -> None:
    for path in OWN:
        compiles_clean(path, isa, compiler, tmp_path / path.parent.name / path.stem)


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_mlperf_tiny_compiles_clean(
    name: str, isa: Isa, compiler: str, shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "mlperf-tiny" / f"{name}.tflite"
    compiles_clean(path, isa, compiler, tmp_path / "m")


@pytest.mark.slow
@pytest.mark.parametrize("isa", ISAS)
def test_own_models_pass_cppcheck(isa: Isa, tmp_path: Path) -> None:
    """But for the weights: they are numbers only, and take cppcheck minutes."""
    for path in OWN:
        folder = tmp_path / path.parent.name / path.stem
        pipeline.generate(path, name="m", out=folder, isa=isa, standalone=True)
        sources = [str(p) for p in sorted(folder.glob("*.c")) if not p.stem.endswith("_weights")]
        options = [o for o in checks.CPPCHECK if not o.startswith("-I")]
        subprocess.run([*options, *checks.MACHINE, f"-I{folder}", *sources], check=True)


def compiles_clean(path: Path, isa: Isa, compiler: str, folder: Path) -> None:
    """Assert that every generated file compiles with all warnings as errors."""
    pipeline.generate(path, name="m", out=folder, isa=isa, standalone=True)
    command = [compiler, "-std=c99", "-O2", *kernels.WARNINGS.split(), "-I."]
    objects = folder / "objects"
    objects.mkdir()
    compiling.compile_each(command, sorted(folder.glob("*.c")), objects, folder)
