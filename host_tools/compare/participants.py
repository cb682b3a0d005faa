"""Run every implementation of a model over the same windows."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.emit import plain
from host_tools.compare import exact
from host_tools.compare.matrix import (
    DEVICE,
    EXACT,
    FLOAT,
    OTHER,
    ROUNDING,
    Lsb,
    Participant,
)
from host_tools.errors import ConversionError, DataError
from host_tools.formats import description, npz, scaler
from host_tools.formats import golden as golden_file
from host_tools.formats.golden import Golden
from host_tools.runtimes import adapter as adapters
from host_tools.runtimes import host_c, litert, reference
from host_tools.runtimes import tflm as oracle

Array = NDArray[Any]

FLOAT_MODEL, INT8_MODEL = "model_float.tflite", "model_int8.tflite"
NAME_FLOAT, NAME_REFERENCE, NAME_DEFAULT = "float", "TFLite BUILTIN_REF", "TFLite default"

Device = Callable[[Array], tuple[Array, dict[str, Any], bool]]
"""Function that runs windows int8[N,W,C] on a device and returns int8[N, output bytes], facts of
the link, and whether the device's backend must be exact."""


@dataclass
class Collected:
    """Results of all participants, those that could not run, and the seconds of each."""

    participants: list[Participant] = field(default_factory=list)
    absent: list[tuple[str, str]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    link: dict[str, Any] = field(default_factory=dict)


def windows_of(directory: Path, rep: Path | None, count: int | None) -> Golden:
    """Return the windows to compare on: the model's golden file, or those of an npz.

    The windows of an npz are standardized float32 [N, W, C]; they are clipped and quantized as
    the device does, their truth is unknown, and the oracle's outputs are made here.

    Raises:
        DataError: A file is missing, damaged, or of another shape; fewer windows than asked.
        ConversionError: The float model or the oracle cannot run.
    """
    if rep is None:
        golden = golden_file.load(directory / "golden.npz")
        return golden if count is None else golden.first(count)
    model = directory / INT8_MODEL
    adapter = adapters.load(directory)
    windows = npz.windows(rep, (adapter.window, adapter.channels))
    if count is not None:
        if not 0 < count <= len(windows):
            raise DataError(f"{count} windows asked, {rep} holds {len(windows)}: ask for fewer")
        windows = windows[np.arange(count) * len(windows) // count]
    quantized = adapter.quantize(windows)
    shape = (len(windows), adapter.horizon, adapter.channels)
    return Golden(
        windows=quantized,
        kinds=np.zeros(len(windows), dtype=np.uint8),
        outputs=oracle.run(model, quantized).reshape(shape),
        float_inputs=windows,
        float_outputs=litert.LiteRt(directory / FLOAT_MODEL, litert.REFERENCE).run(windows),
        truth=np.full(shape, np.nan, dtype=np.float32),
        samples=np.empty((0, adapter.channels), dtype=np.float32),
        labels=np.empty(0, dtype=np.uint8),
    )


def lsb_of(directory: Path) -> Lsb:
    """Return what one LSB of a model's output is."""
    edges = adapters.read_edges(directory / INT8_MODEL)
    scale = scaler.load(directory / "scaler.json")
    if len(scale.channels) != edges.channels:
        raise DataError(
            f"{directory}: the scaler has {len(scale.channels)} channels and the model"
            f" {edges.channels}: they come from different trainings"
        )
    units = {
        name: float(std) * edges.output_scale
        for name, std in zip(scale.channels, scale.std, strict=True)
    }
    return Lsb(edges.output_scale, edges.output_zero_point, units)


def sha256_of(directory: Path) -> str:
    """Return the SHA-256 of the int8 model, hexadecimal, of a product without a network that of
    its detector; raises DataError without one, or CodegenError.
    """
    if not description.load(directory).has_network:
        return plain.digest(directory / "scaler.json", directory / "detector.json")
    try:
        return hashlib.sha256((directory / INT8_MODEL).read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{directory / INT8_MODEL}: cannot be read: {error.strerror}") from error


def run_all(
    directory: Path,
    golden: Golden,
    work: Path,
    *,
    device: Device | None = None,
    device_name: str = "device",
    say: Callable[[str], None] = lambda _: None,
) -> Collected:
    """Run everything that is installed over the golden windows.

    A missing package makes its participant absent, with the reason; any other failure raises:
    CodegenError or BuildError for host C and reference, the errors of the bench for the device.
    """
    model, name = directory / INT8_MODEL, description.load(directory).name
    collected = Collected()
    kinds: dict[str, str] = {}  # by kind that was asked for: a device tells its own
    shape = golden.outputs.shape

    def take(title: str, kind: str, call: Callable[[], Array], *, optional: bool = False) -> None:
        say(title)
        start = time.monotonic()
        try:
            values = call()
        except (ConversionError, ImportError) as error:
            if not optional:
                raise
            collected.absent.append((title, str(error)))
            return
        collected.seconds[title] = time.monotonic() - start
        collected.participants.append(
            Participant(title, kinds.get(kind, kind), values.reshape(shape))
        )

    def on_device() -> Array:
        assert device is not None
        values, collected.link, strict = device(golden.windows)
        kinds[DEVICE] = DEVICE if strict else ROUNDING
        return values

    take(NAME_FLOAT, FLOAT, lambda: golden.float_outputs)
    for title, kernels in ((NAME_REFERENCE, litert.REFERENCE), (NAME_DEFAULT, litert.DEFAULT)):
        take(title, OTHER, _tflite(model, kernels, golden.windows), optional=True)
    take(exact.ORACLE, EXACT, lambda: oracle.run(model, golden.windows), optional=True)
    take(exact.GOLDEN, EXACT, lambda: golden.outputs)
    take(
        exact.REFERENCE,
        EXACT,
        lambda: reference.run(model, name, golden.windows),
    )
    take(exact.HOST_C, EXACT, lambda: host_c.compile_model(directory, work).run(golden.windows))
    if device is not None:
        take(device_name, DEVICE, on_device)
    return collected


def _tflite(model: Path, kernels: str, windows: Array) -> Callable[[], Array]:
    return lambda: litert.LiteRt(model, kernels).run(windows)
