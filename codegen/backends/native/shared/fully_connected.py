"""Choice of the kernel that computes a FULLY_CONNECTED: by estimated instructions and flash of all.

For int16 values there is one in portable C.

A kernel's code counts once for all operators that it computes, and not at all where other operators
bring it. Whether it is worth that depends on the whole model, too: see `Goal`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from codegen.backends.native.shared import conv_2d, int16
from codegen.fixed_point import Int64
from codegen.ir.call import KernelCall
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.linear.int16 import is_int16
from codegen.options import Goal

_REST_PER_PRODUCT = 1.5
"""Instructions per product that other operators are taken to need: only a scale for the whole."""
_REST_BYTES = 2500
"""Flash that every model needs for the runtime and its own calls."""
_SLOWEST = 2
"""Times the fastest form's instructions that the smallest one may take."""
_KIND = "FULLY_CONNECTED"
FEW_ROWS, LAST_ROWS = 4, 2
"""Rows of a tile of the kernels for few outputs, and of the last one where two are enough."""
SCALE_BYTES = 5
"""Bytes of multiplier and shift; most models have one of each for every output."""


@dataclass(frozen=True)
class Shape:
    """Extent of one product with constant weights."""

    batches: int
    units: int
    depth: int


@dataclass(frozen=True)
class Form:
    """A kernel that computes FULLY_CONNECTED."""

    name: str
    code: Mapping[str, int]
    """Bytes of code by source file; forms may share files."""
    instructions: Callable[[Shape], float]
    constant_bytes: Callable[[Shape], int]


@dataclass(frozen=True)
class _Cost:
    instructions: float
    flash_bytes: int


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call for int16 values that takes four outputs at a time, or why none pays."""
    del plain, goal
    if not is_int16(graph, operator):
        return None
    return int16.tiled_call(operator, int16.of_matrix(graph, operator))


def shape_of(graph: Graph, operator: Operator) -> Shape:
    """Return the extent of a FULLY_CONNECTED."""
    units, depth = graph.tensor(operator.inputs[1]).shape
    return Shape(graph.tensor(operator.inputs[0]).elements // depth, units, depth)


def is_int8(graph: Graph, operator: Operator) -> bool:
    """Return whether an operator is a FULLY_CONNECTED with int8 values."""
    return operator.kind == _KIND and graph.tensor(operator.inputs[0]).dtype == DType.INT8


def few_tiles(units: int) -> list[int]:
    """Return the rows of each tile of a kernel for few outputs."""
    tiles = [FEW_ROWS] * -(-units // FEW_ROWS)
    if 0 < units % FEW_ROWS <= LAST_ROWS:
        tiles[-1] = LAST_ROWS
    return tiles


def filled(bias: Int64) -> Int64:
    """Return the biases of the rows of `few_tiles`, with zeros behind."""
    rows = np.zeros(sum(few_tiles(len(bias))), dtype=np.int64)
    rows[: len(bias)] = bias
    return rows


def brought(graph: Graph, goal: Goal, *, may_replace: bool) -> frozenset[str]:
    """Return the files of the tile of eight rows that other operators bring.

    `may_replace`: see `conv_2d.is_preferred`.
    """
    tile = {"dot8", "expand"}
    found: set[str] = set()
    for operator in graph.operators:
        if operator.kind in conv_2d.BRING_DOT8:
            found |= tile
        elif operator.kind == "CONV_2D" and _has_rows(graph, operator, goal, may_replace):
            found |= {*tile, "dense_row"}
    return frozenset(found)


def _has_rows(graph: Graph, operator: Operator, goal: Goal, may_replace: bool) -> bool:
    """Return whether a convolution is computed by single positions on the tile of eight rows."""
    flat = conv_2d.is_preferred(graph, operator, goal, may_replace=may_replace)
    # Only RV32 lets it replace, and has no kernel for two positions of height 1.
    return flat and (may_replace or conv_2d.is_by_rows(graph, operator))


def choose(
    graph: Graph, operator: Operator, forms: Sequence[Form], goal: Goal, there: frozenset[str]
) -> str:
    """Return the name of the form for one operator of the graph.

    `there`: source files that other operators bring. All operators of the kind are weighed
    together, whether a form may take each of them or not.
    """
    shapes = [shape_of(graph, o) for o in graph.operators if is_int8(graph, o)]
    rest = _rest(graph)
    costs = [(_cost(shapes, some, goal, there), some) for some in _subsets(forms)]
    fastest = min(cost.instructions for cost, _ in costs)
    _, best = min(costs, key=lambda one: _weight(one[0], goal, rest, fastest))
    return _pick(shape_of(graph, operator), best, goal).name


def _subsets(forms: Sequence[Form]) -> list[tuple[Form, ...]]:
    """Return every choice of forms; smaller ones first, so that they win where costs are equal."""
    sizes = range(1, len(forms) + 1)
    return list(chain.from_iterable(combinations(forms, size) for size in sizes))


def _pick(shape: Shape, forms: Sequence[Form], goal: Goal) -> Form:
    """Return the form that is best for one operator when the code of all is there."""
    if goal == "size":
        return min(forms, key=lambda f: (f.constant_bytes(shape), f.instructions(shape)))
    return min(forms, key=lambda f: (f.instructions(shape), f.constant_bytes(shape)))


def _cost(
    shapes: Sequence[Shape], forms: Sequence[Form], goal: Goal, there: frozenset[str]
) -> _Cost:
    """Return what all products cost, each by the best of the forms."""
    picked = [(shape, _pick(shape, forms, goal)) for shape in shapes]
    code = {name: size for _, form in picked for name, size in form.code.items()}
    flash = sum(form.constant_bytes(shape) for shape, form in picked)
    flash += sum(size for name, size in code.items() if name not in there)
    return _Cost(sum(form.instructions(shape) for shape, form in picked), flash)


def _weight(cost: _Cost, goal: Goal, rest: _Cost, fastest: float) -> tuple[float, ...]:
    """Return what the goal keeps small: instructions, flash, or their product for the model.

    `size` gives up no more than half of the speed.
    """
    if goal == "speed":
        return cost.instructions, cost.flash_bytes
    if goal == "size":
        return cost.instructions > _SLOWEST * fastest, cost.flash_bytes, cost.instructions
    whole = rest.instructions + cost.instructions
    return (whole * (rest.flash_bytes + cost.flash_bytes),)


def _rest(graph: Graph) -> _Cost:
    """Return about what all other operators cost: their products and their constants."""
    products = 0
    constants: set[int] = set()
    for operator in graph.operators:
        if is_int8(graph, operator):
            continue
        own = [i for i in operator.inputs if i >= 0 and graph.tensor(i).is_constant]
        constants |= set(own)
        products += _places(graph, operator) * sum(
            graph.tensor(i).elements for i in own if graph.tensor(i).dtype == DType.INT8
        )
    flash = sum(graph.tensor(i).size_bytes for i in constants)
    return _Cost(_REST_PER_PRODUCT * products, _REST_BYTES + flash)


def _places(graph: Graph, operator: Operator) -> int:
    """Return how often an operator multiplies by each of its weights."""
    output = graph.tensor(operator.outputs[0]) if operator.outputs else None
    if output is None:
        return 0
    if "steps" in operator.options:
        return len(operator.options["steps"])
    return output.elements // output.shape[-1] if output.shape else 1
