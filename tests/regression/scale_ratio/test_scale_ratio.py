"""Quotients of scales were rounded to float32, which moved results that lie next to a half.

The pairs were searched so that the two quotients give different tables: random scales hit one in
some thousand. The oracle divides in double precision.
"""

from typing import Any

import numpy as np
import pytest

from codegen import reference
from codegen.fixed_point import requantize
from codegen.frontend.tflite import load
from codegen.quantization import quantize_multiplier
from tests.operators import oracle
from tests.operators.builder import ModelBuilder, options

PAIRS = (
    (0.03469809144735336, 0.07611194252967834),
    (0.05059845373034477, 0.06281187385320663),
    (0.11430570483207703, 0.0726594403386116),
    (0.02500328980386257, 0.0531715527176857),
)
VALUES = np.arange(-128, 128)


def table(ratio: float) -> Any:
    return requantize(VALUES, *quantize_multiplier(ratio))


@pytest.mark.parametrize(("source", "output"), PAIRS)
def test_the_pairs_tell_float_from_double(source: float, output: float) -> None:
    single = float(np.float32(source) / np.float32(output))
    assert np.any(table(single) != table(source / output))


@pytest.mark.parametrize("kind", ["ABS", "LEAKY_RELU", "RELU"])
@pytest.mark.parametrize(("source", "output"), PAIRS)
def test_results_next_to_a_half(kind: str, source: float, output: float) -> None:
    m = ModelBuilder()
    x = m.input((1, 256), "int8", source)
    y = m.tensor((1, 256), "int8", output)
    m.operator(kind, [x], [y], options("LeakyRelu", alpha=0.5) if kind == "LEAKY_RELU" else None)
    m.output(y)
    data, values = m.build(), [VALUES.astype(np.int8)[np.newaxis, np.newaxis]]
    (expected,) = oracle.run(data, values)
    assert np.array_equal(reference.run(load(data, "m"), values)[0], expected)
