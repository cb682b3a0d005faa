"""Every operator against TensorFlow Lite Micro: integer reference and C kernels, byte by byte."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from codegen import reference
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.operators.registry import operators
from codegen.passes import absorb
from tests.operators import kernels, oracle
from tests.operators.builder import ModelBuilder
from tests.operators.cases import ALL_CASES, CASES, LstmShape, lstm_model
from tests.operators.draw import Array, Case

ROOT = Path(__file__).resolve().parents[2]
QUICK = 20
SLOW = 400


def checked(case: Case) -> Graph:
    """Import the case's model and run each operator's own check."""
    graph = load(case.model, "case")
    for operator in graph.operators:
        operators()[operator.kind].check(graph, operator)
    return graph


def compare(case: Case, builds: tuple[str, ...]) -> None:
    """Assert that oracle, reference and the C builds give the same bytes, absorbed or not."""
    graph = checked(case)
    expected = oracle.ORACLES[case.oracle](case.model, case.inputs, len(graph.outputs))
    results = {"reference": reference.run(graph, case.inputs)}
    graphs = {"": graph}
    if len(graph.operators) > 1:
        graphs["absorbed"] = absorb.run(graph)
        assert len(graphs["absorbed"].operators) == 1
        results["absorbed reference"] = reference.run(graphs["absorbed"], case.inputs)
    for build in builds:
        for name, variant in graphs.items():
            results[f"{name} {build}"] = kernels.library(build).run(variant, case.inputs)
    for name, arrays in results.items():
        for result, truth in zip(arrays, expected, strict=True):
            assert_equal(name, result, truth)


def assert_equal(name: str, result: Array, expected: Array) -> None:
    """Assert equal type, shape and bytes."""
    assert result.dtype == expected.dtype, name
    assert result.shape == expected.shape, name
    if result.size:
        pair = (np.ascontiguousarray(a).reshape(-1).view(np.uint8) for a in (result, expected))
        different = np.count_nonzero(np.not_equal(*pair))
        assert different == 0, f"{name}: {different} of {expected.nbytes} bytes differ"


def test_every_operator_of_the_registry_has_cases() -> None:
    from_files = [
        kind for kind, spec in operators().items() if not getattr(spec, "internal", False)
    ]
    assert sorted(CASES) == sorted(from_files)


@pytest.mark.parametrize("kind", sorted(ALL_CASES))
@pytest.mark.parametrize("block", range(2))
def test_random_cases(kind: str, block: int) -> None:
    for seed in range(block * QUICK, (block + 1) * QUICK):
        compare(ALL_CASES[kind](np.random.default_rng([seed, 7])), ("gcc-O3",))


@pytest.mark.parametrize("kind", sorted(ALL_CASES))
@pytest.mark.parametrize("build", kernels.EACH_BUILD)
def test_every_build_gives_the_same_bytes(kind: str, build: str) -> None:
    for seed in range(5):
        compare(ALL_CASES[kind](np.random.default_rng([seed, 8])), (build,))


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(ALL_CASES))
def test_many_random_cases(kind: str) -> None:
    for seed in range(SLOW):
        compare(ALL_CASES[kind](np.random.default_rng([seed, 9])), tuple(kernels.BUILDS))


@pytest.mark.parametrize("units", [1, 3, 17, 80])
@pytest.mark.parametrize("gain", [1.0, 20.0], ids=["trained", "saturating"])
@pytest.mark.parametrize("cell_clip", [0.0, 10.0, 0.7])
def test_lstm_sizes(units: int, gain: float, cell_clip: float) -> None:
    shape = LstmShape(units, 16, 12, cell_clip=cell_clip, gain=gain)
    rng = np.random.default_rng([units, int(gain), int(cell_clip * 10)])
    compare(lstm_model(rng, shape, count=6), ("gcc-O3",))


def test_lstm_cell_clip_matters() -> None:
    """A case in which ignoring the clip changes bytes, so that the grid above means something."""
    results = []
    for clip in (0.0, 0.7):
        rng = np.random.default_rng(5)
        case = lstm_model(rng, LstmShape(17, 8, 10, cell_clip=clip, gain=5.0))
        results.append(reference.run(checked(case), case.inputs)[0])
    assert np.any(results[0] != results[1])


def test_quantize_saturates_what_the_oracle_leaves_undefined() -> None:
    """Beyond int32 and for NaN TFLM's cast is undefined in C++; SAFE says what comes out."""
    m = ModelBuilder()
    x = m.input((1, 8), "float32")
    y = m.tensor((1, 8), "int8", 0.05, 11)
    m.operator("QUANTIZE", [x], [y])
    m.output(y)
    graph = load(m.build(), "case")
    values = np.array(
        [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e12, -0.0, 0.05], dtype=np.float32
    ).reshape(1, 1, 8)
    expected = [-128, 127, -128, 127, -128, 127, 11, 12]
    assert reference.run(graph, [values])[0].reshape(-1).tolist() == expected
    for build in kernels.BUILDS:
        result = kernels.library(build).run(graph, [values])[0]
        assert result.reshape(-1).tolist() == expected, build


def sanitized(library: Path, seeds: int) -> subprocess.CompletedProcess[str]:
    """Run every kind of case on a sanitized library, in a process that its runtime can join."""
    runtime = subprocess.run(
        ["gcc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True
    ).stdout.strip()
    return subprocess.run(
        [sys.executable, "-m", "tests.operators.sanitized", str(library), str(seeds)],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "LD_PRELOAD": runtime,
            # The interpreter's own leaks are none of ours.
            "ASAN_OPTIONS": "detect_leaks=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("seeds", [4, pytest.param(24, marks=pytest.mark.slow)])
def test_kernels_are_clean_under_sanitizers(seeds: int, tmp_path: Path) -> None:
    library = kernels.compile_library(kernels.SANITIZED, tmp_path / "kernels.so")
    done = sanitized(library, seeds)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "0 mismatches" in done.stdout, done.stdout


def test_sanitizers_see_one_element_too_many(tmp_path: Path) -> None:
    """The check above is worth something: a loop that reads one byte beyond the end fails it."""
    sdk = tmp_path / "sdk"
    shutil.copytree(kernels.SDK / "include", sdk / "include")
    shutil.copytree(kernels.SDK / "src" / "kernel", sdk / "src" / "kernel")
    header = sdk / "include" / "safe" / "kernel" / "dot.h"
    right, wrong = "k < length", "k <= length"
    assert right in header.read_text()
    header.write_text(header.read_text().replace(right, wrong))
    done = sanitized(kernels.compile_library(kernels.SANITIZED, tmp_path / "kernels.so", sdk), 4)
    assert done.returncode != 0
    assert "AddressSanitizer: heap-buffer-overflow" in done.stderr, done.stderr[-3000:]
