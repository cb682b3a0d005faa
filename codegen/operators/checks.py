"""Checks and integer parameters that several operators share."""

from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from codegen.errors import ModelInvalidError, ModelUnsupportedError, where
from codegen.ir.call import Constant, ConstantArg, TensorArg
from codegen.ir.graph import ABSENT, Array, DType, Graph, Operator, Quantization, Tensor
from codegen.quantization import FUSED_ACTIVATIONS, INT32_LIMIT

_ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
PADDINGS = ("SAME", "VALID")
MAX_SHIFT = 30
"""Largest left shift that `safe_requantize` takes."""


def activation_name(code: int) -> str:
    """Return the TFLite name of an ActivationFunctionType, or `UNKNOWN_<code>`."""
    return _ACTIVATIONS[code] if 0 <= code < len(_ACTIVATIONS) else f"UNKNOWN_{code}"


def invalid(graph: Graph, operator: Operator, text: str, tensor: int | None = None) -> NoReturn:
    """Raise `ModelInvalidError` naming the operator and, when given, the tensor."""
    raise ModelInvalidError(f"{_where(graph, operator, tensor)}: {text}")


def unsupported(graph: Graph, operator: Operator, text: str, tensor: int | None = None) -> NoReturn:
    """Raise `ModelUnsupportedError` naming the operator and, when given, the tensor."""
    raise ModelUnsupportedError(f"{_where(graph, operator, tensor)}: {text}")


def _where(graph: Graph, operator: Operator, tensor: int | None) -> str:
    name = None if tensor is None else graph.tensor(tensor).name
    return where(operator.index, operator.kind, name)


def require_counts(
    graph: Graph, operator: Operator, inputs: Iterable[int], outputs: int = 1
) -> None:
    """Check the number of inputs (one of `inputs`) and outputs."""
    allowed = sorted(inputs)
    if len(operator.inputs) not in allowed or len(operator.outputs) != outputs:
        invalid(
            graph,
            operator,
            f"has {len(operator.inputs)} inputs and {len(operator.outputs)} outputs, expected "
            f"{' or '.join(map(str, allowed))} and {outputs}; export the model again",
        )


def require_options(graph: Graph, operator: Operator) -> None:
    """Check that the file holds the operator's options table."""
    if not operator.options:
        invalid(graph, operator, "has no options table; export the model again")


def require_input(graph: Graph, operator: Operator, position: int, role: str) -> Tensor:
    """Return the input at `position`, which must be there."""
    index = operator.inputs[position]
    if index == ABSENT:
        invalid(graph, operator, f"lacks its {role} (input {position}); export the model again")
    return graph.tensor(index)


def optional_input(graph: Graph, operator: Operator, position: int) -> Tensor | None:
    """Return the input at `position`, or None when it is left out."""
    if position >= len(operator.inputs) or operator.inputs[position] == ABSENT:
        return None
    return graph.tensor(operator.inputs[position])


def require_dtype(graph: Graph, operator: Operator, tensor: Tensor, *allowed: DType) -> None:
    """Check the element type; a float tensor gets advice of its own."""
    if tensor.dtype in allowed:
        return
    names = " or ".join(dtype.value for dtype in allowed)
    if tensor.dtype == DType.FLOAT32:
        advice = "convert with full integer quantization (int8)"
    elif tensor.dtype == DType.INT16:
        advice = "the operator has no int16 form (int16x8): let this part be int8"
    else:
        advice = f"the operator has no {tensor.dtype.value} form here"
    unsupported(
        graph, operator, f"is {tensor.dtype.value}, expected {names}; {advice}", tensor.index
    )


def require_shape(
    graph: Graph, operator: Operator, tensor: Tensor, expected: tuple[int, ...]
) -> None:
    """Check that the shape is `expected`."""
    if tensor.shape != expected:
        invalid(
            graph,
            operator,
            f"has shape {list(tensor.shape)}, expected {list(expected)}; export the model again",
            tensor.index,
        )


def require_per_tensor(
    graph: Graph, operator: Operator, tensor: Tensor, *dtypes: DType
) -> Quantization:
    """Check dtype (int8 unless given) and return the single scale and zero point."""
    require_dtype(graph, operator, tensor, *(dtypes or (DType.INT8,)))
    return _per_tensor(graph, operator, tensor)


def _per_tensor(graph: Graph, operator: Operator, tensor: Tensor) -> Quantization:
    quantization = tensor.quantization
    if quantization is None or not quantization.scales:
        invalid(graph, operator, "has no scale; convert the model again", tensor.index)
    if quantization.per_channel:
        unsupported(graph, operator, "is quantized per channel, expected one scale", tensor.index)
    _require_scales(graph, operator, tensor, quantization)
    limits = np.iinfo(tensor.dtype.value)
    if not limits.min <= quantization.zero_point <= limits.max:
        invalid(
            graph,
            operator,
            f"has zero point {quantization.zero_point}, outside {tensor.dtype.value}",
            tensor.index,
        )
    return quantization


def _require_scales(
    graph: Graph, operator: Operator, tensor: Tensor, quantization: Quantization
) -> None:
    bad = [s for s in quantization.scales if not (np.isfinite(s) and s > 0.0)]
    if bad:
        invalid(
            graph,
            operator,
            f"has scale {bad[0]}, expected a finite positive number; convert the model again",
            tensor.index,
        )


