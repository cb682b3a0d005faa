"""The plain reference kernels against the tuned ones of the same name, on emulated cores."""

import pytest

from codegen.emit import linker
from targets import build
from targets.emulate import bare
from targets.load import load
from tests.operators.test_plain import compile_pairs

pytestmark = pytest.mark.emulator

CALLS = 16


@pytest.mark.parametrize("name", ["mps2-an386", "mps2-an505", "mps2-m0plus", "riscv-virt"])
def test_both_give_the_same_elements(name, tmp_path):
    """Each call compares 64 draws with the core's own instructions; run raises for a difference."""
    target = load(name)
    flags = (*target.cpu.flags, *target.toolchain.cflags, "-O2")
    objects = compile_pairs((build.tool(target, "gcc"), *flags), tmp_path)
    (tmp_path / "pairs.h").write_text("int safe_pairs_run(const void *input, void *output);\n")
    (tmp_path / "safe_target.h").write_text(linker.target_header(target, "0"))
    (tmp_path / "linker.ld").write_text(linker.linker_script(target, "0"))
    interface = bare.Interface("pairs.h", "safe_pairs_run", 4, 1)
    elf = bare.link(target, objects, interface, tmp_path, include=tmp_path, calls=CALLS)
    assert [call.status for call in bare.run(target, elf)] == [0] * CALLS
