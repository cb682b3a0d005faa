"""A model with an open batch as the converter writes it: the shape of a RESHAPE is computed."""

from collections.abc import Callable

import numpy as np

from tests.operators.builder import ModelBuilder, options
from tests.operators.draw import Case, Rng, int8_values


def shape(rng: Rng) -> Case:
    """SHAPE → STRIDED_SLICE (batch) → PACK with constants → RESHAPE."""
    rows, columns = (int(v) for v in rng.integers(1, 9, 2))
    m = ModelBuilder()
    x = m.input((1, rows, columns), "int8", 0.1, 3)
    extents = m.tensor((3,), "int32")
    m.operator("SHAPE", [x], [extents], options("Shape", outType=2))
    batch = m.tensor((), "int32")
    limits = [m.constant(np.array([v], np.int32)) for v in (0, 1, 1)]
    m.operator(
        "STRIDED_SLICE", [extents, *limits], [batch], options("StridedSlice", shrinkAxisMask=1)
    )
    parts = [batch, *(m.constant(np.array(v, np.int32)) for v in (columns, rows))]
    target = m.tensor((3,), "int32")
    m.operator("PACK", parts, [target], options("Pack", axis=0, valuesCount=3))
    y = m.tensor((1, columns, rows), "int8", 0.1, 3)
    m.operator("RESHAPE", [x, target], [y], options("Reshape"))
    m.output(y)
    return Case(m.build(), [int8_values(rng, (1, rows, columns))])


SHAPE_CASES: dict[str, Callable[[Rng], Case]] = {"SHAPE": shape}
