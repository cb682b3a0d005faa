"""Random models of the reductions over axes."""

from collections.abc import Callable
from functools import partial

import numpy as np

from tests.operators.builder import ModelBuilder, options
from tests.operators.draw import Case, Rng, draw_scale, draw_zero_point, int8_values
from tests.operators.elementwise_cases import int16_values

_SAME = ("REDUCE_MAX", "REDUCE_MIN")
"""Kinds whose output has the scale of the input."""


def reduction(rng: Rng, kind: str, *, wide: bool = False) -> Case:
    """Rank 1 to 5, any axes, negative and repeated ones too; scales that grow and that shrink."""
    rank = int(rng.integers(1, 6))
    shape = tuple(int(v) for v in rng.integers(1, 8, rank))
    chosen = [int(v) for v in rng.permutation(rank)[: int(rng.integers(1, rank + 1))]]
    if rank == 4 and rng.integers(2):
        chosen = [1, 2]
    axes = [axis - rank * int(rng.integers(2)) for axis in chosen + chosen[: int(rng.integers(2))]]
    keep = bool(rng.integers(2))
    target = [1 if n in chosen else size for n, size in enumerate(shape)]
    out = [size for n, size in enumerate(target) if keep or n not in chosen]
    m = ModelBuilder()
    dtype = "int16" if wide else "int8"
    source, zero_point = draw_scale(rng), 0 if wide else draw_zero_point(rng)
    ratio = 1.0 if kind in _SAME else float(np.exp(rng.uniform(np.log(0.02), np.log(30))))
    if kind == "SUM":
        ratio *= np.prod([shape[n] for n in chosen]) ** rng.uniform(0, 1)
    result = zero_point if wide or kind in _SAME else draw_zero_point(rng)
    x = m.input(shape, dtype, source, zero_point)
    y = m.tensor(out, dtype, float(np.float32(source * ratio)), result)
    indices = m.constant(np.array(axes, np.int32))
    m.operator(kind, [x, indices], [y], options("Reducer", keepDims=keep))
    m.output(y)
    return Case(m.build(), [int16_values(rng, shape) if wide else int8_values(rng, shape)])


REDUCTION_CASES: dict[str, Callable[[Rng], Case]] = {
    kind: partial(reduction, kind=kind) for kind in ("MEAN", "REDUCE_MAX", "REDUCE_MIN", "SUM")
}
REDUCTION_VARIANTS: dict[str, Callable[[Rng], Case]] = {
    "MEAN_S16": partial(reduction, kind="MEAN", wide=True),
    "SUM_S16": partial(reduction, kind="SUM", wide=True),
}
