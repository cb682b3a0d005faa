"""Adapter between raw rows and a forecaster: shape and quantization of the model's edges.

All arithmetic is float32 with one rounding per operation, as in `sdk/src/{scaler,window}.c`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.formats import description
from host_tools.formats import scaler as scaler_file
from host_tools.formats.scaler import Scaler

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class ModelEdges:
    """Shape and quantization of a model's one input and one output."""

    window: int
    horizon: int
    channels: int
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int


@dataclass(frozen=True, eq=False)
class Adapter:
    """A scaler and the edges of the model that belongs to it; see `adapt`. All of the model are 0
    in a product without a network.
    """

    window: int
    horizon: int
    scaler: Scaler
    input_inv_scale: np.float32
    input_zero_point: int
    forecast_scale: np.float32
    """Factor from a sum of `horizon` forecasts to standard deviations: output scale / horizon."""
    output_zero_point: int

    @property
    def channels(self) -> int:
        """Number of channels."""
        return len(self.scaler.channels)

    def quantize(self, inputs: F32) -> NDArray[np.int8]:
        """Model inputs in standard deviations, float32 [..., channels], to int8.

        u = clamp(input, ±clip); t = u · input_inv_scale;
        q = clamp(trunc(t ± 0.5) + input_zero_point, −128, 127), with + for t ≥ 0, − otherwise.
        """
        t = np.clip(inputs, -self.scaler.clip, self.scaler.clip) * self.input_inv_scale
        half = np.where(t >= 0, np.float32(0.5), np.float32(-0.5))
        r = np.trunc(t + half).astype(np.int32)
        q: NDArray[np.int8] = np.clip(r + self.input_zero_point, -128, 127).astype(np.int8)
        return q


def adapt(edges: ModelEdges, scaler: Scaler) -> Adapter:
    """Return the constants; the two scales are rounded to float32 once.

    Raises:
        DataError: Scaler and model have different channel counts, or clip and input scale
            would not fit the int32 of the quantization step.
    """
    if len(scaler.channels) != edges.channels:
        raise DataError(
            f"the scaler has {len(scaler.channels)} channels and the model {edges.channels}:"
            " they come from different trainings"
        )
    inv_scale = np.float32(1.0) / np.float32(edges.input_scale)
    if not float(scaler.clip) * float(inv_scale) < 2**30:
        raise DataError(f"clip {scaler.clip} is too wide for input scale {edges.input_scale}")
    return Adapter(
        window=edges.window,
        horizon=edges.horizon,
        scaler=scaler,
        input_inv_scale=inv_scale,
        input_zero_point=edges.input_zero_point,
        forecast_scale=np.float32(edges.output_scale) / np.float32(edges.horizon),
        output_zero_point=edges.output_zero_point,
    )


def without_network(scaler: Scaler) -> Adapter:
    """Return the constants of a product without a network."""
    zero = np.float32(0)
    return Adapter(0, 0, scaler, zero, 0, zero, 0)


def read_edges(model: Path | bytes) -> ModelEdges:
    """Return shape and quantization of a forecaster `.tflite`, a file or its bytes.

    Raises:
        DataError: Not one int8 input [1, window, channels] and one int8 output
            [1, horizon, channels].
        CodegenError: The file is malformed or unsupported.
    """
    from codegen.frontend import tflite

    if isinstance(model, bytes):
        import tempfile

        with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
            file.write(model)
            file.flush()
            return read_edges(Path(file.name))
    graph = tflite.load(model, "forecaster")
    ends = [graph.tensor(i) for i in (*graph.inputs, *graph.outputs)]
    shaped = len(ends) == 2 and all(
        len(end.shape) == 3 and end.shape[0] == 1 and end.dtype.value == "int8" for end in ends
    )
    if not shaped or ends[0].shape[2] != ends[1].shape[2]:
        raise DataError(
            f"{model}: not a forecaster: needs one int8 input [1, window, channels] and one"
            " int8 output [1, horizon, channels]"
        )
    source, result = (end.quantization for end in ends)
    if source is None or result is None:
        raise DataError(f"{model}: input or output has no quantization")
    return ModelEdges(
        window=ends[0].shape[1],
        horizon=ends[1].shape[1],
        channels=ends[0].shape[2],
        input_scale=source.scale,
        input_zero_point=source.zero_point,
        output_scale=result.scale,
        output_zero_point=result.zero_point,
    )


def load(directory: Path) -> Adapter:
    """Return the adapter of a model directory: its model, unless it has none, and `scaler.json`.

    Raises:
        DataError: A file is missing or malformed, or they do not fit each other.
    """
    scaler = scaler_file.load(directory / "scaler.json")
    about = directory / description.FILE
    if about.is_file() and not description.load(directory).has_network:
        return without_network(scaler)
    return adapt(read_edges(directory / "model_int8.tflite"), scaler)
