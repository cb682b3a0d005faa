"""Run cases of every kind on a sanitized library: `python -m tests.operators.sanitized SO SEEDS`.

A process of its own because the sanitizer's runtime must be loaded before the interpreter.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

from codegen import reference
from codegen.backends.native.lower import call_of
from codegen.frontend.tflite import load
from codegen.ir.graph import Graph
from codegen.options import KernelChoice
from tests.operators.cases import ALL_CASES
from tests.operators.kernels import CHOICES, KernelLibrary, symmetric


def different(graph: Graph) -> list[KernelChoice]:
    """Return the choices of instruction set and goal that lead to different calls."""
    seen: dict[str, KernelChoice] = {}
    for choice in CHOICES:
        calls = list(filter(None, (call_of(graph, o, choice) for o in graph.operators)))
        text = repr([(c.kernel, c.arguments, c.params, c.scratch) for c in calls])
        data = [constant.data.tobytes() for call in calls for constant in call.constants]
        digest = hashlib.sha256(b"".join(data)).hexdigest()
        seen.setdefault(f"{choice.isa == 'ref'} {text} {digest}", choice)
    return list(seen.values())


def main(path: str, seeds: int) -> int:
    """Return the number of differing bytes against the reference (at most 1)."""
    library = KernelLibrary(Path(path), guard=0)
    mismatches = 0
    for case_of in ALL_CASES.values():
        for seed in range(seeds):
            case = case_of(np.random.default_rng([seed, 10]))
            graph = symmetric(load(case.model, "case"))
            expected = reference.run(graph, case.inputs)
            for choice in different(graph):
                results = library.run(graph, case.inputs, choice)
                mismatches += sum(
                    int(np.count_nonzero(result != truth))
                    for result, truth in zip(results, expected, strict=True)
                )
    print(f"{mismatches} mismatches")
    return min(mismatches, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
