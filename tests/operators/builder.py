"""Builds small .tflite models, one tensor and one operator at a time, for tests."""

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

_TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "uint8": schema.TensorType.UINT8,
    "bool": schema.TensorType.BOOL,
}
ABSENT = -1


class ModelBuilder:
    """Collects tensors and operators; `build` returns the bytes of the file.

    Tensors are named by the index that the adding method returns.
    """

    def __init__(self) -> None:
        self._model = schema.ModelT()
        self._model.version = 3
        self._model.description = "test"
        self._model.operatorCodes = []
        self._graph = schema.SubGraphT()
        self._graph.name = "main"
        self._graph.tensors, self._graph.operators = [], []
        self._graph.inputs, self._graph.outputs = [], []
        self._model.subgraphs = [self._graph]
        self._model.buffers = [schema.BufferT()]

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        scale: float | Sequence[float] | None = None,
        zero_point: int = 0,
        *,
        axis: int = 0,
        data: NDArray[Any] | None = None,
        variable: bool = False,
        name: str | None = None,
    ) -> int:
        """Add a tensor; a constant when `data` is given, per-channel when `scale` is a list."""
        tensor = schema.TensorT()
        index = len(self._graph.tensors)
        tensor.name = name or f"t{index}"
        tensor.shape = list(shape)
        tensor.type = _TYPES[dtype]
        tensor.isVariable = variable
        tensor.buffer = 0
        if scale is not None:
            scales = [float(s) for s in np.atleast_1d(np.asarray(scale, np.float32))]
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = scales
            tensor.quantization.zeroPoint = [int(zero_point)] * len(scales)
            tensor.quantization.quantizedDimension = axis
        if data is not None:
            array = np.asarray(
                data, dtype=dtype, order="C"
            )  # ascontiguousarray makes scalars rank 1
            if array.shape != tuple(shape):
                raise ValueError(f"{tensor.name}: data {array.shape}, tensor {tuple(shape)}")
            buffer = schema.BufferT()
            buffer.data = list(array.tobytes())
            tensor.buffer = len(self._model.buffers)
            self._model.buffers.append(buffer)
        self._graph.tensors.append(tensor)
        return index

    def constant(
        self,
        data: NDArray[Any],
        scale: float | Sequence[float] | None = None,
        zero_point: int = 0,
        *,
        axis: int = 0,
    ) -> int:
        """Add a constant of the array's own shape and type."""
        return self.tensor(data.shape, str(data.dtype), scale, zero_point, axis=axis, data=data)

    def input(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        scale: float | None = None,
        zero_point: int = 0,
    ) -> int:
        """Add a tensor and make it an input of the model."""
        index = self.tensor(shape, dtype, scale, zero_point)
        self._graph.inputs.append(index)
        return index

    def operator(
        self,
        kind: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: Any = None,
        *,
        version: int = 1,
    ) -> None:
        """Add an operator by its TFLite name, with a `schema.…OptionsT` table."""
        code = schema.OperatorCodeT()
        builtin = getattr(schema.BuiltinOperator, kind)
        code.builtinCode = builtin
        code.deprecatedBuiltinCode = min(builtin, 127)
        code.version = version
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self._model.operatorCodes)
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        if options is not None:
            name = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
            operator.builtinOptions = options
        self._model.operatorCodes.append(code)
        self._graph.operators.append(operator)

    def resource(self) -> int:
        """Add the handle of a resource variable."""
        index = self.tensor((), "int32")
        self._graph.tensors[index].type = schema.TensorType.RESOURCE
        return index

    def add_subgraph(self, other: "ModelBuilder") -> None:
        """Make the graph of another builder the next subgraph of this model."""
        codes, buffers = len(self._model.operatorCodes), len(self._model.buffers)
        self._model.operatorCodes += other._model.operatorCodes
        self._model.buffers += other._model.buffers
        for operator in other._graph.operators:
            operator.opcodeIndex += codes
        for tensor in other._graph.tensors:
            tensor.buffer += buffers
        self._model.subgraphs.append(other._graph)

    def output(self, *indices: int) -> None:
        """Make tensors outputs of the model."""
        self._graph.outputs.extend(indices)

    def build(self) -> bytes:
        """Return the flatbuffer file."""
        builder = flatbuffers.Builder(1024)
        builder.Finish(self._model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def options(kind: str, **fields: Any) -> Any:
    """Return a `schema.<kind>OptionsT` with `fields` set; unknown names are an error."""
    table = getattr(schema, f"{kind}OptionsT")()
    for name, value in fields.items():
        if not hasattr(table, name):
            raise AttributeError(f"{kind}OptionsT has no field {name}")
        setattr(table, name, value)
    return table
