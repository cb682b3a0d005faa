"""Parts of no elements, and shapes that the file leaves open."""

import numpy as np
import pytest

from codegen import reference
from codegen.errors import ModelInvalidError, ModelUnsupportedError
from codegen.frontend.tflite import load
from tests.operators.builder import ModelBuilder, options, schema


def split(*, reads_all: bool = False) -> bytes:
    m = ModelBuilder()
    x = m.input((1, 6), "int8", 0.1, 3)
    sizes = (4, 0, 2)
    parts = [m.tensor((1, n), "int8", 0.1, 3) for n in sizes]
    axis = m.constant(np.array(1, np.int32))
    inputs = [x, m.constant(np.array(sizes, np.int32)), axis]
    m.operator("SPLIT_V", inputs, parts, options("SplitV", numSplits=3))
    m.output(parts[0], parts[2], *([parts[1]] if reads_all else []))
    return m.build()


def test_a_part_of_nothing_that_nobody_reads_goes() -> None:
    values = np.arange(12, dtype=np.int8).reshape(2, 1, 6)
    found = reference.run(load(split(), "m"), [values])
    assert np.array_equal(found[0], values[:, :, :4])
    assert np.array_equal(found[1], values[:, :, 4:])


def test_one_that_is_read_is_refused() -> None:
    with pytest.raises(ModelInvalidError, match="extent below 1"):
        load(split(reads_all=True), "m")


def test_a_shape_that_does_not_fit_because_it_is_open_is_unsupported_not_broken() -> None:
    def build(signature: list[int] | None) -> bytes:
        m = ModelBuilder()
        x = m.input((1, 4), "int8", 0.1, 3)
        y = m.tensor((1, 1), "int8", 0.1, 3)
        m.operator("RESHAPE", [x], [y], options("Reshape", newShape=[1, -1]))
        if signature is not None:
            m._graph.tensors[y].shapeSignature = signature
        m.output(y)
        return m.build()

    assert schema.TensorT().shapeSignature is None
    with pytest.raises(ModelInvalidError):
        load(build(None), "m")
    with pytest.raises(ModelUnsupportedError, match=r'leaves the shape of "t1" open'):
        load(build([1, -1]), "m")
