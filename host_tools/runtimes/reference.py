"""Run a forecaster with the integer reference in Python (`codegen.reference`)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codegen import reference
from codegen.frontend import tflite


def run(model: Path, name: str, windows: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return int8 [N, horizon, channels] of windows int8 [N, window, channels].

    Raises CodegenError when the file is malformed or unsupported.
    """
    graph = tflite.load(model, name)
    shape = graph.tensor(graph.inputs[0]).shape
    (outputs,) = reference.run(graph, [windows.reshape(len(windows), *shape)])
    return outputs.reshape(len(windows), *outputs.shape[-2:]).astype(np.int8)
