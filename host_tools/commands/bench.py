"""Take windows and raw samples through a device and compare every byte with this host.

The device is a board on a serial port (--port, or the only one that is plugged in) or an emulated
target (--target NAME --emulate, which builds the image first). Windows and samples come from the
model's golden.npz. Ends with 50 when any byte differs; a bench that was not finished writes
nothing. Lost bytes, damaged frames and restarts of the device are recovered and counted.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from host_tools.commands import _options as image_options
from host_tools.commands import _output
from host_tools.commands._options import positive
from host_tools.commands.count import reply_seconds
from host_tools.compare import exact
from host_tools.device import protocol, rate
from host_tools.device.bench import BenchResult
from host_tools.device.serial_port import find_port
from host_tools.errors import DataError, DifferentError
from host_tools.formats import description, golden, json_file
from host_tools.formats.golden import Golden
from host_tools.report import table
from host_tools.report.record import Report
from host_tools.workflow import assemble
from host_tools.workflow import run as measure
from host_tools.workflow.assemble import Subject
from targets import emulate
from targets.build import ROOT
from targets.errors import ExitCode
from targets.load import EmulatorConfig, available, load
from targets.make import make

BAUD = 115200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", help="/dev/ttyACM0, COM7, or any pyserial URL")
    where.add_argument("--emulate", action="store_true", help="build --target and emulate it")
    parser.add_argument("--baud", type=positive, help="to begin with (default: the target's)")
    parser.add_argument(
        "--max-baud", type=positive, default=rate.MOST, help="to climb to (default %(default)s)"
    )
    parser.add_argument("--target", help="name, or path of a .toml file; with --port only a label")
    parser.add_argument("--model", default="forecaster", help="name under models/, or a folder")
    parser.add_argument(
        "--emulator", choices=emulate.KINDS, help="board: the soft board instead of QEMU"
    )
    image_options.add_arguments(parser)
    parser.add_argument(
        "--streaming", action="store_true", help="an emulated image that computes per sample"
    )
    parser.add_argument("--windows", type=positive, help="of the golden windows (default: all)")
    parser.add_argument("--samples", type=positive, help="of the raw samples (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--out", type=_output.file, help="write the JSON to this file, too")


def _adapters(target: str | None) -> frozenset[str]:
    """Return `VID:PID` of the adapters of a target's boards, or of every target's."""
    described = [load(name) for name in ([target] if target else available())]
    return frozenset(usb for t in described if t.uart is not None for usb in t.uart.usb)


def _say(line: str) -> None:
    if sys.stderr.isatty():
        print(f"bench: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else "\r"
        print(f"  {what} {done}/{total}", end=end, file=sys.stderr, flush=True)  # noqa: T201


def _golden(directory: Path, windows: int | None, samples: int | None) -> Golden:
    """Return the part of the golden file that is asked for."""
    found = golden.load(directory / "golden.npz")
    if windows:
        found = found.first(windows)
    count = len(found.samples)
    if not count or (samples is not None and samples > count):
        raise DataError(f"{samples} samples asked, the golden file holds {count}: ask for fewer")
    return replace(found, samples=found.samples[:samples], labels=found.labels[:samples])


def _on_port(
    arguments: argparse.Namespace, directory: Path, data: Golden, work: Path
) -> tuple[Subject, BenchResult, exact.Exact]:
    """Bench what is on a serial port; the host's results are made after the device answered."""
    sha256 = hashlib.sha256((directory / "model_int8.tflite").read_bytes()).hexdigest()
    url = arguments.port or find_port(_adapters(arguments.target))
    _say(f"{len(data.windows)} windows, {len(data.samples)} samples on {url}")
    target = load(arguments.target or "host")
    result = measure.bench(
        url,
        data.windows,
        data.samples,
        sha256,
        baud=arguments.baud or (target.uart.baud if target.uart else BAUD),
        most_baud=arguments.max_baud,
        progress=_progress,
    )
    found = exact.run_all(directory, data, work / "host", say=_say)
    manifest = json.loads((work / "host/standalone/manifest.json").read_text(encoding="utf-8"))
    about = measure.subject(target, directory, measure.data_words(directory), manifest)
    return replace(about, target=arguments.target or "board"), result, found


def _emulated(
    arguments: argparse.Namespace, directory: Path, data: Golden, work: Path
) -> tuple[Subject, BenchResult, exact.Exact]:
    """Build, count, emulate and bench a target."""
    name = arguments.target or "stm32f4"
    target, options = load(name), image_options.options(arguments, name)
    _say(f"build {target.name}")
    image = make(name, str(directory), streaming=arguments.streaming, options=options)
    manifest = image.manifest()
    sha256 = manifest["model_sha256"]
    _say("count instructions")
    counts = measure.count_instructions(target, image.elf)
    steps = measure.count_steps(target, image.elf, data.samples[: measure.COUNTED_SAMPLES])
    _say(f"{len(data.windows)} windows, {len(data.samples)} samples in the emulator")
    with emulate.start(target, image.elf, kind=arguments.emulator) as emulator:
        result = measure.bench(
            emulator.url,
            data.windows,
            data.samples,
            sha256,
            most_baud=arguments.max_baud,
            reply_seconds=reply_seconds(target),
            progress=_progress,
        )
    found = exact.run_all(directory, data, work / "host", say=_say)
    words = measure.data_words(directory)
    about = measure.subject(
        target,
        directory,
        words,
        manifest,
        size=image.size(),
        counts=counts,
        step_instructions=steps,
    )
    return about, result, found


