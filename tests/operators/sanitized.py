"""Run every kind of case on a sanitized kernel library: `python -m tests.operators.sanitized SO`.

A process of its own because the sanitizer's runtime must be loaded before the interpreter.
"""

import sys
from pathlib import Path

import numpy as np

from codegen import reference
from codegen.frontend.tflite import load
from tests.operators.cases import ALL_CASES
from tests.operators.kernels import CHOICES, KernelLibrary, symmetric


def main(path: str) -> int:
    """Return the number of differing bytes against the reference (at most 1)."""
    library = KernelLibrary(Path(path), guard=0)
    mismatches = 0
    for case_of in ALL_CASES.values():
        for seed in range(12):
            case = case_of(np.random.default_rng([seed, 10]))
            graph = symmetric(load(case.model, "case"))
            expected = reference.run(graph, case.inputs)
            for choice in CHOICES:
                results = library.run(graph, case.inputs, choice)
                mismatches += sum(
                    int(np.count_nonzero(result != truth))
                    for result, truth in zip(results, expected, strict=True)
                )
    print(f"{mismatches} mismatches")
    return min(mismatches, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
