"""The arithmetic oracle: TensorFlow Lite Micro on the host (package `tflite-micro`).

Its reference kernels give the same bytes as TFLM on Cortex-M and RISC-V. Recurrent state is
reset before every window; without that, outputs move by up to 18 LSB.

It is no oracle for a convolution that the converter wrote with an open batch as SPACE_TO_BATCH_ND,
CONV_2D, BATCH_TO_SPACE_ND (Keras 3 does so with every dilation): TFLM reads the open batch as 1,
although the blocks lie there, and leaves the rest of the values as memory happens to hold them. Nor
is it one where the shape behind a TRANSPOSE_CONV is open: it computes one row. Both are
NoOracleError, as is a model with an operator that it lacks.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.frontend import blocks, tflite
from host_tools.errors import ConversionError, DataError

Array = NDArray[Any]

_ARENA = 1 << 26
"""Size of the arena for values, beside the package's own estimate from the file's size, which is
too small for a small file with large images. The system gives memory only where it is touched."""


class NoOracleError(ConversionError):
    """TensorFlow Lite Micro does not run a model, or not all of it; the message says why."""


def available() -> bool:
    """Whether the package is installed (extra `oracle`)."""
    try:
        import_module("tflite_micro")
    except ImportError:
        return False
    return True


def interpreter(content: bytes) -> Any:
    """Return an interpreter of the package for a model file.

    Raises ConversionError when the package is not installed, NoOracleError when it refuses the
    model or would compute only a part of it.
    """
    try:
        runtime = import_module("tflite_micro").runtime
    except ImportError as error:
        raise ConversionError(
            "the oracle (package tflite-micro) is not installed: pip install 'safe-edge[oracle]'"
        ) from error
    try:
        loaded = runtime.Interpreter.from_bytes(content, arena_size=_ARENA + 10 * len(content))
    except RuntimeError as error:
        raise NoOracleError(f"TensorFlow Lite Micro refuses the model: {error}") from error
    index = blocks.first_open(content)
    if index is not None:
        raise NoOracleError(
            f"operator {index} SPACE_TO_BATCH_ND has an open batch: TensorFlow Lite Micro computes"
            " the first block only, so it is no oracle here; compare with TensorFlow Lite, or"
            " convert the model with a dilated CONV_2D"
        )
    return loaded


def run(model: Path, windows: Array) -> Array:
    """Return [N, *output shape] of a model with one input and one output, in the output's type.

    `windows` [N, *input shape without the batch], of the input's type. Raises ConversionError when
    the package is not installed, NoOracleError when it refuses the model, DataError when a window
    does not fit.
    """
    (outputs,) = run_all(model, [windows])
    return outputs


def run_all(model: Path, inputs: Sequence[Array], *, resets: bool = True) -> list[Array]:
    """Return every output of a model, each [N, *output shape], for every input [N, …]; see run.

    Without `resets` a window goes on from the state that the one before has left.

    The output shape is without the batch where that is 1.
    """
    runtime = interpreter(model.read_bytes())
    graph = tflite.load(model, "oracle")
    shapes = []
    for index, values in enumerate(inputs):
        shapes.append(tuple(int(size) for size in runtime.get_input_details(index)["shape"]))
        if int(np.prod(shapes[-1])) != int(np.prod(values.shape[1:])):
            raise DataError(f"windows have shape {values.shape[1:]}, {model} takes {shapes[-1]}")
    for index, tensor in enumerate(graph.outputs):
        size = int(np.prod(runtime.get_output_details(index)["shape"]))
        if size != graph.tensor(tensor).elements:
            raise NoOracleError(
                f"the file leaves the shape of output {index} open, and TensorFlow Lite Micro "
                f"computes {size} of its {graph.tensor(tensor).elements} values"
            )
    results: list[list[Array]] = [[] for _ in graph.outputs]
    for row in range(len(inputs[0])):
        if resets:
            runtime.reset()
        for index, (values, shape) in enumerate(zip(inputs, shapes, strict=True)):
            runtime.set_input(np.ascontiguousarray(values[row].reshape(shape)), index)
        runtime.invoke()
        for index, rows in enumerate(results):
            rows.append(np.array(runtime.get_output(index)))
    stacked = [np.stack(rows) for rows in results]
    # A batch of one is no axis of its own; a larger one stays, as a part of the output.
    return [values[:, 0] if values.shape[1:2] == (1,) else values for values in stacked]


@lru_cache(maxsize=2)
def _kept(content: bytes) -> Any:
    """An interpreter for a model that is asked for windows one by one."""
    return interpreter(content)


def forecast(model: Path | bytes, windows: NDArray[np.int8]) -> NDArray[np.int8]:
    """Run a model on windows, each from reset state.

    Args:
        model: A `.tflite` file or its bytes, one int8 input and one int8 output.
        windows: int8 [N, window, channels].

    Returns:
        int8 [N, horizon, channels].

    Raises:
        ConversionError: The `tflite-micro` package is missing or rejects the model.
    """
    runtime = _kept(model if isinstance(model, bytes) else model.read_bytes())
    shape = tuple(int(size) for size in runtime.get_output_details(0)["shape"])
    outputs = np.empty((len(windows), *shape[1:]), dtype=np.int8)
    for index in range(len(windows)):
        # The state of an LSTM stays between invokes; windowed semantics start from zero.
        runtime.reset()
        runtime.set_input(windows[index : index + 1], 0)
        runtime.invoke()
        outputs[index] = runtime.get_output(0)[0]
    return outputs


def forecast_float(model: Path, windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run the float model on windows, each from reset state.

    Args:
        model: `model_float.tflite`, batch 1.
        windows: float32 [N, window, channels], standardized.

    Returns:
        float32 [N, horizon, channels], standardized.

    Raises:
        ConversionError: The `ai-edge-litert` package is missing.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise ConversionError(
            "the float model cannot run: install the extra `oracle` (ai-edge-litert)"
        ) from error
    # The reference kernels: plain loops, the same order of sums on every machine.
    interpreter = Interpreter(
        model_path=str(model),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    result = interpreter.get_output_details()[0]
    outputs = np.empty((len(windows), *result["shape"][1:]), dtype=np.float32)
    for index in range(len(windows)):
        interpreter.reset_all_variables()
        interpreter.set_tensor(source, windows[index : index + 1])
        interpreter.invoke()
        outputs[index] = interpreter.get_tensor(result["index"])[0]
    return outputs
