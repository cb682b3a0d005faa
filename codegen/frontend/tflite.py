"""A TFLite file to a graph: every malformed or unsupported input is one clear error.

The order of the checks is the order in which they help: damage first, then what the model is
(several subgraphs, float), then single operators and tensors.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import tflite
from flatbuffers.number_types import Int32Flags

from codegen.errors import CodegenError, ModelInvalidError, ModelUnsupportedError, where
from codegen.frontend import dilation, islands, reader, shapes, support
from codegen.ir import verifier
from codegen.ir.graph import ABSENT, Array, DType, Graph, Operator, Quantization, Tensor
from codegen.operators.registry import operators as supported_operators

MAX_OPERATORS = 4096
MAX_RANK = 6
"""Largest rank of a tensor, SAFE_MAX_RANK of safe/model.h."""

_BUILTIN_CODE_SLOT = 10
"""vtable slot of field number 3 of OperatorCode in the TFLite schema: 4 + 2 · 3."""

_MAX_EDGES = 1024
"""Largest number of inputs or outputs of one operator, or of the model."""

_DTYPES = {
    tflite.TensorType.INT8: DType.INT8,
    tflite.TensorType.INT16: DType.INT16,
    tflite.TensorType.INT32: DType.INT32,
    tflite.TensorType.INT64: DType.INT64,
    tflite.TensorType.UINT8: DType.UINT8,
    tflite.TensorType.BOOL: DType.BOOL,
    tflite.TensorType.FLOAT32: DType.FLOAT32,
}


def _names_of(enumeration: Any) -> dict[int, str]:
    return {v: k for k, v in vars(enumeration).items() if isinstance(v, int)}


_KINDS = _names_of(tflite.BuiltinOperator)
_TYPES = _names_of(tflite.TensorType)
_OPTIONS = _names_of(tflite.BuiltinOptions)


def load(source: Path | bytes, name: str) -> Graph:
    """Read a model from a file or from its bytes.

    Raises `ModelInvalidError` when it is damaged or breaks the format, `ModelUnsupportedError`
    when SAFE does not generate code for it. The result keeps the rules of `ir.verifier`, and
    every operator has passed its own check.
    """
    label = name if isinstance(source, bytes) else str(source)
    try:
        data = reader.read_bytes(source)
        return _Importer(data, name).graph()
    except CodegenError as error:
        raise type(error)(f"{label}: {error}") from error


class _Importer:
    """One import: the file, its single subgraph, and the tensors read so far."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._model = reader.root(data)
        self._subgraph = self._only_subgraph()
        self._tensors: dict[int, Tensor] = {}
        with reader.reading("list of tensors"):
            self._tensor_count = int(self._subgraph.TensorsLength())
        with reader.reading("list of buffers"):
            self._buffer_count = int(self._model.BuffersLength())
        if 4 * max(self._tensor_count, self._buffer_count) > len(data):
            raise ModelInvalidError("the file claims more tensors than it has bytes: it is damaged")

    def graph(self) -> Graph:
        """Return the checked graph."""
        kinds = self._kinds()
        entries = reader.tables(
            self._data, "operator", self._subgraph.OperatorsLength, self._subgraph.Operators
        )
        if len(entries) > MAX_OPERATORS:
            raise ModelUnsupportedError(
                f"the model has {len(entries)} operators, the limit is {MAX_OPERATORS}"
            )
        bare = [self._operator(index, entry, kinds) for index, entry in enumerate(entries)]
        inputs = self._edges("model inputs", self._subgraph, "Inputs")
        outputs = self._edges("model outputs", self._subgraph, "Outputs")
        for role, index in [("input", i) for i in inputs] + [("output", i) for i in outputs]:
            self._load_tensor(index, f"model {role}")
        graph = Graph(
            name=self._name,
            tensors=MappingProxyType({i: self._tensors[i] for i in sorted(self._tensors)}),
            operators=tuple(bare),
            inputs=inputs,
            outputs=outputs,
            sha256=hashlib.sha256(self._data).hexdigest(),
        )
        problem = next(verifier.problems(graph), None)
        if problem is not None:
            raise ModelInvalidError(str(problem))
        typed = _Options(entries)
        graph = islands.run(graph, typed)
        support.check_model(graph)
        graph = shapes.run(replace(graph, operators=tuple(_with_options(graph, typed))))
        graph = dilation.run(graph)
        for operator in graph.operators:
            supported_operators()[operator.kind].check(graph, operator)
        return graph

    def _only_subgraph(self) -> Any:
        subgraphs = reader.tables(
            self._data, "subgraph", self._model.SubgraphsLength, self._model.Subgraphs
        )
        if not subgraphs:
            raise ModelInvalidError("the model has no subgraph")
        if len(subgraphs) > 1:
            raise ModelUnsupportedError(
                f"the model has {len(subgraphs)} subgraphs (control flow such as WHILE, or several "
                "signatures): convert one function with a fixed batch of 1 and a fused LSTM"
            )
        return subgraphs[0]

    def _kinds(self) -> list[str]:
        """Return the operator name of each entry of the operator code table."""
        codes = reader.tables(
            self._data, "operator code", self._model.OperatorCodesLength, self._model.OperatorCodes
        )
        found = []
        for code in codes:
            with reader.reading("operator code"):
                value = builtin_code(code)
            kind = _KINDS.get(value, f"BUILTIN_{value}")
            if kind == "CUSTOM":
                custom = reader.text("name of a custom operator", code.CustomCode)
                kind = f'CUSTOM "{custom}"'
            found.append(kind)
        return found

    def _operator(self, index: int, entry: Any, kinds: list[str]) -> Operator:
        with reader.reading(f"operator {index}"):
            code = int(entry.OpcodeIndex())
        if not 0 <= code < len(kinds):
            raise ModelInvalidError(
                f"operator {index}: operator code {code} does not exist, the model has {len(kinds)}"
            )
        place = where(index, kinds[code])
        inputs = self._edges(f"{place}: inputs", entry, "Inputs")
        outputs = self._edges(f"{place}: outputs", entry, "Outputs")
        if not outputs:
            raise ModelInvalidError(f"{place}: has no output; export the model again")
        for tensor in inputs:
            if tensor != ABSENT:
                self._load_tensor(tensor, place)
        for tensor in outputs:
            self._load_tensor(tensor, place)
        return Operator(index=index, kind=kinds[code], inputs=inputs, outputs=outputs)

    @staticmethod
    def _edges(what: str, table: Any, field: str) -> tuple[int, ...]:
        return reader.integers(
            what, getattr(table, f"{field}Length"), getattr(table, f"{field}AsNumpy"), _MAX_EDGES
        )

    def _load_tensor(self, index: int, place: str) -> None:
        if index in self._tensors:
            return
        if not 0 <= index < self._tensor_count:
            raise ModelInvalidError(
                f"{place}: tensor {index} does not exist, the model has {self._tensor_count}"
            )
        with reader.reading(f"{place}, tensor {index}"):
            table = self._subgraph.Tensors(index)
        name = reader.text(f"{place}, tensor {index}: name", table.Name)
        self._tensors[index] = self._tensor(index, name, table, f'{place}, tensor "{name}"')

    def _tensor(self, index: int, name: str, table: Any, place: str) -> Tensor:
        with reader.reading(place):
            code = int(table.Type())
            is_variable = bool(table.IsVariable())
            sparse = table.Sparsity() is not None
        if code not in _DTYPES:
            raise ModelUnsupportedError(
                f"{place}: element type {_TYPES.get(code, code)} is not supported"
            )
        if sparse:
            raise ModelUnsupportedError(f"{place}: sparse tensors are not supported")
        shape = _shape(table, place)
        dtype = _DTYPES[code]
        return Tensor(
            index=index,
            name=name,
            shape=shape,
            dtype=dtype,
            quantization=_quantization(table, place, len(shape)),
            data=self._constant(table, place, shape, dtype),
            is_variable=is_variable,
        )

    def _constant(
        self, table: Any, place: str, shape: tuple[int, ...], dtype: DType
    ) -> Array | None:
        """Return the tensor's data as a read-only view of the file; None when it has none."""
        with reader.reading(place):
            index = int(table.Buffer())
            if not 0 <= index < self._buffer_count:
                raise ModelInvalidError(
                    f"{place}: buffer {index} does not exist, the model has {self._buffer_count}"
                )
            buffer = self._model.Buffers(index)
            size = int(buffer.DataLength())
            if int(buffer.Offset()) > 1:
                raise ModelUnsupportedError(
                    f"{place}: its data lies behind the flatbuffer (a model above 2 GB)"
                )
            if size == 0:
                return None
            raw = buffer.DataAsNumpy()
        expected = prod(shape) * dtype.itemsize
        if size != expected:
            raise ModelInvalidError(
                f"{place}: buffer {index} has {size} bytes, {dtype}{list(shape)} needs {expected}"
            )
        stored = np.frombuffer(raw.tobytes(), dtype=np.dtype(dtype.value).newbyteorder("<"))
        data: Array = stored.astype(dtype.value, copy=False).reshape(shape)
        data.setflags(write=False)
        return data


