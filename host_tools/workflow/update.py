"""A model image for each slot of a target: built, linked, tested data put in, signed."""

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codegen import reference
from codegen.emit import update as emit
from codegen.frontend import tflite
from codegen.ir.graph import Graph
from host_tools.detection import replay
from host_tools.errors import DataError
from host_tools.formats import golden, signing_key, update_image
from host_tools.formats.update_image import Image
from targets import build, output, toolchain
from targets.load import load
from targets.make import make
from targets.options import Options
from targets.update import slot

WINDOWS = 4
"""Number of golden windows that an image brings."""
SAMPLES_AHEAD = 8
"""Number of raw samples beyond those after which the first forecast is compared."""
_FIRST_SAMPLES = 40
"""Number of samples of a product without a network."""


def fold(records: NDArray[np.void]) -> int:
    """Return what `safe_update_fold` of update.h makes of the records."""
    kept = np.dtype([("score", "<f4"), ("state", "u1"), ("masked", "u1")])
    rows = np.empty(len(records), kept)
    rows["score"], rows["state"] = records["score"], records["state"]
    rows["masked"] = records["masked_count"]
    return zlib.crc32(rows.tobytes())


def golden_of(model: build.Model) -> emit.Golden:
    """Return what an image of `model` is tested with on the device.

    Raises DataError when golden.npz is missing, or not of this model.
    """
    path = model.folder / "golden.npz"
    kept = golden.load(path)
    graph = None if model.tflite is None else tflite.load(model.tflite, model.name)
    config = replay.load(model.folder)
    count = _FIRST_SAMPLES
    if graph is not None:
        count = config.adapter.window + config.adapter.horizon + SAMPLES_AHEAD
    samples = kept.samples[np.isfinite(kept.samples).all(axis=1)][:count]
    records = replay.run_chain(config, samples, None if graph is None else _forecast(graph))
    if graph is None:
        return emit.Golden(None, None, samples, fold(records))
    kept = kept.first(min(WINDOWS, len(kept.windows)))
    outputs = _forecast(graph)(kept.windows)
    if outputs.tobytes() != kept.outputs.tobytes():
        raise DataError(f"{path}: its outputs are not those of this model: train again")
    return emit.Golden(kept.windows, kept.outputs, samples, fold(records))


def _forecast(graph: Graph) -> replay.Forecast:
    def run(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        shape = graph.tensor(graph.inputs[0]).shape
        (found,) = reference.run(graph, [windows.reshape(-1, *shape)])
        made: NDArray[np.int8] = found.astype(np.int8)
        return made.reshape(len(windows), -1, windows.shape[-1])

    return run


def images(
    target_name: str,
    model_name: str,
    seed: bytes,
    *,
    version: int = 0,
    options: Options | None = None,
    test: emit.Golden | None = None,
) -> tuple[Image, ...]:
    """Return the signed image of a model for each slot of a target.

    `seed` is the private key; `test` takes the place of the model's own golden data. Raises
    TargetError (no slots), BuildError (too long, uses variables), DataError (no golden data), and
    ModelError.
    """
    target = load(target_name)
    limits, _ = emit.slots(target)
    model = build.find_model(model_name)
    if model.detector is None:
        raise DataError(
            f"{model.folder}: no scaler.json and detector.json: an update is a detector"
        )
    options = options or Options(compiler=toolchain.choose(target, ""))
    built = make(target_name, model_name, app="detector", options=options)
    manifest = built.manifest()
    table = emit.table(
        model.name,
        test or golden_of(model),
        network=model.tflite is not None,
        learns=_learns(model),
    )
    scripts = {number: emit.linker_script(target, number) for number in range(emit.SLOTS)}
    with output.scratch("update") as folder:
        payloads = slot.link(
            target,
            options,
            built.folder,
            table,
            scripts,
            folder=folder,
            network=model.tflite is not None,
        )
    made = []
    for number, payload in payloads.items():
        if payload.ram_bytes > limits.ram_bytes or payload.stack_bytes > limits.stack_bytes:
            raise DataError(
                f"{model.folder}: needs {payload.ram_bytes} bytes of RAM and"
                f" {payload.stack_bytes} of stack, models of {target.name} have {limits.ram_bytes}"
                f" and {limits.stack_bytes}: a smaller model, or [update] of {target.name}.toml"
            )
        image = Image(
            emit.abi(target), number, emit.address(target, number), payload.ram_bytes,
            payload.stack_bytes, version, str(manifest["model_sha256"]), model.name, target.name,
            signing_key.public_of(seed)[: update_image.KEY_NAME_BYTES],
            update_image.padded(payload.content),
        )  # fmt: skip
        made.append(update_image.signed(image, seed))
    return tuple(made)


def _learns(model: build.Model) -> bool:
    return replay.load(model.folder).detector.learn_samples > 0


def write(path: Path, made: tuple[Image, ...]) -> None:
    """Write the file of an update; OutputError when it cannot be written."""
    output.write(path, b"".join(image.content for image in made))
