"""Tensors of a TFLite subgraph: shapes, types, scales, and the constants of the file."""

from math import prod
from typing import Any

import numpy as np
import tflite

from codegen.errors import ModelInvalidError, ModelUnsupportedError
from codegen.frontend import reader
from codegen.ir.graph import Array, DType, Quantization, Tensor

MAX_RANK = 6
"""Largest rank of a tensor, SAFE_MAX_RANK of safe/model.h."""

_DTYPES = {
    tflite.TensorType.INT8: DType.INT8,
    tflite.TensorType.INT16: DType.INT16,
    tflite.TensorType.INT32: DType.INT32,
    tflite.TensorType.INT64: DType.INT64,
    tflite.TensorType.UINT8: DType.UINT8,
    tflite.TensorType.BOOL: DType.BOOL,
    tflite.TensorType.FLOAT32: DType.FLOAT32,
}
_TYPES = {v: k for k, v in vars(tflite.TensorType).items() if isinstance(v, int)}


class Tensors:
    """The tensors of one subgraph that were asked for so far, by index."""

    def __init__(self, data: bytes, model: Any, subgraph: Any) -> None:
        self._model = model
        self._subgraph = subgraph
        self.found: dict[int, Tensor] = {}
        self.open: set[int] = set()
        """Tensors whose shape the file leaves open."""
        with reader.reading("list of tensors"):
            self.count = int(subgraph.TensorsLength())
        with reader.reading("list of buffers"):
            self._buffer_count = int(model.BuffersLength())
        if 4 * max(self.count, self._buffer_count) > len(data):
            raise ModelInvalidError("the file claims more tensors than it has bytes: it is damaged")

    def load(self, index: int, place: str) -> None:
        """Read a tensor that `place` names, unless it has been read."""
        if index in self.found:
            return
        if not 0 <= index < self.count:
            raise ModelInvalidError(
                f"{place}: tensor {index} does not exist, the model has {self.count}"
            )
        with reader.reading(f"{place}, tensor {index}"):
            table = self._subgraph.Tensors(index)
        name = reader.text(f"{place}, tensor {index}: name", table.Name)
        self.found[index] = self._tensor(index, name, table, f'{place}, tensor "{name}"')

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
        shape, is_open = _shape(table, place)
        if is_open:
            self.open.add(index)
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


def _shape(table: Any, place: str) -> tuple[tuple[int, ...], bool]:
    """Return the static shape, and whether the file leaves a part of it open.

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
    if any(extent < 0 for extent in shape):
        raise ModelInvalidError(f"{place}: shape {list(shape)} has an extent below 0")
    return shape, bool(open_extents)


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
