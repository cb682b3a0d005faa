"""Runs a model on TensorFlow Lite Micro on the host: the arithmetic that SAFE reproduces."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
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


def run_tflite(model: bytes, inputs: Sequence[Array], outputs: int = 1) -> list[Array]:
    """As `run`, on TFLite's reference kernels: for what TensorFlow Lite Micro does not have."""
    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    results: list[list[Array]] = [[] for _ in range(outputs)]
    for row in range(len(inputs[0])):
        for details, values in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(details["index"], values[row])
        interpreter.invoke()
        for index, details in enumerate(interpreter.get_output_details()):
            results[index].append(np.array(interpreter.get_tensor(details["index"])))
    return [np.stack(rows) for rows in results]


ORACLES = {"tflm": run, "tflite": run_tflite}
"""By the name that a case gives."""
