"""Random networks beyond convolutions: every instruction set and goal equals the oracle exactly.

`python -m tests.operators.test_further_networks --first 0 --count 24` draws so many of each kind,
those of `networks.py` too, and ends with 1 when one differs.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from codegen import reference
from codegen.frontend.tflite import load
from codegen.options import GOALS, KernelChoice
from targets.kernels import ISAS
from tests.operators import program
from tests.operators.further_networks import FURTHER
from tests.operators.test_networks import (
    ALL_NETWORKS,
    assert_same,
    compare_kernels,
    drawn,
    truth,
)

NAMES = sorted(FURTHER)
NEW = {
    "ABS", "BATCH_MATMUL", "DIV", "ELU", "MAXIMUM", "MINIMUM", "PRELU", "REDUCE_MAX", "REDUCE_MIN",
    "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "RSQRT", "SQUARED_DIFFERENCE",
    "SUM", "SVDF", "TILE",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_kernels(name: str) -> None:
    compare_kernels(drawn(name, 0), name)


def test_the_networks_have_all_the_operators_and_show_differences() -> None:
    kinds, shown = set(), dict.fromkeys(NAMES, 0)
    for name in NAMES:
        for seed in range(6):
            case = drawn(name, seed, 40)
            graph = load(case.model, "m")
            kinds |= {o.kind for o in graph.operators}
            found = reference.run(graph, case.inputs)
            shown[name] = max(shown[name], *(np.unique(values).size for values in found))
    assert kinds >= NEW
    assert min(shown.values()) > 15, shown


@pytest.mark.parametrize("name", NAMES)
def test_generated_program_under_sanitizers(name: str, tmp_path: Path) -> None:
    number = NAMES.index(name)
    choice = KernelChoice(ISAS[number % len(ISAS)], GOALS[number % len(GOALS)])
    case = drawn(name, 100)
    built = program.build(case.model, choice, program.CHECKED["asan"], tmp_path)
    expected = truth(case)
    assert_same(program.run(built, case.inputs, expected, "asan"), expected, choice)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_kernels_of_many(name: str) -> None:
    for seed in range(1000, 1020):
        compare_kernels(drawn(name, seed), seed)


def main() -> int:
    """Run a campaign from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="number of the first of each kind")
    parser.add_argument("--count", type=int, default=24, help="networks of each kind")
    arguments = parser.parse_args()
    kinds: Counter[str] = Counter()
    failures = []
    for name in sorted(ALL_NETWORKS):
        for seed in range(arguments.first, arguments.first + arguments.count):
            case = drawn(name, seed)
            kinds.update({o.kind for o in load(case.model, "m").operators})
            try:
                compare_kernels(case, (name, seed))
            except AssertionError as error:
                failures.append(f"{name} {seed}: {error}")
        sys.stdout.write(f"{name}: {arguments.count}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(ALL_NETWORKS) * arguments.count} networks, {len(failures)} differ\n")
    sys.stdout.write("".join(f"{kind} {n}\n" for kind, n in sorted(kinds.items())))
    sys.stdout.write("".join(f"{line}\n" for line in failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
