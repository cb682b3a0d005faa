"""TensorFlow Lite Micro on the host: the arithmetic that every other implementation matches."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.compare.oracle import interpreter
from host_tools.errors import ConversionError


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
    runtime = interpreter(model if isinstance(model, bytes) else model.read_bytes())
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
