"""Kernels in a process under MSan: right ones pass, and what reads or leaves nothing is found."""

from pathlib import Path

import numpy as np
import pytest

from codegen import reference
from codegen.frontend.tflite import load
from tests import compiling
from tests.fuzz.msan import COMMAND, WatchedKernels, compile_process
from tests.operators.cases import CASES
from tests.operators.kernels import SDK

KERNEL = SDK / "src" / "kernel" / "ref" / "svdf.c"
WRONG = {
    "reads": ("int32_t sum = bias[unit];", "int32_t sum;", "use-of-uninitialized-value"),
    "leaves": ("b < params->batches;", "b < params->batches - 1;", "Uninitialized bytes"),
}
"""What is changed in the kernel, and what MSan says."""


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_process(tmp_path_factory.mktemp("process"))


def library(folder: Path, before: str = "", after: str = "") -> Path:
    """Compile the one kernel, with one text in place of another."""
    source, made = folder / f"svdf{len(after)}.c", folder / f"svdf{len(after)}.so"
    text = KERNEL.read_text(encoding="utf-8")
    assert before in text
    source.write_text(text.replace(before, after, 1), encoding="utf-8")
    flags = ["-std=c99", "-w", "-fPIC", "-shared", f"-I{SDK / 'include'}"]
    compiling.call([*COMMAND, *flags, str(source), "-o", str(made)])
    return made


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_value_that_was_never_written_is_found(name: str, process: Path, tmp_path: Path) -> None:
    before, after, said = WRONG[name]
    case = CASES["SVDF"](np.random.default_rng(3))
    graph = load(case.model, "m")
    kernels = WatchedKernels(process, library(tmp_path, before, after), library(tmp_path))
    expected = reference.run(graph, case.inputs)
    right = kernels.run(graph, case.inputs)
    assert [v.tobytes() for v in right] == [v.tobytes() for v in expected]
    kernels.reference = kernels.tuned
    for _ in range(2):  # the second is asked of a new process
        with pytest.raises(AssertionError, match=said):
            kernels.run(graph, case.inputs)
    kernels.close()
