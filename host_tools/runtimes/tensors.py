"""Run a TFLite model on the host and look at its tensors (LiteRT, no TensorFlow)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import ConversionError

Floats = NDArray[np.float32]

MOST_VALUES = 512
"""Number of values kept per tensor and window, evenly spread: enough for a percentile over
windows."""


def _interpreter(model: bytes, *, threads: int = 1, keep: bool = False) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise ConversionError(
            "models cannot run on the host: install the extra `oracle` (ai-edge-litert)"
        ) from error
    kind = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        interpreter = Interpreter(
            model_content=model,
            num_threads=threads,
            experimental_preserve_all_tensors=keep,
            experimental_op_resolver_type=kind,
        )
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ConversionError(f"LiteRT rejects the model: {error}") from error
    return interpreter


@dataclass(frozen=True)
class TensorEdges:
    """Shape and quantization of the one input and the one output."""

    window: tuple[int, ...]
    forecast: tuple[int, ...]
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int

    def quantize(self, windows: Floats, clip: float) -> NDArray[np.int8]:
        """Quantize standardized windows as the device does: see `detection.adapter`."""
        u = np.clip(windows, np.float32(-clip), np.float32(clip))
        t = u * (np.float32(1.0) / np.float32(self.input_scale))
        rounded = np.trunc(t + np.where(t >= 0, np.float32(0.5), np.float32(-0.5)))
        limited = np.clip(rounded.astype(np.int32) + self.input_zero_point, -128, 127)
        q: NDArray[np.int8] = limited.astype(np.int8)
        return q


def edges(model: bytes) -> TensorEdges:
    """Return what an int8 or float model takes and gives.

    Raises:
        ConversionError: Not one input and one output.
    """
    interpreter = _interpreter(model)
    ends = [*interpreter.get_input_details(), *interpreter.get_output_details()]
    if len(ends) != 2:
        raise ConversionError(f"the model has {len(ends)} inputs and outputs: one each is needed")
    (in_scale, in_zero), (out_scale, out_zero) = (end["quantization"] for end in ends)
    return TensorEdges(
        window=tuple(int(size) for size in ends[0]["shape"][1:]),
        forecast=tuple(int(size) for size in ends[1]["shape"][1:]),
        input_scale=float(in_scale),
        input_zero_point=int(in_zero),
        output_scale=float(out_scale),
        output_zero_point=int(out_zero),
    )


class TensorReader:
    """A model of batch 1, ready to run; each call starts from reset state."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        self._interpreter = _interpreter(model, threads=threads)
        self._source = self._interpreter.get_input_details()[0]["index"]
        result = self._interpreter.get_output_details()[0]
        self._result = result["index"]
        self.shape = tuple(int(size) for size in result["shape"][1:])
        self.dtype = result["dtype"]

    def __call__(self, window: NDArray[Any]) -> NDArray[Any]:
        """Return [1, …] for one window [1, …]."""
        self._interpreter.reset_all_variables()
        self._interpreter.set_tensor(self._source, window)
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._result))


def forecast(model: bytes, windows: NDArray[Any], threads: int = 1) -> NDArray[Any]:
    """Run a model of batch 1 on windows [N, …], each from reset state; returns [N, …]."""
    run = TensorReader(model, threads)
    outputs = np.empty((len(windows), *run.shape), dtype=run.dtype)
    for index in range(len(windows)):
        outputs[index] = run(windows[index : index + 1])[0]
    return outputs


def collect(model: bytes, windows: Floats, tensors: list[int]) -> list[Floats | None]:
    """Return values of tensors over windows.

    Args:
        model: Float model.
        windows: float32 [N, W, C].
        tensors: Indices.

    Returns:
        Per tensor float32 [N, K], K ≤ MOST_VALUES; None for one that holds no values after a
        run (state, scratch of an operator).
    """
    from ai_edge_litert import schema_py_generated as schema

    interpreter = _interpreter(model, keep=True)
    source = interpreter.get_input_details()[0]["index"]
    graph = schema.Model.GetRootAs(model, 0).Subgraphs(0)
    # State is left with its last value only; its range over time is wider.
    kept_values: list[list[Floats] | None] = [
        None if graph.Tensors(i).IsVariable() else [] for i in tensors
    ]
    for index in range(len(windows)):
        interpreter.reset_all_variables()
        interpreter.set_tensor(source, windows[index : index + 1])
        interpreter.invoke()
        for slot, tensor in enumerate(tensors):
            kept = kept_values[slot]
            if kept is None:
                continue
            try:
                flat = np.asarray(interpreter.get_tensor(tensor), dtype=np.float32).reshape(-1)
            except ValueError:
                flat = np.empty(0, dtype=np.float32)
            if not flat.size:
                kept_values[slot] = None
                continue
            kept.append(flat[:: max(1, -(-flat.size // MOST_VALUES))])
    return [None if kept is None else np.stack(kept) for kept in kept_values]