def _shape(table: Any, place: str) -> tuple[int, ...]:
    """Return the static shape.

    An open batch is read as 1: the first extent, or whichever else the signature leaves open (time
    before batch) where the converter wrote 1.
    """
    shape = reader.integers(
        f"{place}: shape", table.ShapeLength, table.ShapeAsNumpy, limit=2 * MAX_RANK
    )
    signature = reader.integers(
        f"{place}: shape signature",
        table.ShapeSignatureLength,
        table.ShapeSignatureAsNumpy,
        limit=2 * MAX_RANK,
    )
    if len(shape) > MAX_RANK:
        raise ModelUnsupportedError(f"{place}: rank {len(shape)}, the limit is {MAX_RANK}")
    open_extents = {n for n, extent in enumerate(signature) if extent == -1}
    if -1 in shape[1:] or any(n >= len(shape) or shape[n] != 1 for n in open_extents - {0}):
        raise ModelUnsupportedError(
            f"{place}: dynamic shape {list(signature or shape)}: "
            "convert with fixed extents and batch 1"
        )
    if shape and shape[0] == -1:
        shape = (1, *shape[1:])
    if any(extent < 1 for extent in shape):
        raise ModelInvalidError(f"{place}: shape {list(shape)} has an extent below 1")
    return shape


