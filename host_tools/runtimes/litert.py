"""Run a TFLite model with LiteRT (package `ai-edge-litert`), float or int8, one window a time.

TensorFlow Lite has several sets of kernels that round differently: `REFERENCE` are its plain
loops (BUILTIN_REF), `DEFAULT` is what Python users get (XNNPACK where it can). Neither is the
arithmetic of TensorFlow Lite Micro.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import ConversionError, DataError

Array = NDArray[Any]

REFERENCE, DEFAULT = "BUILTIN_REF", "BUILTIN"


class LiteRt:
    """One interpreter; recurrent state is reset before every window."""

    def __init__(self, model: Path, kernels: str = DEFAULT, *, threads: int = 1) -> None:
        """Load a model of one input and one output.

        Raises:
            DataError: No such file.
            ConversionError: The package is missing or rejects the model.
        """
        try:
            from ai_edge_litert.interpreter import Interpreter, OpResolverType
        except ImportError as error:
            raise ConversionError(
                "TFLite models cannot run here: install the extra `oracle` (ai-edge-litert)"
            ) from error
        try:
            self._interpreter = Interpreter(
                model_content=model.read_bytes(),
                num_threads=threads,
                experimental_op_resolver_type=getattr(
                    OpResolverType, "AUTO" if kernels == DEFAULT else kernels
                ),
            )
            self._interpreter.allocate_tensors()
        except OSError as error:
            raise DataError(f"{model}: cannot be read: {error.strerror}") from error
        except (ValueError, RuntimeError) as error:
            first = str(error).strip().splitlines()[0]
            raise ConversionError(f"{model}: TFLite rejects the model: {first}") from error
        sources = self._interpreter.get_input_details()
        results = self._interpreter.get_output_details()
        if len(sources) != 1 or len(results) != 1:
            raise DataError(f"{model}: {len(sources)} inputs and {len(results)} outputs, not one")
        self._source, self._result = sources[0], results[0]
        self._model = model

    @property
    def window_shape(self) -> tuple[int, ...]:
        """Shape of one input, without the batch."""
        return tuple(int(size) for size in self._source["shape"][1:])

    @property
    def forecast_shape(self) -> tuple[int, ...]:
        """Shape of one output, without the batch."""
        return tuple(int(size) for size in self._result["shape"][1:])

    def run(self, windows: Array) -> Array:
        """Return the outputs [N, *forecast_shape] of windows [N, *window_shape], as they are.

        Raises DataError when dtype or shape of the windows do not fit.
        """
        wanted = np.dtype(self._source["dtype"])
        if windows.dtype != wanted or windows.shape[1:] != self.window_shape:
            raise DataError(
                f"windows are {windows.dtype}{list(windows.shape[1:])}, {self._model} takes"
                f" {wanted}{list(self.window_shape)}"
            )
        outputs = np.empty((len(windows), *self.forecast_shape), dtype=self._result["dtype"])
        for index in range(len(windows)):
            self._interpreter.reset_all_variables()
            self._interpreter.set_tensor(self._source["index"], windows[index : index + 1])
            self._interpreter.invoke()
            outputs[index] = self._interpreter.get_tensor(self._result["index"])[0]
        return outputs

    def forecast(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return real forecasts of real windows: quantized and dequantized for an int8 model."""
        if np.dtype(self._source["dtype"]) == np.float32:
            return self.run(windows).astype(np.float32)
        scale, zero_point = self._source["quantization"]
        limits = np.iinfo(self._source["dtype"])
        q = np.clip(np.round(windows / scale) + zero_point, limits.min, limits.max)
        outputs = self.run(q.astype(self._source["dtype"])).astype(np.float32)
        scale, zero_point = self._result["quantization"]
        real: NDArray[np.float32] = (outputs - np.float32(zero_point)) * np.float32(scale)
        return real
