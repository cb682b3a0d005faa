"""Convert a trained network to TFLite, verify what comes out, and describe it."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.conversion import canonical, onnx_model, quantize_worker, worker
from host_tools.conversion.calibration import MINMAX, Method
from host_tools.errors import ConversionError
from host_tools.runtimes import tensors as values
from targets import output

KINDS = ("int8", "int16x8", "float")


@dataclass(frozen=True)
class ConvertRequest:
    """Request for a conversion.

    Attributes:
        network: .keras, .h5 or .onnx file, or SavedModel folder.
        kind: One of KINDS.
        unrolled: Recurrent operators unrolled over time, instead of fused.
        method: How int8 ranges are chosen.
        channels: Where an ONNX model has its channels, `first` or `last`; None: the shape of the
            windows says it.
    """

    network: Path
    kind: str = "int8"
    unrolled: bool = False
    method: Method = MINMAX
    channels: str | None = None

    @property
    def route(self) -> str:
        """Name of the conversion in messages and in the manifest."""
        if onnx_model.is_onnx(self.network):
            return f"onnx2tf, batch 1, {self.kind}"
        how = "keras, batch 1, unrolled" if self.unrolled else "tf_keras, batch 1, rolled"
        return f"{how}, from_keras_model, {self.kind}"


@dataclass(frozen=True)
class Converted:
    """A model and its manifest, JSON values."""

    model: bytes
    manifest: dict[str, Any]


def convert(request: ConvertRequest, windows: NDArray[np.float32] | None) -> Converted:
    """Convert in a process of its own.

    Args:
        request: What to make.
        windows: float32 [N, window, channels]; None for a float model only.

    Raises:
        ConversionError: The worker failed or died; the message names route and versions.
    """
    if request.kind == "int16x8" and request.method.needs_values:
        raise ConversionError("int16x8 knows calibration minmax only: int16 has range to spare")
    if onnx_model.is_onnx(request.network):
        onnx_model.require_packages(request.network)
    elif request.channels is not None:
        raise ConversionError("--channels tells how an ONNX model lies: any other has them last")
    with output.scratch("convert") as folder:
        job = {
            "network": str(request.network.resolve()),
            "kind": request.kind,
            "unrolled": request.unrolled,
            "calibration": str(request.method),
            "channels": request.channels,
        }
        (folder / "job.json").write_text(json.dumps(job))
        if windows is not None:
            np.savez(folder / "representative.npz", windows=windows)
        what = f"conversion ({request.route})"
        worker.run("host_tools.conversion.quantize_worker", folder, what, ConversionError)
        content = (folder / quantize_worker.MODEL).read_bytes()
        done = json.loads((folder / quantize_worker.DONE).read_text())
        kinds = canonical.operators(folder / quantize_worker.MODEL)
        canonical_sha256 = canonical.canonical_hash(folder / quantize_worker.MODEL)
    edges = values.edges(content)
    manifest = {
        "version": 1,
        "route": request.route,
        "calibration": str(request.method) if request.kind != "float" else None,
        "versions": worker.versions(),
        "network": request.network.name,
        "windows": None if windows is None else len(windows),
        "windows_sha256": None if windows is None else _digest(windows.tobytes()),
        "attempts": done["attempts"],
        **({"onnx": done["onnx"]} if done["onnx"] else {}),
        "fused": done["fused"],
        "operators": dict(sorted(Counter(kinds).items())),
        "every_operator_integer": request.kind != "float",
        "bytes": len(content),
        "input": _end(edges.window, edges.input_scale, edges.input_zero_point),
        "output": _end(edges.forecast, edges.output_scale, edges.output_zero_point),
        "sha256": _digest(content),
        "canonical_sha256": canonical_sha256,
    }
    return Converted(content, manifest)


def _end(shape: tuple[int, ...], scale: float, zero_point: int) -> dict[str, Any]:
    return {"shape": [1, *shape], "scale": scale, "zero_point": zero_point}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