def _quantization(table: Any, place: str, rank: int) -> Quantization | None:
    """Return scales and zero points as the file has them; the verifier judges them.

    A tensor of rank 1 has one axis, whatever the file says: converters wrote that of the weights.
    """
    with reader.reading(f"{place}: quantization"):
        parameters = table.Quantization()
        if parameters is None or parameters.ScaleLength() == 0:
            return None
        if parameters.DetailsType() != 0:
            raise ModelUnsupportedError(f"{place}: custom quantization is not supported")
        axis = 0 if rank == 1 else int(parameters.QuantizedDimension())
    limit = 1 << 20
    what = f"{place}: quantization"
    scales = reader.floats(f"{what} scales", parameters.ScaleLength, parameters.ScaleAsNumpy, limit)
    zero_points = reader.integers(
        f"{what} zero points", parameters.ZeroPointLength, parameters.ZeroPointAsNumpy, limit
    )
    return Quantization(scales=scales, zero_points=zero_points, axis=axis)


def builtin_code(code: Any) -> int:
    """Return which operator a code stands for, in files older than schema 3a, too.

    The field `builtin_code`, which those lack, is read by its slot:
    `tflite.OperatorCode.BuiltinCode` returns the deprecated byte for every code below 127, and that
    byte is 0 (ADD) where a converter no longer writes it.
    """
    table = code._tab
    place = table.Offset(_BUILTIN_CODE_SLOT)
    field = int(table.Get(Int32Flags, place + table.Pos)) if place else 0
    return max(field, int(code.DeprecatedBuiltinCode()))


class _Options:
    """The options tables of the file's operators, by their index."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self._entries = entries

    def __call__(self, operator: Operator) -> Any:
        """Return the `tflite` table that the file names for an operator, or None."""
        place = where(operator.index, operator.kind)
        with reader.reading(f"{place}: options"):
            return _typed_options(self._entries[operator.index], place)


def _with_options(graph: Graph, typed: _Options) -> Iterator[Operator]:
    """Yield the operators with their attributes; those that the importer made have them."""
    for operator in graph.operators:
        spec = supported_operators()[operator.kind]
        if spec.internal:
            yield operator
            continue
        with reader.reading(f"{where(operator.index, operator.kind)}: options"):
            options: Mapping[str, Any] = spec.parse_options(typed(operator))
        yield replace(operator, options=MappingProxyType(dict(options)))


def _typed_options(entry: Any, place: str) -> Any:
    """Return the operator's options as the `tflite` table that the file names, or None."""
    kind = int(entry.BuiltinOptionsType())
    raw = entry.BuiltinOptions()
    if kind == 0 or raw is None:
        return None
    if kind not in _OPTIONS:
        raise ModelInvalidError(f"{place}: options table type {kind} is unknown")
    options = getattr(tflite, _OPTIONS[kind])()
    options.Init(raw.Bytes, raw.Pos)
    return options
