"""The device's own chain over labelled runs: build an image, stream every run through it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.data.runs import Recording
from host_tools.detection import hours
from host_tools.device.bench import stream_samples
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from targets import build, emulate, toolchain
from targets.load import load
from targets.make import make
from targets.options import Options


def records(
    target_name: str,
    directory: Path,
    runs: Sequence[Recording],
    work: Path,
    say: Callable[[str], None],
    *,
    backend: str = build.DEFAULT_BACKEND,
) -> list[NDArray[np.void]]:
    """Return RECORD [rows] of every run, as the device of a model directory answers.

    Each run begins with a new stream: the detector has forgotten everything.

    Args:
        target_name: Under `targets/`; `host` is the generated C as a process.
        directory: The model directory.
        runs: What to stream.
        work: Folder of the build.
        say: Takes one line of news.
        backend: Of the generator.

    Raises:
        TargetError, BuildError, EmulatorError, and the errors of the link.
    """
    target = load(target_name)
    options = Options(compiler=toolchain.choose(target, ""), backend=backend)
    image = make(target.name, str(directory), out=work, options=options)
    sha256 = image.manifest()["model_sha256"]
    found = []
    with emulate.start(target, image.elf) as emulator, SerialPort(emulator.url) as port:
        link = Link(port)
        info = link.connect()
        link.require_model(info, sha256)
        for run in runs:
            say(f"{target.name}: {run.name}, {len(run.values)} samples")
            samples = run.values.astype(np.float32)
            phase = hours.phase(run.start, info.day_samples)
            found.append(stream_samples(link, info, samples, lambda *_: None, phase))
    return found
