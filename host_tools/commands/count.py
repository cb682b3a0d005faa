"""Count the instructions of one inference, exactly, in the emulator; in all and by operator.

Interrupt handlers are not counted. The inputs are zeros, the extremes, and random windows.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from host_tools.device.bench import run_window
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from host_tools.report.table import aligned
from targets import elf
from targets.build import ROOT
from targets.emulate import count, qemu
from targets.emulate.count import Counts
from targets.load import load
from targets.make import make

_SEED = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--target", default="stm32f4", help="name under targets/")
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument("--windows", type=int, default=6, help="inferences (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _drive(url: str, windows: int) -> None:
    """Let the device run `windows` inferences: zeros, lowest, highest, then random."""
    generator = np.random.default_rng(_SEED)
    with SerialPort(url) as port:
        link = Link(port)
        info = link.connect()
        size = info.input_bytes
        fixed = [bytes(size), b"\x80" * size, b"\x7f" * size]
        for token in range(windows):
            window = fixed[token] if token < len(fixed) else generator.bytes(size)
            run_window(link, info, token + 1, window)


def measure(target_name: str, image: Path, windows: int) -> Counts:
    """Count `windows` inferences of a bench image.

    Raises:
        EmulatorError: No emulator, or an image without the functions of a model.
        BuildError: The plugin cannot be compiled.
        LinkLostError, DeviceError: see Link.request.
    """
    target = load(target_name)
    configuration = count.configure(elf.read(image))
    plugin = count.build_plugin(ROOT / "build" / "emulate")
    with tempfile.TemporaryDirectory(prefix="safe-count-") as folder:
        config, out = Path(folder, "config.txt"), Path(folder, "out.txt")
        config.write_text(configuration.text, encoding="utf-8")
        with qemu.start(
            target, image, plugin=count.plugin_argument(plugin, config, out)
        ) as emulator:
            _drive(emulator.url, windows)
        return count.parse(out.read_text(encoding="utf-8"), configuration)


def _table(counts: Counts) -> str:
    """Return the figures; `least` and `most` differ where a kernel branches on data."""
    rows = [["operator", "least", "most", "share"]]
    rows += [
        [o.symbol, f"{o.minimum:,}", f"{o.maximum:,}", f"{o.maximum / counts.maximum:.1%}"]
        for o in counts.operators
    ]
    rows.append(["instructions per inference", f"{counts.minimum:,}", f"{counts.maximum:,}", ""])
    return "\n".join(aligned(rows, right=True))


def run(arguments: argparse.Namespace) -> int:
    """Build, count, print; return the exit code."""
    image = make(arguments.target, arguments.model)
    counts = measure(arguments.target, image.elf, arguments.windows)
    if arguments.json:
        facts = {"target": arguments.target, "model": image.manifest()["name"]}
        text = json.dumps({**facts, "instructions_per_inference": counts.maximum, **asdict(counts)})
    else:
        text = _table(counts)
    sys.stdout.write(text + "\n")
    return 0
