"""Images that clang compiled, or that are optimized at link time: exact, and counted."""

import json

import pytest

from host_tools.cli import main

pytestmark = pytest.mark.emulator


QUICK = [("clang", "host"), ("clang", "stm32f4"), ("lto", "host"), ("lto", "riscv-virt")]
SLOW = [
    *(("clang", target) for target in ("mps2-an386", "riscv-virt", "stm32u5")),
    ("lto", "stm32f4"),
]
CHOICES = [*QUICK, *(pytest.param(*choice, marks=pytest.mark.slow) for choice in SLOW)]
ARGUMENTS = {"clang": ["--toolchain", "clang"], "lto": ["--lto"]}


@pytest.mark.parametrize(("choice", "target"), CHOICES)
def test_bench_is_exact(choice, target, capsys):
    arguments = ["--target", target, "--windows", "4", "--samples", "36", "--json"]
    assert main(["bench", "--emulate", *ARGUMENTS[choice], *arguments]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["target"], facts["windows"]) == (target, 4)
    assert (facts["mismatched_bytes"], facts["chain_mismatches"]) == (0, 0)


@pytest.mark.parametrize("choice", ARGUMENTS)
@pytest.mark.parametrize("target", ["mps2-an386", "riscv-virt"])
def test_count_names_every_operator(choice, target, capsys):
    assert main(["count", "--target", target, *ARGUMENTS[choice], "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [o["index"] for o in facts["operators"]] == [-1, 1, 3, 5]
    assert 1_000_000 < facts["instructions_per_inference"] < 5_000_000
