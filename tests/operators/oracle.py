"""Runs a model on TensorFlow Lite Micro on the host: the arithmetic that SAFE reproduces."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tflite_micro import runtime

Array = NDArray[Any]


def run(model: bytes, inputs: Sequence[Array], outputs: int = 1) -> list[Array]:
    """Return outputs (N, *shape) for inputs (N, *shape), each of the N from a reset state.

    `reset` clears recurrent state; without it each window would start where the last ended.
    """
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=max(400_000, 10 * len(model)))
    results: list[list[Array]] = [[] for _ in range(outputs)]
    for row in range(len(inputs[0])):
        interpreter.reset()
        for index, values in enumerate(inputs):
            interpreter.set_input(values[row], index)
        interpreter.invoke()
        for index in range(outputs):
            results[index].append(np.array(interpreter.get_output(index)))
    return [np.stack(rows) for rows in results]
