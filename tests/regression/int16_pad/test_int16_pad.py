"""PAD of int16 values: the call gave them to a kernel of int8 ones, which GCC 14 refuses."""

from pathlib import Path

import numpy as np
import pytest

from codegen import reference
from codegen.frontend.tflite import load
from codegen.options import KernelChoice
from tests.operators import program
from tests.operators.cases import ALL_CASES


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_program_compiles_without_a_warning(compiler: str, tmp_path: Path) -> None:
    case = ALL_CASES["PAD_S16"](np.random.default_rng(3))
    built = program.build(case.model, KernelChoice(), (compiler, "-O1"), tmp_path)
    expected = reference.run(load(case.model, "m"), case.inputs)
    found = program.run(built, case.inputs, expected, compiler)
    assert [v.tobytes() for v in found] == [v.tobytes() for v in expected]
