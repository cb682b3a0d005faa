"""The arithmetic oracle: TensorFlow Lite Micro on the host (package `tflite-micro`).

Its reference kernels give the same bytes as TFLM on Cortex-M and RISC-V. Recurrent state is
reset before every window; without that, outputs move by up to 18 LSB.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import ConversionError, DataError

Array = NDArray[Any]


def available() -> bool:
    """Whether the package is installed (extra `oracle`)."""
    try:
        import_module("tflite_micro")
    except ImportError:
        return False
    return True


def run(model: Path, windows: Array) -> Array:
    """Return int8[N, *output shape] of a model with one input and one output.

    `windows` int8[N, *input shape without the batch]. Raises ConversionError when the package is
    not installed and DataError when a window does not fit the model.
    """
    try:
        runtime = import_module("tflite_micro").runtime
    except ImportError as error:
        raise ConversionError(
            "the oracle (package tflite-micro) is not installed: pip install 'safe-edge[oracle]'"
        ) from error
    interpreter = runtime.Interpreter.from_bytes(model.read_bytes())
    shape = tuple(int(size) for size in interpreter.get_input_details(0)["shape"])
    if int(np.prod(shape)) != int(np.prod(windows.shape[1:])):
        raise DataError(f"windows have shape {windows.shape[1:]}, {model} takes {shape}")
    results = []
    for window in windows:
        interpreter.reset()
        interpreter.set_input(np.ascontiguousarray(window.reshape(shape)), 0)
        interpreter.invoke()
        results.append(np.array(interpreter.get_output(0), dtype=np.int8))
    stacked = np.stack(results)
    return stacked.reshape(len(windows), *stacked.shape[2:])
