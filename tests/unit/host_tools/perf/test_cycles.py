"""The cost table against hand-counted code."""

import pytest

from host_tools.perf import cycles, ibex
from targets.emulate.count import Executed
from targets.load import load

LISTING = """
bare.elf:     file format elf32-littlearm

10000000 <f>:
10000000:\te92d 41f0 \tstmdb\tsp!, {r4, r5, r6, r7, r8, lr}
10000004:\t6812      \tldr\tr2, [r2, #0]
10000006:\t6853      \tldr\tr3, [r2, #4]\t@ comment
10000008:\te9d2 4501 \tldrd\tr4, r5, [r2, #4]
1000000c:\tfb24 6003 \tsmlad\tr0, r4, r3, r6
10000010:\tfb90 f0f1 \tsdiv\tr0, r0, r1
10000014:\t6013      \tstr\tr3, [r2, #0]
10000016:\td1f5      \tbne.n\t10000004 <f+0x4>
10000018:\teeb1 0ac0 \tvsqrt.f32\ts0, s0
1000001c:\te8bd 81f0 \tldmia.w\tsp!, {r4-r8, pc}
10000020:\tf852 3b04 \tldrsb.w\tr3, [r2], #4
"""
EXPECTED = [7, 2, 1, 3, 1, 7, 1, 1, 14, 7, 2]


def test_issue_cycles():
    listed = cycles.parse_listing(LISTING)
    assert [cycles.issue_cycles(i) for i in listed.values()] == EXPECTED
    assert list(listed)[:3] == [0x1000_0000, 0x1000_0004, 0x1000_0006]


def test_registers():
    assert cycles._registers("sp!, {r4-r9, sl, fp, pc}") == 9
    assert cycles._registers("{r4-fp, lr}") == 9
    assert cycles._registers("{d8}") == 1


@pytest.mark.parametrize("taken", [0, 9])
def test_a_taken_branch_refills(taken):
    listed = cycles.parse_listing(LISTING)
    rows = [Executed(0, 0x1000_0016, 10, taken), Executed(-1, 0x1000_0004, 3, 0)]
    assert cycles.estimate(rows, listed) == {0: 10 + 2 * taken, -1: 6}


RISCV = """
80000000 <f>:
80000000:\t00052283          \tlw\tt0,0(a0)
80000004:\t9316                \tadd\tt1,t1,t0
80000006:\t00452283          \tlw\tt0,4(a0)
8000000a:\t0511                \taddi\ta0,a0,4
8000000c:\t02531333          \tmulh\tt1,t1,t0
80000010:\t0253c333          \tdiv\tt1,t2,t0
80000014:\t00552023          \tsw\tt0,0(a0)
80000018:\tfeb517e3          \tbne\ta0,a1,80000006 <f+0x6>
8000001c:\tfe0502e3          \tbeqz\ta0,80000000 <f>
80000020:\t00052283          \tlw\tt0,0(a0) # 4a0 <x>
80000024:\t00552023          \tsw\tt0,0(a0)
80000028:\t8082                \tret
"""


def test_cycles_of_an_ibex():
    """A load waits for a reader behind it; a jump to four bytes across two words costs one more."""
    costs = list(ibex.costs(cycles.parse_listing(RISCV)).values())
    assert [cost.issue for cost in costs] == [2, 1, 1, 1, 2, 38, 1, 1, 1, 2, 1, 1]
    assert [cost.taken for cost in costs][7:9] == [2, 1]
    rows = [Executed(0, 0x8000_0018, 10, 9), Executed(0, 0x8000_0028, 1, 1)]
    assert cycles.estimate(rows, cycles.parse_listing(RISCV), riscv=True) == {0: 10 + 18 + 2}


@pytest.mark.parametrize(
    ("name", "percent"),
    [("stm32f4", 10), ("stm32u5", 15), ("riscv-virt", 3), ("stm32g0", None), ("mps3-an547", None)],
)
def test_cores_with_an_estimate(name, percent):
    found = cycles.estimator(load(name))
    assert (None if found is None else found.uncertainty_percent) == percent
    assert found is None or f"±{percent}%" in found.label


def test_unknown_addresses_cost_one():
    assert cycles.estimate([Executed(2, 4, 5, 0)], {}) == {2: 5}
