"""The unmodified bench image on the CPU checks: every byte equals the host's."""

import json

import pytest

from host_tools.cli import main
from targets.load import load
from targets.make import make

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize(
    "target", ["hifive1", "mps2-an386", "mps2-an505", "mps3-an547", "riscv-virt"]
)
def test_bench_is_exact(target, capsys):
    arguments = ["--target", target, "--windows", "4", "--samples", "36", "--json"]
    assert main(["bench", "--emulate", *arguments]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["target"] == target
    assert facts["windows"] == 4
    assert (facts["mismatched_bytes"], facts["chain_mismatches"]) == (0, 0)
    assert facts["instructions_per_inference"] > 300_000
    assert facts["link"]["device_status"] == ["cycles_stuck"]
    assert facts["link"]["inference_cycles"] is None
    bound = make(target, "forecaster").size()["stack"]["bound_bytes"]
    assert 0 < facts["stack_bytes"] <= bound <= load(target).stack.size_bytes
