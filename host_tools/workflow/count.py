"""Count instructions or clock cycles of a bench image in the emulator that its target has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.device.bench import run_window, stream_samples
from host_tools.device.link import TIMEOUT_SECONDS, Link
from host_tools.device.serial_port import SerialPort
from host_tools.report.record import OperatorCost
from targets import elf, output
from targets.emulate import count, counting, qemu, step_count
from targets.emulate.count import Counts
from targets.load import Target
from targets.places import BUILD

COUNTED_WINDOWS = 6
COUNTED_SAMPLES = 120
"""Number of raw samples through the counted detector, enough to pass its warm-up. One that learns
its baseline gets all of the golden file: only then does it judge, and follow blocks."""
PLUGINS = BUILD / "emulate"
_SEED = 7


def reply_seconds(target: Target) -> float:
    """Return how long the target's emulator may take for a reply."""
    return TIMEOUT_SECONDS * (target.emulator.reply_seconds if target.emulator else 1)


def _drive(url: str, windows: int, seconds: float) -> None:
    """Let the device run `windows` inferences: zeros, lowest, highest, then random."""
    generator = np.random.default_rng(_SEED)
    with SerialPort(url) as port:
        link = Link(port, seconds)
        info = link.connect()
        size = info.input_bytes
        fixed = [bytes(size), b"\x80" * size, b"\x7f" * size]
        for token in range(windows):
            window = fixed[token] if token < len(fixed) else generator.bytes(size)
            run_window(link, info, token + 1, window)


def count_inferences(target: Target, image: Path, windows: int) -> Counts:
    """Count `windows` inferences of a bench image.

    Raises:
        EmulatorError: No emulator that counts, or an image without the functions of a model.
        BuildError: The plugin cannot be compiled.
        LinkLostError, DeviceError: see Link.request.
    """
    configuration = count.configure(elf.read(image))
    unit = counting.unit(target)
    with output.scratch("count") as folder:
        config, out = folder / "config.txt", folder / "out.txt"
        config.write_text(configuration.text, encoding="utf-8")
        with counting.start(target, image, counting.Files(config, out, PLUGINS)) as emulator:
            _drive(emulator.url, windows, reply_seconds(target))
        return count.parse(out.read_text(encoding="utf-8"), configuration, unit)


def count_if_possible(target: Target, image: Path) -> Counts | None:
    """Count as many inferences as the target asks for; None when its emulator cannot count.

    Raises the errors of `count_inferences`.
    """
    if target.emulator is None or target.emulator.kind not in counting.UNITS:
        return None
    if qemu.missing_memory(target, image):
        return None
    return count_inferences(target, image, target.emulator.windows or COUNTED_WINDOWS)


def count_steps(target: Target, image: Path, samples: NDArray[np.float32]) -> int | None:
    """Count the detector's step beside the inference: the most over some raw samples.

    None when the target's emulator cannot count. Raises EmulatorError, BuildError or a device
    error.
    """
    if target.emulator is None or target.emulator.kind != "qemu":
        return None
    if qemu.missing_memory(target, image):
        return None
    with output.scratch("count") as folder:
        config, out = folder / "config.txt", folder / "out.txt"
        config.write_text(step_count.configure(elf.read(image)), encoding="utf-8")
        argument = count.plugin_argument(count.build_plugin(PLUGINS), config, out)
        with (
            qemu.start(target, image, plugin=argument) as emulator,
            SerialPort(emulator.url) as port,
        ):
            link = Link(port)
            info = link.connect()
            phase = 0 if info.day_samples else None
            stream_samples(link, info, samples, lambda *_: None, phase)
        return max(step.chain for step in step_count.parse(out.read_text(encoding="utf-8")))


def total(counts: Counts | None, unit: str) -> int | None:
    """Return the most that an inference took; None when something else was counted."""
    return counts.maximum if counts is not None and counts.unit == unit else None


def operator_costs(manifest: Mapping[str, Any], counts: Counts | None) -> tuple[OperatorCost, ...]:
    """Return the manifest's operators with their counted instructions or cycles."""
    counted = {row.index: row.maximum for row in counts.operators} if counts else {}
    unit = counts.unit if counts else ""
    return tuple(
        OperatorCost(
            index=row["index"],
            kind=row["kind"],
            name=row["name"],
            macs=row["macs"],
            instructions=counted.get(row["index"]) if unit == "instructions" else None,
            cycles=counted.get(row["index"]) if unit == "cycles" else None,
        )
        for row in manifest["operators"]
    )
