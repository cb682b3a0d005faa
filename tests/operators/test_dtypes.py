"""The element types that an operator declares are those of its cases, which are generated and run.

A case draws its type at random, so seeds are tried until all the declared types were seen.
"""

import numpy as np

from codegen.frontend.tflite import load
from codegen.operators.registry import operators
from tests.operators.cases import ALL_CASES

SEEDS = 200
BECOMES_DILATION = {"BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND"}
"""Operators that the importer has taken away when a graph is loaded."""


def seen(name: str, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Operator and element type of its values, in the models of one case."""
    found: set[tuple[str, str]] = set()
    for seed in range(SEEDS):
        graph = load(ALL_CASES[name](np.random.default_rng(seed)).model, "case")
        for operator in graph.operators:
            at = operator.inputs[operators()[operator.kind].data_input]
            found.add((operator.kind, graph.tensor(at).dtype.value))
        if seed >= 3 and {pair for pair in wanted if pair[0] == name} <= found:
            break
        if seed >= 3 and not any(kind == name for kind, _ in found):
            break
    return found


def test_what_is_declared_is_what_the_cases_hold():
    declared = {
        (kind, dtype.value)
        for kind, spec in operators().items()
        for dtype in spec.dtypes
        if not (spec.internal or spec.moves or spec.is_view or spec.is_static)
        and kind not in BECOMES_DILATION
    }
    kinds = {kind for kind, _ in declared}
    variants = set().union(*(seen(name, set()) for name in ALL_CASES if name not in kinds))
    found = set(variants)
    for kind in sorted(kinds):
        found |= seen(kind, declared - variants)
    assert {pair for pair in found if pair[0] in kinds} == declared
