"""Float islands, DEQUANTIZE … QUANTIZE inside of an integer model, as integer operators.

A converter leaves one where it has no int8 form of an operator. Where all that happens inside is
movement (SPLIT, RESHAPE, …) and functions of one value, each float32 value is a function of one
integer: the movement is done on the integers, and the function is a table of 256 results. Each
entry is computed by the arithmetic of the float operators themselves, dequantize and quantize
included, so the integers are those of TensorFlow Lite Micro for every input. An int16 value has no
table: there only movement between equal scales goes, proved over all 65,536 values.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.errors import where
from codegen.frontend import reader
from codegen.ir.graph import ABSENT, DType, Graph, Operator, Tensor
from codegen.operators.registry import operators
from codegen.passes import dead
from codegen.passes.graph import same_quantization

F32 = NDArray[np.float32]
Options = Callable[[Operator], Any]
"""Returns the options table of an operator of the file, or None."""


@dataclass(frozen=True, eq=False)
class _Value:
    """A float32 tensor: element n is `table[q]`, q the integer at n of tensor `carrier`."""

    carrier: int
    table: F32
    """One result for each byte of int8 (in the order of `codegen.operators.table`), or each of
    int16 from 0 on, then the negative ones."""


def run(graph: Graph, options: Options) -> Graph:
    """Return the graph without those islands that can be integer; the others stay as they are."""
    if not any(o.kind == "QUANTIZE" for o in graph.operators):
        return graph
    rewriter = _Rewriter(graph, options)
    changed = rewriter.run()
    return dead.run(changed) if changed is not graph else graph


def can_be_integer(kind: str) -> bool:
    """Return whether an operator of float32 values can be part of an integer island."""
    spec = operators().get(kind)
    return kind in _UNARY or kind in _BY_CONSTANT or (spec is not None and spec.moves)


def _one(function: Callable[[float], float]) -> Callable[[F32], F32]:
    """Return a function of one float32 array, each result rounded once from double precision."""

    def single(value: float) -> float:
        try:
            return function(value)
        except (ValueError, OverflowError):
            return math.nan if value < 0 else math.inf

    return lambda values: np.array([single(float(v)) for v in values], dtype=np.float32)


_EXP, _LOG, _TANH = _one(math.exp), _one(math.log), _one(math.tanh)
_ZERO, _ONE, _THREE, _SIX = (np.float32(v) for v in (0, 1, 3, 6))


def _root(values: F32) -> F32:
    result: F32 = np.sqrt(values)
    return result


def _logistic(values: F32, _: Any) -> F32:
    return _ONE / (_ONE + _EXP(-values))


def _elu(values: F32, _: Any) -> F32:
    return np.where(values < 0, _EXP(np.minimum(values, _ZERO)) - _ONE, values)


def _leaky_relu(values: F32, table: Any) -> F32:
    alpha = np.float32(0 if table is None else table.Alpha())
    return np.where(values > 0, values, values * alpha)


def _hard_swish(values: F32, _: Any) -> F32:
    result: F32 = values * np.clip(values + _THREE, _ZERO, _SIX) / _SIX
    return result


_UNARY: Mapping[str, Callable[[F32, Any], F32]] = {
    "ABS": lambda v, _: np.abs(v),
    "ELU": _elu,
    "EXP": lambda v, _: _EXP(v),
    "HARD_SWISH": _hard_swish,
    "LEAKY_RELU": _leaky_relu,
    "LOG": lambda v, _: _LOG(v),
    "LOGISTIC": _logistic,
    "NEG": lambda v, _: -v,
    "RELU": lambda v, _: np.maximum(v, _ZERO),
    "RELU6": lambda v, _: np.clip(v, _ZERO, _SIX),
    "RELU_N1_TO_1": lambda v, _: np.clip(v, -_ONE, _ONE),
    "RSQRT": lambda v, _: _ONE / _root(v),
    "SQRT": lambda v, _: _root(v),
    "SQUARE": lambda v, _: v * v,
    "TANH": lambda v, _: _TANH(v),
}
"""Functions of one float32 value, with the options table; each operation rounds once."""

_BY_CONSTANT: Mapping[str, Callable[[Any, Any], F32]] = {
    "ADD": np.add,
    "DIV": np.divide,
    "MUL": np.multiply,
    "SUB": np.subtract,
}
"""Functions of two values of which one is a single constant."""


class _Rewriter:
    """One pass over the operators, in order."""

    def __init__(self, graph: Graph, options: Options) -> None:
        self._graph = graph
        self._options = options
        self._tensors = dict(graph.tensors)
        self._values: dict[int, _Value] = {}
        self._operators: list[Operator] = []

    def run(self) -> Graph:
        """Return the new graph, in which what became useless still stands."""
        changed = False
        for operator in self._graph.operators:
            made = self._made(operator)
            changed = changed or bool(made)
            # A float operator stays until nobody reads it: an output of the model may.
            closed = bool(made) and operator.kind == "QUANTIZE"
            self._operators += made if closed else [operator, *made]
        if not changed:
            return self._graph
        ordered = replace(
            self._graph,
            tensors=MappingProxyType(self._tensors),
            operators=tuple(self._operators),
        )
        return _renumbered(dead.run(ordered))

    def _made(self, operator: Operator) -> list[Operator]:
        """Return the integer operators that do what this one does, and remember its results."""
        source = self._source(operator)
        if source is None:
            return []
        if operator.kind == "DEQUANTIZE":
            self._dequantize(operator, source)
            return []
        known = [self._values.get(i) for i in operator.inputs if self._is_float_value(i)]
        if not known or any(value is None for value in known):
            return []
        values = [value for value in known if value is not None]
        if operator.kind == "QUANTIZE":
            return self._quantize(operator, values[0])
        spec = operators().get(operator.kind)
        if spec is not None and spec.moves:
            return self._move(operator, values)
        self._compute(operator, values)
        return []

    def _source(self, operator: Operator) -> Tensor | None:
        found = (self._tensors[i] for i in operator.inputs if i != ABSENT)
        return next((tensor for tensor in found if not tensor.is_constant), None)

    def _is_float_value(self, index: int) -> bool:
        if index == ABSENT:
            return False
        tensor = self._tensors[index]
        return tensor.dtype is DType.FLOAT32 and not tensor.is_constant

    def _dequantize(self, operator: Operator, source: Tensor) -> None:
        if source.dtype not in (DType.INT8, DType.INT16) or source.is_variable:
            return
        if source.quantization is None or source.quantization.per_channel:
            return
        integers = _integers(source.dtype)
        (table,) = operators()["DEQUANTIZE"].reference(self._graph, operator, [integers])
        self._values[operator.outputs[0]] = _Value(source.index, table[0])

    def _move(self, operator: Operator, values: Sequence[_Value]) -> list[Operator]:
        """Return the same movement of the integers, where all of them mean the same."""
        first = self._tensors[values[0].carrier]
        for value in values[1:]:
            other = self._tensors[value.carrier]
            same = first.dtype is other.dtype and same_quantization(first, other)
            if not same or not np.array_equal(value.table, values[0].table):
                return []
        outputs = []
        for index in operator.outputs:
            new = replace(
                self._tensors[index],
                index=max(self._tensors) + 1,
                dtype=first.dtype,
                quantization=first.quantization,
            )
            self._tensors[new.index] = new
            self._values[index] = _Value(new.index, values[0].table)
            outputs.append(new.index)
        inputs = tuple(
            self._values[i].carrier if self._is_float_value(i) else i for i in operator.inputs
        )
        return [replace(operator, inputs=inputs, outputs=tuple(outputs))]

    def _compute(self, operator: Operator, values: Sequence[_Value]) -> None:
        """Remember the results of a function of one value."""
        if self._tensors[operator.inputs[0]].shape != self._tensors[operator.outputs[0]].shape:
            return
        function = _UNARY.get(operator.kind)
        if len(operator.inputs) == 1 and function is not None:
            with np.errstate(all="ignore"), self._reading(operator):
                table = function(values[0].table, self._options(operator))
        elif operator.kind in _BY_CONSTANT and len(operator.inputs) == 2 and len(values) == 1:
            sides = [self._side(i) for i in operator.inputs]
            with self._reading(operator):
                activation = self._options(operator)
                plain = activation is not None and activation.FusedActivationFunction() == 0
            if any(side is None for side in sides) or not plain:
                return
            with np.errstate(all="ignore"):
                table = _BY_CONSTANT[operator.kind](*sides)
        else:
            return
        self._values[operator.outputs[0]] = _Value(values[0].carrier, table.astype(np.float32))

    @staticmethod
    def _reading(operator: Operator) -> AbstractContextManager[None]:
        """Return what turns a read of damaged options into an error that names the operator."""
        return reader.reading(f"{where(operator.index, operator.kind)}: options")

    def _side(self, index: int) -> F32 | None:
        """Return the table of a value, or the one number of a constant; else None."""
        if index in self._values:
            return self._values[index].table
        data = self._tensors[index].data
        return data.reshape(1) if data is not None and data.size == 1 else None

    def _quantize(self, operator: Operator, value: _Value) -> list[Operator]:
        """Return the end of an island: a table, or nothing but another name for the integers."""
        carrier, output = self._tensors[value.carrier], self._tensors[operator.outputs[0]]
        if output.dtype is not carrier.dtype or output.shape != carrier.shape:
            return []
        graph = replace(self._graph, tensors=self._tensors)
        (result,) = operators()["QUANTIZE"].reference(graph, operator, [value.table[np.newaxis]])
        unchanged = np.array_equal(result, _integers(carrier.dtype))
        if unchanged and same_quantization(carrier, output):
            return [Operator(operator.index, "RESHAPE", (carrier.index,), operator.outputs)]
        if carrier.dtype is not DType.INT8:
            return []
        data = np.ascontiguousarray(result[0], dtype=np.int8)
        data.setflags(write=False)
        index = max(self._tensors) + 1
        self._tensors[index] = Tensor(
            index, f"{output.name}/table", (256,), DType.INT8, output.quantization, data
        )
        chain = MappingProxyType({"chain": ("DEQUANTIZE", "QUANTIZE")})
        inputs = (carrier.index, index)
        return [Operator(operator.index, "LOOKUP", inputs, operator.outputs, chain)]


def _renumbered(graph: Graph) -> Graph:
    """Return the graph with an index of its own for each operator.

    A movement that is needed in float32, too, stands twice under one: the model will be refused
    for what reads it.
    """
    seen: set[int] = set()
    found = []
    free = max(o.index for o in graph.operators) + 1
    for operator in graph.operators:
        kept = operator
        if operator.index in seen:
            kept, free = replace(operator, index=free), free + 1
        seen.add(kept.index)
        found.append(kept)
    return replace(graph, operators=tuple(found))


def _integers(dtype: DType) -> NDArray[Any]:
    """Return all values of int8 or int16 as one row, in the order of a table."""
    unsigned = np.uint8 if dtype is DType.INT8 else np.uint16
    count = 1 << 8 * np.dtype(unsigned).itemsize
    return np.arange(count, dtype=unsigned).view(dtype.value)[np.newaxis]
