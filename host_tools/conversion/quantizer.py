"""TensorFlow Lite's quantizer in two steps: calibrate a float model, then quantize it.

A plain conversion to int8 repeats for each representative dataset what does not depend on it:
tracing and lowering the network. Here the network is lowered once (`template`), and each
dataset costs only a reduction of statistics and one call of the quantizer (`quantize`), which
is the very function that a plain conversion ends with.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import saved_graph
from host_tools.errors import ConversionError


def representative(windows: Any) -> Callable[[], Iterator[list[Any]]]:
    """Return windows [N, window, channels] as the converter takes them: one by one."""

    def one_by_one() -> Iterator[list[Any]]:
        for window in windows:
            yield [window[None]]

    return one_by_one


def converter(model: Any, windows: NDArray[np.float32]) -> Any:
    """Return TFLite's converter set to int8 in every operator, inputs and outputs included.

    Args:
        model: Network of batch 1, from Keras or a `saved_graph.RebuiltNetwork`.
        windows: float32 [N, window, channels], the representative dataset.
    """
    return _integer(_plain(model, windows.shape[1:]), windows)


def _plain(model: Any, window: tuple[int, ...]) -> Any:
    import tensorflow as tf

    if isinstance(model, saved_graph.RebuiltNetwork):
        return _from_function(model, window)
    return tf.lite.TFLiteConverter.from_keras_model(model)


def _from_function(model: Any, window: tuple[int, ...]) -> Any:
    """Return the converter of a network as a function of a bare module.

    As a Keras model it would be traced once for every operator and way to call it, and give the
    same bytes three times later.
    """
    import tensorflow as tf

    module = serving(model, window)
    return tf.lite.TFLiteConverter.from_concrete_functions(
        [module.forecast.get_concrete_function()], module
    )


def serving(model: Any, window: tuple[int, ...]) -> Any:
    """Return a module with the function `forecast` of one window [1, W, C]."""
    import tensorflow as tf

    module = tf.Module()
    # Variables of Keras 3 are wrapped.
    module.network_variables = [
        one if isinstance(one, tf.Variable) else one.value for one in model.variables
    ]
    name = model.inputs[0].name.split(":")[0]
    module.forecast = tf.function(
        lambda samples: model(samples, training=False),
        input_signature=[tf.TensorSpec((1, *window), tf.float32, name=name)],
        autograph=False,
    )
    return module


def _integer(made: Any, windows: NDArray[np.float32]) -> Any:
    import tensorflow as tf

    made.optimizations = [tf.lite.Optimize.DEFAULT]
    made.representative_dataset = representative(windows)
    made.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    made.inference_input_type = tf.int8
    made.inference_output_type = tf.int8
    return made


def template(model: Any, window: NDArray[np.float32]) -> bytes:
    """Return the float model with a range at each tensor, calibrated on one window [W, C]."""
    made = _integer(_from_function(model, window.shape), window[None])
    # The converter's own switch to stop before quantization; it has no public name.
    made._experimental_calibrate_only = True
    return bytes(made.convert())


def floating(model: Any, window: tuple[int, ...]) -> bytes:
    """Return the float TFLite model of a network of batch 1 that takes [1, *window]."""
    return canonical_bytes(bytes(_plain(model, window).convert()))


def quantize(calibrated: bytes) -> bytes:
    """Return the int8 model of a calibrated float model, unreferenced buffers emptied."""
    import tensorflow as tf
    from tensorflow.lite.python.convert import deduplicate_readonly_buffers, mlir_quantize

    made = mlir_quantize(calibrated, input_data_type=tf.int8, output_data_type=tf.int8)
    return canonical_bytes(bytes(deduplicate_readonly_buffers(made)))


def canonical_bytes(content: bytes) -> bytes:
    """Write a model again with unreferenced buffers empty: they differ from run to run."""
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    used = {t.buffer for graph in model.subgraphs for t in graph.tensors}
    used |= {entry.buffer for entry in model.metadata or []}
    for index, buffer in enumerate(model.buffers):
        if index not in used:
            buffer.data = None
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@dataclass(frozen=True, eq=False)
class Places:
    """Positions in a calibrated model at which the range of each tensor stands.

    Attributes:
        tensors: int64 [T], tensor indices.
        names: Names of the tensors.
        low: int64 [T], byte positions of the minima (little-endian float32) in the file.
        high: int64 [T], byte positions of the maxima.
        groups: Places (int64 each) of tensors that need one range, see `_groups`.
        cells: Places (int64) of the cell states of LSTMs.
    """

    tensors: NDArray[np.int64]
    names: tuple[str, ...]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    groups: tuple[NDArray[np.int64], ...] = ()
    cells: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


_MIN_SLOT, _MAX_SLOT = 4, 6
"""Slots of the fields `min` and `max` in the table QuantizationParameters of schema.fbs."""


def places(calibrated: bytes) -> Places:
    """Find the ranges in a calibrated model.

    Raises:
        ConversionError: It has none.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    graph = schema.Model.GetRootAs(calibrated, 0).Subgraphs(0)
    found: list[tuple[int, str, int, int]] = []
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        ranges = tensor.Quantization()
        if ranges is None or ranges.MinLength() != 1 or ranges.MaxLength() != 1:
            continue
        table = ranges._tab
        ends = [int(table.Vector(table.Offset(slot))) for slot in (_MIN_SLOT, _MAX_SLOT)]
        found.append((index, (tensor.Name() or b"").decode(), ends[0], ends[1]))
    if not found:
        raise ConversionError("the calibrated model has no ranges: this converter is unknown")
    tensors, names, low, high = zip(*found, strict=True)
    groups, cells = _groups(schema.Model.GetRootAs(calibrated, 0), list(tensors))
    return Places(np.array(tensors), tuple(names), np.array(low), np.array(high), groups, cells)


