"""Bench images of a bare `.tflite` file, and what they answer to given windows."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codegen import reference
from codegen.frontend import tflite
from host_tools.device.bench import BenchResult, run_bench
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DataError
from host_tools.runtimes import tflm
from host_tools.workflow import count
from targets import emulate, output
from targets.load import Target
from targets.make import Built, make
from targets.options import Options
from targets.places import BUILD

OUT = BUILD / "compare"
"""Folder of the images, apart from those that a user builds."""


def stage(content: bytes, name: str) -> Path:
    """Return a model directory that holds only a model file, and is called `name`."""
    folder = OUT / "models" / name
    if folder.is_dir():
        shutil.rmtree(folder)
    output.write(folder / "model_int8.tflite", content)
    return folder


def build(target: Target, folder: Path, options: Options) -> Built:
    """Return the bench image of a model directory; raises BuildError."""
    return make(target.name, str(folder), out=OUT, options=options)


def answers(
    target: Target, built: Built, windows: NDArray[np.generic], kind: str | None = None
) -> BenchResult:
    """Run windows [N, …] through an image in an emulator; raises the errors of the bench."""
    none = np.empty((0, 1), np.float32)
    sha256 = built.manifest()["model_sha256"]
    with emulate.start(target, built.elf, kind=kind) as running, SerialPort(running.url) as port:
        link = Link(port, count.reply_seconds(target))
        return run_bench(link, windows.view(np.int8), none, sha256=sha256)


def exact(content: bytes, windows: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return what a model with one input and one output must answer: [N, *output shape].

    That is what TensorFlow Lite Micro answers, or the integer reference where it runs no such
    model. Raises DataError when the model has several inputs or outputs.
    """
    graph = tflite.load(content, "model")
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise DataError("only models with one input and one output are compared on a device")
    path = OUT / "models" / f"{hashlib.sha256(content).hexdigest()[:16]}.tflite"
    output.write(path, content)
    try:
        (found,) = tflm.run_all(path, [windows])
    except tflm.NoOracleError:
        return reference_of(content, windows)
    finally:
        path.unlink()
    return found


def reference_of(content: bytes, windows: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the first output by the integer reference: [N, *output shape]."""
    graph = tflite.load(content, "model")
    source = graph.tensor(graph.inputs[0])
    shaped = windows.reshape(len(windows), *source.shape)
    return reference.run(graph, [shaped])[0]