def link_fields(result: BenchResult, cycles: str = "measured") -> dict[str, Any]:
    """Return what the bench met on the line, as JSON values; `cycles` says what those are worth."""
    timing = result.timing
    return {
        "device": asdict(result.info),
        "device_status": list(protocol.port_status_names(result.stats.status)),
        "restarts": result.restarts,
        "baud": result.rate.baud,
        "baud_tried": [{"baud": baud, "verdict": verdict} for baud, verdict in result.rate.tried],
        **asdict(result.counters),
        "device_frame_errors": result.stats.frame_errors,
        "device_repeats": result.stats.repeats,
        "window_seconds": round(result.window_seconds, 3),
        "sample_seconds": round(result.sample_seconds, 3),
        "inference_cycles": timing.min_cycles if timing is not None else None,
        "cycles": cycles if timing is not None and timing.min_cycles is not None else "unavailable",
    }


def link_line(link: Mapping[str, Any]) -> str:
    """Return the rate, the cycles of an inference and what was recovered, as one line."""
    count = link["inference_cycles"]
    cycles = "cycles unavailable" if count is None else f"{count:,} cycles ({link['cycles']})"
    events = f"{link['retries']} repeats, {link['reopened']} reconnections"
    return f"Link: {link['baud']:,} baud, {cycles}, {events}, {link['restarts']} restarts"


def warnings(status: Collection[str], expected: Collection[str], report: Report) -> list[str]:
    """Return what a person should know of a run whose bytes may all be right.

    The names in the device's status word that its target does not expect, and a stack that went
    deeper than the bound that was proved for its image.
    """
    found = []
    names = set(status) - set(expected)
    if names:
        found.append(f"the device reports {', '.join(sorted(names))} (see port.h)")
    used, bound = report.stack_bytes, report.stack_bound_bytes
    if used is not None and bound is not None and used > bound:
        found.append(
            f"the stack took {used} bytes, {used - bound} more than its proved bound of {bound}: "
            "a pointer in targets/stack/pointers.toml misses a function"
        )
    return found


def _emulator(arguments: argparse.Namespace) -> EmulatorConfig | None:
    """Return the emulator to bench in: where it is asked for, and of a core that is no chip."""
    target = load(arguments.target or "stm32f4")
    simulated = target.emulator is not None and target.emulator.kind == "verilator"
    if arguments.emulate or (simulated and not arguments.port):
        return emulate.configuration(target, arguments.emulator)
    return None


def run(arguments: argparse.Namespace) -> int:
    """Bench and compare; return the exit code.

    Raises the errors of `run_bench`, and DifferentError after the result was written.
    """
    start = time.monotonic()
    directory = description.resolve(arguments.model)
    emulator = _emulator(arguments)
    windows, samples = arguments.windows, arguments.samples
    if emulator is not None:  # a slow one names how much is enough
        windows, samples = windows or emulator.windows, samples or emulator.samples
    data = _golden(directory, windows or None, samples or None)
    work = ROOT / "build" / "bench"
    bench = _on_port if emulator is None else _emulated
    about, result, found = bench(arguments, directory, data, work)
    # On a port there is no excuse for a bit, and cycles are measured.
    expected = emulator.expected_status if emulator else ()
    cycles = emulator.cycles if emulator else "measured"
    device = measure.device_run(result, data)
    elapsed = time.monotonic() - start
    report = assemble.report(
        about, data, device, found, host_seconds=elapsed, seconds=found.seconds
    )
    link = link_fields(result, cycles)
    for line in warnings(link["device_status"], expected, report):
        print(f"bench: warning: {line}", file=sys.stderr)  # noqa: T201
    fields: Mapping[str, Any] = {**report.fields(), "link": link}
    if arguments.out is not None:
        json_file.write_plain(arguments.out, fields)
    if arguments.json:
        text = json.dumps(fields, indent=2, allow_nan=False)
    else:
        text = f"{table.render(report)}\n{link_line(link)}"
    print(text)  # noqa: T201
    if not report.exact:
        raise DifferentError(
            f"device and host differ: {report.mismatched_bytes} output bytes (at most"
            f" {report.max_lsb} LSB), {report.chain_mismatches} chain records"
        )
    return ExitCode.OK