_MOVEMENTS = ("REVERSE_V2", "CONCATENATION", "PACK", "RESHAPE", "TRANSPOSE")
_LSTM, _CELL_INPUT = "UNIDIRECTIONAL_SEQUENCE_LSTM", 19
_LEAST_CELL = 0.75
"""Least range of a cell state. Its scale is the power of two above it over 2^15, and below 2^-15
TensorFlow Lite Micro's kernel has no tanh."""


def _groups(
    model: Any, tensors: list[int]
) -> tuple[tuple[NDArray[np.int64], ...], NDArray[np.int64]]:
    """Return the tensors that a REVERSE_V2 and the movements around it join, and the cell states of
    LSTMs, as places.

    TFLite's quantizer gives the output of REVERSE_V2 the scale of the CONCATENATION that reads it,
    and its kernel copies the bytes all the same: of a bidirectional layer, one direction would be
    off by the quotient of both scales.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    numbers = {getattr(schema.BuiltinOperator, kind): kind for kind in (*_MOVEMENTS, _LSTM)}
    graph, owner = model.Subgraphs(0), {index: index for index in tensors}

    def root(index: int) -> int:
        while owner[index] != index:
            index = owner[index]
        return index

    turned: set[int] = set()
    cells: list[int] = []
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        code = model.OperatorCodes(operator.OpcodeIndex())
        kind = numbers.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
        if kind == _LSTM:
            cells += [tensors.index(i) for i in [operator.Inputs(_CELL_INPUT)] if i in owner]
            continue
        ends = [*operator.InputsAsNumpy(), *operator.OutputsAsNumpy()] if kind else []
        joined = [int(index) for index in ends if int(index) in owner]
        for index in joined[1:]:
            owner[root(index)] = root(joined[0])
        if kind == "REVERSE_V2":
            turned.update(joined)
    roots = {root(index) for index in turned}
    groups = tuple(
        np.array([n for n, index in enumerate(tensors) if root(index) == one]) for one in roots
    )
    return groups, np.array(cells, np.int64)


def overwrite(
    calibrated: bytes, at: Places, low: NDArray[np.float32], high: NDArray[np.float32]
) -> bytes:
    """Return the calibrated model with other ranges, float32 [T] each; one for each group."""
    low, high = low.copy(), high.copy()
    for group in at.groups:
        low[group], high[group] = low[group].min(), high[group].max()
    high[at.cells] = np.maximum(high[at.cells], np.float32(_LEAST_CELL))
    content = bytearray(calibrated)
    for position, value in zip((*at.low, *at.high), (*low, *high), strict=True):
        struct.pack_into("<f", content, int(position), float(value))
    return bytes(content)


def _ranges(content: bytes, at: Places) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    words = np.frombuffer(content, dtype="<f4", count=len(content) // 4)
    return words[at.low // 4].copy(), words[at.high // 4].copy()


def collect(
    calibrated: bytes, windows: NDArray[np.float32], groups: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the least and greatest value of each tensor over each group of windows.

    Every window starts from fresh LSTM state: `Prepare` sets variables back and keeps the
    ranges. (TensorFlow's own calibration carries the state of one window into the next, which
    no windowed use of the model does.)

    Args:
        calibrated: From `template`.
        windows: float32 [N, window, channels].
        groups: int64 [N], group of each window, 0 … G − 1; no group is empty.

    Returns:
        float32 [G, T] twice, tensors in the order of `places`.

    Raises:
        ConversionError: The windows have another shape.
    """
    import tensorflow as tf  # noqa: F401 - the calibrator must be TensorFlow's, not LiteRT's
    from tensorflow.lite.python.optimize import (
        _pywrap_tensorflow_lite_calibration_wrapper as wrapper,
    )

    low: list[NDArray[np.float32]] = []
    high: list[NDArray[np.float32]] = []
    at, size, shape = places(calibrated), 0, [[1, *windows.shape[1:]]]
    for group in range(int(groups.max()) + 1):
        calibrator = wrapper.CalibrationWrapper(calibrated, [], [])
        try:
            for window in windows[groups == group]:
                calibrator.Prepare(shape)
                calibrator.FeedTensor([np.ascontiguousarray(window[None])])
        except (ValueError, RuntimeError) as error:
            raise ConversionError(f"windows {windows.shape[1:]} do not fit: {error}") from error
        content = bytes(calibrator.Calibrate())
        if len(content) != size:
            # The writer's layout depends on the model only; read it again if it ever does not.
            at, size = places(content), len(content)
        one, other = _ranges(content, at)
        low.append(one)
        high.append(other)
    return np.stack(low), np.stack(high)
