"""Count the instructions of one inference, exactly, in the emulator; in all and by operator.

On ibex, whose RTL is simulated, exact clock cycles are counted instead.

With MODEL.tflite: a standalone folder is generated, compiled with plain -O2 and called on a bare
core; counted is safe_<name>_run from entry to return, with its stack, code and constants. Without
it: the bench image of --model, over its serial line; interrupt handlers are not counted. The
inputs are zeros, the extremes, and random windows; with MODEL.tflite and --windows N they are of
several kinds in turn: in-distribution, random, saturated, smooth. With --streaming a call is one
sample and its outputs: of MODEL.tflite safe_<name>_step, beside the same model on whole windows.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import numpy as np

from codegen.emit import manifest
from codegen.options import Goal
from host_tools.commands import _options as image_options
from host_tools.commands import _output
from host_tools.commands._options import positive
from host_tools.device.bench import run_window
from host_tools.device.link import TIMEOUT_SECONDS, Link
from host_tools.device.serial_port import SerialPort
from host_tools.perf import agreement, standalone
from host_tools.perf.agreement import Row
from host_tools.perf.standalone import Cost, Saving
from host_tools.quantize import store
from host_tools.report.table import aligned
from targets import elf
from targets.build import ROOT
from targets.emulate import count, counting
from targets.emulate.count import Counts
from targets.load import Target, load
from targets.make import make

_SEED = 7
_WINDOWS = 6
PLUGINS = ROOT / "build" / "emulate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("tflite", nargs="?", type=Path, metavar="MODEL.tflite", help="count a standalone folder")
    add("--target", default="stm32f4", help="name under targets/ (default %(default)s)")
    add("--model", default="forecaster", help="bench image: name under models/, or a folder")
    add("--optimize", choices=get_args(Goal), default="balanced", help="with MODEL.tflite")
    add("--windows", type=positive, metavar="N", help=f"inferences (default {_WINDOWS})")
    add("--streaming", action="store_true", help="count one sample and its outputs")
    add("--verify", action="store_true", help="with MODEL.tflite: compare outputs with TFLM, by "
        "kind of window; any difference ends with exit code 50")  # fmt: skip
    add("--manifest", type=_output.file, metavar="FILE",
        help="with MODEL.tflite: write manifest.json, with the measured cost of each operator "
        "beside the estimated")  # fmt: skip
    add("--json", action="store_true", help="print one JSON object")
    image_options.add_arguments(parser)


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


def measure(target: Target, image: Path, windows: int) -> Counts:
    """Count `windows` inferences of a bench image.

    Raises:
        EmulatorError: No emulator, or an image without the functions of a model.
        BuildError: The plugin cannot be compiled.
        LinkLostError, DeviceError: see Link.request.
    """
    configuration = count.configure(elf.read(image))
    unit = counting.unit(target)
    with tempfile.TemporaryDirectory(prefix="safe-count-") as folder:
        config, out = Path(folder, "config.txt"), Path(folder, "out.txt")
        config.write_text(configuration.text, encoding="utf-8")
        with counting.start(target, image, counting.Files(config, out, PLUGINS)) as emulator:
            _drive(emulator.url, windows, reply_seconds(target))
        return count.parse(out.read_text(encoding="utf-8"), configuration, unit)


def measure_standalone(
    model: Path,
    target_name: str,
    optimize: Goal,
    calls: int | None,
    *,
    verify: bool,
    stream: bool = False,
) -> tuple[Cost, tuple[Row, ...]]:
    """Generate, compile and count a standalone folder; see `standalone` for errors.

    With `calls` on that many drawn windows, else on the harness's own. With `verify` also what was
    compared with TensorFlow Lite Micro, different or not; see `agreement.expected` for errors.
    """
    target = load(target_name)
    counting.check(target)  # an emulator is needed: say so before the work
    with tempfile.TemporaryDirectory(prefix="safe-count-") as folder:
        built = standalone.build(
            model,
            target,
            Path(folder),
            optimize=optimize,
            calls=calls or _WINDOWS,
            stream=stream,
            drawn=calls is not None,
        )
        cost = standalone.measure(built, PLUGINS)
        rows = agreement.compare(built, cost, agreement.expected(built)) if verify else ()
        return cost, rows


def _table(counts: Counts) -> str:
    """Return the figures; `least` and `most` differ where a kernel branches on data."""
    rows = [["operator", "least", "most", "share"]]
    rows += [
        [o.symbol, f"{o.minimum:,}", f"{o.maximum:,}", f"{o.maximum / counts.maximum:.1%}"]
        for o in counts.operators
    ]
    rows.append([f"{counts.unit} per inference", f"{counts.minimum:,}", f"{counts.maximum:,}", ""])
    return "\n".join(aligned(rows, right=True))


def _memory(cost: Cost) -> str:
    """Return the memory figures of a standalone folder."""
    rows = [
        ["stack above the entry", f"{cost.stack_bytes:,} bytes"],
        ["arena, input and output included", f"{cost.arena_bytes:,} bytes"],
        ["code", f"{cost.code_bytes:,} bytes"],
        ["constants", f"{cost.constant_bytes:,} bytes"],
        ["weights and biases in the model file", f"{cost.weight_bytes:,} bytes"],
        ["code and constants beyond them", f"{cost.beyond_bytes:,} bytes"],
        [f"{cost.counts.unit} per MAC", f"{cost.counts.maximum / max(cost.macs, 1):.3f}"],
    ]
    return "\n".join(aligned(rows, right=True))


def _saved(saving: Saving) -> str:
    """Return what the operators that are computed per sample cost without and with streaming."""
    rows = [
        ["streamed operators", "instructions", "times less"],
        ["whole window", f"{saving.window:,}", ""],
        ["per sample", f"{saving.sample:,}", f"{saving.window / saving.sample:.1f}"],
        ["borders, with the outputs", f"{saving.borders:,}", ""],
        ["sample and outputs", f"{saving.both:,}", f"{saving.window / saving.both:.1f}"],
    ]
    return "\n".join(aligned(rows, right=True))


def _run_standalone(arguments: argparse.Namespace) -> int:
    def measured(*, stream: bool) -> tuple[Cost, tuple[Row, ...]]:
        return measure_standalone(
            arguments.tflite,
            arguments.target,
            arguments.optimize,
            arguments.windows,
            verify=arguments.verify,
            stream=stream,
        )

    cost, rows = measured(stream=arguments.streaming)
    compared, saving = [(cost, rows)], None
    if arguments.streaming:
        compared.append(measured(stream=False))
        saving = standalone.saving(compared[1][0], cost)
    if arguments.manifest is not None:
        store.write(arguments.manifest, manifest.text(cost.measured_manifest()).encode())
    if arguments.json:
        streaming = {} if saving is None else {"streaming": asdict(saving)}
        verified = {"verified": [asdict(row) for row in rows]} if arguments.verify else {}
        text = json.dumps(cost.fields() | verified | streaming)
    else:
        text = f"{_table(cost.counts)}\n\n{_memory(cost)}"
        if saving is not None:
            text += f"\n\n{_saved(saving)}"
        if arguments.verify:
            text += f"\n\n{agreement.table(rows)}"
    sys.stdout.write(text + "\n")
    for one in compared:
        agreement.require_equal(*one)
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Build, count, print; return the exit code."""
    if arguments.tflite is not None:
        return _run_standalone(arguments)
    options = image_options.options(arguments, arguments.target)
    image = make(arguments.target, arguments.model, streaming=arguments.streaming, options=options)
    target = load(arguments.target)
    counts = measure(target, image.elf, arguments.windows or _WINDOWS)
    if arguments.json:
        facts = {"target": target.name, "model": image.manifest()["name"]}
        text = json.dumps(
            {**facts, f"{counts.unit}_per_inference": counts.maximum, **asdict(counts)}
        )
    else:
        text = _table(counts)
    sys.stdout.write(text + "\n")
    return 0