def require_weights(
    graph: Graph, operator: Operator, tensor: Tensor, channels: int, axis: int = 0
) -> Quantization:
    """Check constant int8 weights, symmetric, per tensor or per channel along `axis`."""
    require_dtype(graph, operator, tensor, DType.INT8)
    require_constant(graph, operator, tensor)
    quantization = tensor.quantization
    if quantization is None or not quantization.scales:
        invalid(graph, operator, "has no scale; convert the model again", tensor.index)
    _require_scales(graph, operator, tensor, quantization)
    if any(quantization.zero_points):
        unsupported(
            graph,
            operator,
            "has a zero point other than 0; SAFE takes symmetric weights only",
            tensor.index,
        )
    if quantization.per_channel and (
        quantization.axis != axis or len(quantization.scales) != channels
    ):
        unsupported(
            graph,
            operator,
            f"has {len(quantization.scales)} scales along axis {quantization.axis}, expected "
            f"{channels} along axis {axis}",
            tensor.index,
        )
    return quantization


def require_constant(graph: Graph, operator: Operator, tensor: Tensor) -> Array:
    """Return the data of a tensor that must be known at generation."""
    if tensor.data is None:
        unsupported(graph, operator, "is computed at run time, expected a constant", tensor.index)
    return tensor.data


def bias_values(
    graph: Graph, operator: Operator, tensor: Tensor | None, channels: int
) -> NDArray[np.int64]:
    """Return the bias as int64[channels]; zeros when there is none."""
    if tensor is None:
        return np.zeros(channels, dtype=np.int64)
    require_dtype(graph, operator, tensor, DType.INT32)
    data = require_constant(graph, operator, tensor)
    if data.size != channels:
        invalid(graph, operator, f"has {data.size} values, expected {channels}", tensor.index)
    return data.reshape(-1).astype(np.int64)


def require_activation(graph: Graph, operator: Operator) -> str:
    """Return the fused activation, which must be a clamp."""
    name = str(operator.options["fused_activation"])
    if name not in FUSED_ACTIVATIONS:
        unsupported(
            graph,
            operator,
            f"has fused activation {name}; use NONE, RELU, RELU_N1_TO_1 or RELU6",
        )
    return name


def fold_bias(
    bias: NDArray[np.int64], rows: NDArray[Any], input_zero_point: int
) -> NDArray[np.int64]:
    """Return bias − input_zero_point · Σ weights for weights[channels, K]."""
    folded: NDArray[np.int64] = bias - input_zero_point * rows.astype(np.int64).sum(axis=1)
    return folded


def accumulator_bound(
    folded: NDArray[np.int64], rows: NDArray[Any], largest: int = 128
) -> NDArray[np.int64]:
    """Return, per channel, the largest |partial sum| over all inputs, in any order.

    `largest` is the largest |factor| of a weight: 128 for int8, 255 less their zero point.
    """
    weights = np.abs(rows.astype(np.int64)).sum(axis=1)
    bound: NDArray[np.int64] = np.abs(folded) + largest * weights
    return bound


def prove_accumulator(
    graph: Graph,
    operator: Operator,
    bound: NDArray[np.int64],
    shift: NDArray[Any],
    tensor: int | None = None,
) -> str:
    """Check |accumulator| · 2^max(shift, 0) < 2^31 and return the line for the manifest.

    A shift beyond 30 is refused for any accumulator, also for 0: C does not define it.
    """
    if shift.size and int(shift.max()) > MAX_SHIFT:
        unsupported(
            graph,
            operator,
            f"the accumulator is scaled by 2^{int(shift.max()) - 1} or more, beyond int32; use a "
            "larger output scale",
            tensor,
        )
    left = np.broadcast_to(np.maximum(shift.astype(np.int64), 0), bound.shape)
    # Python integers: bound << left may exceed int64 for absurd scales.
    worst = max(int(b) << int(s) for b, s in zip(bound, left, strict=True))
    if worst >= INT32_LIMIT:
        unsupported(
            graph,
            operator,
            f"the accumulator can reach {worst}, beyond int32; use smaller weights or a larger "
            "output scale",
            tensor,
        )
    text = f"|accumulator| <= {int(bound.max())} < 2^31"
    return text if not left.any() else f"{text}, <= {worst} after the left shift"


def require_indices(graph: Graph, operator: Operator, tensor: Tensor) -> Array:
    """Return the data of a constant that must hold integers."""
    require_dtype(graph, operator, tensor, DType.INT32, DType.INT64)
    return require_constant(graph, operator, tensor)


def in_place(graph: Graph, *sources: int) -> tuple[int, ...]:
    """Return those inputs whose memory an element-wise output may take."""
    tensors = [graph.tensor(index) for index in sources]
    return tuple(t.index for t in tensors if not (t.is_constant or t.is_variable))


def data_argument(
    tensor: Tensor, suffix: str
) -> tuple[TensorArg | ConstantArg, tuple[Constant, ...]]:
    """Return how a kernel reads a tensor: from the arena, or from an array in flash."""
    if tensor.data is None:
        return TensorArg(tensor.index), ()
    return ConstantArg(suffix), (Constant(suffix, tensor.data),)


def batched(graph: Graph, index: int, values: Array | None) -> Array:
    """Return an input with the leading axis of inferences: 1 for a constant."""
    assert values is not None
    return values[np.newaxis] if graph.tensor(index).is_constant else values


def require_same_values(
    graph: Graph, operator: Operator, tensor: Tensor, reference: Tensor
) -> None:
    """Check that a moved tensor keeps type, scale and zero point: bytes are only copied."""
    if tensor.dtype != reference.dtype:
        invalid(
            graph,
            operator,
            f"is {tensor.dtype.value}, but {reference.dtype.value} on the other side",
            tensor.index,
        )
    before, after = reference.quantization, tensor.quantization
    if before is None or after is None:
        return
    if (before.scales, before.zero_points) != (after.scales, after.zero_points):
        unsupported(
            graph,
            operator,
            "has another scale or zero point than the other side: TFLite Micro only copies; "
            "convert again",
            tensor.index,
        )
