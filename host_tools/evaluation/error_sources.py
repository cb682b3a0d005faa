"""Where the error of an int8 model comes from: its inputs, its weights, or its activations.

Each source is switched on by itself in the float model. Inputs: the float model runs on windows
that went to int8 and back. Weights: the float model gets the int8 model's weights, as real
numbers. Activations: what the int8 model adds to a float model with both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare.metrics import RealDelta, real_delta
from host_tools.runtimes import tensors as values

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ErrorShares:
    """Errors against the float model, by source.

    Attributes:
        inputs: Windows quantized and limited, everything else float.
        weights: Weights quantized, everything else float; None when the two models do not
            have the same operators, and `activations` then holds both.
        activations: What int8 arithmetic adds to both.
        total: int8 against float. Sources are nearly independent, so that their mean squares
            nearly add up to it.
    """

    inputs: RealDelta
    weights: RealDelta | None
    activations: RealDelta
    total: RealDelta

    def shares(self) -> dict[str, float]:
        """Return the part of each source in the sum of mean squares, 0 … 1."""
        squares = {
            "inputs": self.inputs.mse,
            "weights": self.weights.mse if self.weights else 0.0,
            "activations": self.activations.mse,
        }
        whole = sum(squares.values()) or 1.0
        return {name: value / whole for name, value in squares.items()}


def budget(
    floating: bytes, int8: bytes, windows: Floats, clip: float, quantized: NDArray[np.int8]
) -> ErrorShares:
    """Measure the sources.

    Args:
        floating: The float `.tflite`.
        int8: The int8 `.tflite` of the same network.
        windows: float32 [N, window, channels], standardized, not clipped.
        clip: Limit of model inputs in standard deviations.
        quantized: int8 [N, horizon, channels], the int8 model's forecasts of `windows`.
    """
    edges = values.edges(int8)
    q = edges.quantize(windows, clip).astype(np.float32)
    rounded = (q - np.float32(edges.input_zero_point)) * np.float32(edges.input_scale)
    real = (quantized.astype(np.float64) - edges.output_zero_point) * edges.output_scale
    reference = values.forecast(floating, windows)
    with_inputs = values.forecast(floating, rounded)
    coarse = with_weights(floating, int8)
    if coarse is None:
        return ErrorShares(
            real_delta(with_inputs, reference),
            None,
            real_delta(real, with_inputs),
            real_delta(real, reference),
        )
    return ErrorShares(
        inputs=real_delta(with_inputs, reference),
        weights=real_delta(values.forecast(coarse, windows), reference),
        activations=real_delta(real, values.forecast(coarse, rounded)),
        total=real_delta(real, reference),
    )


@dataclass(frozen=True, eq=False)
class _Constant:
    position: int
    values: NDArray[Any]


def with_weights(floating: bytes, int8: bytes) -> bytes | None:
    """Return the float model with the int8 model's weights and biases as real numbers; None
    when the operators of the two do not match.
    """
    before, after = list(_constants(floating)), list(_constants(int8))
    if [key for key, _ in before] != [key for key, _ in after]:
        return None
    content = bytearray(floating)
    for (_, old), (_, new) in zip(before, after, strict=True):
        if old.values.shape != new.values.shape:
            return None
        data = np.ascontiguousarray(new.values, dtype="<f4").tobytes()
        content[old.position : old.position + len(data)] = data
    return bytes(content)


def _constants(model: bytes) -> Iterator[tuple[tuple[int, int], _Constant]]:
    """Yield the real-valued constants of operators: ((operator's number among those that have
    such constants, input), constant), integers as the real numbers that they stand for.
    """
    from ai_edge_litert import schema_py_generated as schema

    root = schema.Model.GetRootAs(model, 0)
    graph, number = root.Subgraphs(0), 0
    for index in range(graph.OperatorsLength()):
        operator, has_constant = graph.Operators(index), False
        for slot in range(operator.InputsLength()):
            tensor = graph.Tensors(operator.Inputs(slot)) if operator.Inputs(slot) >= 0 else None
            constant = None if tensor is None else _constant(schema, root, tensor)
            if constant is not None:
                has_constant = True
                yield (number, slot), constant
        number += has_constant


def _constant(schema: Any, root: Any, tensor: Any) -> _Constant | None:
    buffer = root.Buffers(tensor.Buffer())
    if not buffer.DataLength():
        return None
    kinds = schema.TensorType
    types = {kinds.FLOAT32: "<f4", kinds.INT8: "i1", kinds.INT16: "<i2", kinds.INT32: "<i4"}
    quantization, kind = tensor.Quantization(), tensor.Type()
    scaled = quantization is not None and quantization.ScaleLength() > 0
    if kind not in types or (kind != kinds.FLOAT32 and not scaled):
        return None
    table = buffer._tab
    position = int(table.Vector(table.Offset(4)))
    shape = [int(size) for size in tensor.ShapeAsNumpy()]
    stored = np.frombuffer(bytes(buffer.DataAsNumpy()), dtype=types[kind]).reshape(shape)
    if kind == kinds.FLOAT32:
        return _Constant(position, stored)
    scale = quantization.ScaleAsNumpy().astype(np.float64)
    zero = quantization.ZeroPointAsNumpy().astype(np.float64)
    if len(scale) > 1:
        around = [1] * len(shape)
        around[quantization.QuantizedDimension()] = len(scale)
        scale, zero = scale.reshape(around), zero.reshape(around)
    return _Constant(position, (stored.astype(np.float64) - zero) * scale)
