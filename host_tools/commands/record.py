"""Record what a board prints as a log that `read` and `train` take as it is.

The board prints one row of numbers in a line, with commas, semicolons, tabs or blanks between them,
or `name:value` pairs; a line of names before the rows is taken for the channels. Each row gets a
stamp in UTC; where the line was silent the log has a gap, and a board that is unplugged is waited
for. Ctrl-C ends the recording: the log holds whole rows at any time. Examples:
  host_tools record --port /dev/ttyACM0 --channels "temperature [C],flow [l/min]" --duration 8h
  host_tools record --labels --out trial.csv       l marks the begin and the end of a fault
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from host_tools.commands._options import duration, positive
from host_tools.device.serial_port import SerialPort, find_port
from host_tools.recording.frames import FrameSource
from host_tools.recording.label import Keyboard, Label, Marks
from host_tools.recording.log_file import utc
from host_tools.recording.recorder import FORM_SECONDS, Plan, Recorder, Recording
from host_tools.recording.source import Source
from host_tools.recording.text import TextSource
from targets.errors import ExitCode, SafeError

FORMATS: dict[str, Callable[[SerialPort, Sequence[str]], Source]] = {
    "csv": TextSource,
    "frames": FrameSource,
}
_BYTES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_LIVE_SECONDS = 0.25


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+)([KMG]?)B?", text)
    if found is None or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r}: give 500K, 100M or 2G")
    return int(found[1]) * _BYTES[found[2]]


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) != len(names):
        raise argparse.ArgumentTypeError(f"{text!r}: give different names with commas between them")
    return names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("--port", help="/dev/ttyACM0, COM7, or any pyserial URL (default: the only USB port)")
    add("--baud", type=positive, default=115200, help="rate of the line (default %(default)s)")
    add("--format", choices=tuple(FORMATS), default="csv", help="csv: lines of text (default);"
        " frames: a device that runs SAFE's logger (scons app=logger)")  # fmt: skip
    add("--out", type=Path, default=Path("log.csv"), metavar="CSV", help="default %(default)s")
    add("--append", action="store_true", help="go on with a log that is there")
    add("--channels", type=_names, default=(), metavar="A,B,…", help="their names, with units")
    add("--labels", action="store_true", help="column of faults; the key l begins and ends one")
    add("--label-port", metavar="PORT", help="a line that says 1 or begin, 0 or end of a fault")
    add("--duration", type=duration, default=0.0, metavar="TIME", help="90s, 10m, 8h, 2d")
    add("--rows", type=positive, default=0, help="end after so many rows")
    add("--rotate", type=_size, default=0, metavar="SIZE", help="a new file after 500K, 100M, 2G")
    add("--wait", type=duration, default=FORM_SECONDS, metavar="TIME",
        help="for the first three rows (default %(default)g s)")  # fmt: skip
    add("--json", action="store_true", help="print JSON instead of text")


def _say(line: str) -> None:
    print(f"record: {line}", file=sys.stderr, flush=True)  # noqa: T201


def as_json(recording: Recording) -> dict[str, Any]:
    """Return what was recorded, for machines."""
    timing = recording.timing
    return {
        "files": [str(path) for path in recording.files],
        "columns": list(recording.columns),
        "rows": recording.rows,
        "rate_hz": round(timing.rate_hz, 4),
        "jitter_ms": round(1000 * timing.jitter_seconds, 3),
        "gaps": [
            {"after": utc(recording.start + stamp), "seconds": round(seconds, 3)}
            for stamp, seconds in timing.gaps
        ],
        "left_out": recording.dropped,
        "first_left_out": recording.first_dropped,
        "reopened": recording.reopened,
        "faults_marked": recording.faults,
    }


def _text(recording: Recording) -> str:
    timing = recording.timing
    names = [str(path) for path in recording.files]
    lines = [
        f"{', '.join(names)}: {recording.rows:,} rows of {', '.join(recording.columns)}",
        f"  {timing.rate_hz:.4g} rows a second, which came with a jitter of"
        f" {1000 * timing.jitter_seconds:.3g} ms",
    ]
    if timing.gaps:
        longest = max(seconds for _, seconds in timing.gaps)
        lines.append(f"  {len(timing.gaps)} gaps, the longest of {longest:.3g} s")
    if recording.dropped:
        first = recording.first_dropped[:60]
        told = f"lines were no row and are left out, the first: {first!r}"
        lines.append(f"  {recording.dropped:,} {told if first else 'frames came damaged'}")
    if recording.faults:
        lines.append(f"  {recording.faults} faults marked")
    return "\n".join([*lines, f"next: host_tools read --csv {' '.join(names)}", ""])


class _Live:
    """One line on a terminal that tells how the recording goes."""

    def __init__(self, recorder: Recorder, label: Label) -> None:
        self._recorder, self._label, self._shown = recorder, label, 0.0

    def show(self, now: float) -> None:
        if not sys.stderr.isatty() or now - self._shown < _LIVE_SECONDS:
            return
        self._shown = now
        result = self._recorder.result
        pairs = zip(result.columns, result.newest, strict=False)
        values = "  ".join(f"{name} {value or '-'}" for name, value in pairs)
        fault = "FAULT  " if self._label.is_on else ""
        text = f"  {result.rows:,} rows  {result.timing.rate_hz:.4g} Hz  {fault}{values}"
        width = os.get_terminal_size(sys.stderr.fileno()).columns - 1
        print(f"{text:{width}.{width}}", end="\r", file=sys.stderr, flush=True)  # noqa: T201


def run(arguments: argparse.Namespace) -> int:
    """Record; return the exit code.

    Raises the errors of `Recorder.run`, after it told what was recorded.
    """
    has_label = arguments.labels or arguments.label_port is not None
    plan = Plan(
        arguments.out, has_label, arguments.append, arguments.rotate,
        arguments.duration, arguments.rows, arguments.wait,
    )  # fmt: skip
    label, keyboard = Label(), Keyboard()
    with ExitStack() as stack:
        port = stack.enter_context(SerialPort(arguments.port or find_port(), arguments.baud))
        label_port = arguments.label_port and stack.enter_context(SerialPort(arguments.label_port))
        if arguments.labels:
            stack.enter_context(keyboard.open())
        source = FORMATS[arguments.format](port, arguments.channels)
        recorder = Recorder(port, source, plan, label)
        live, marks = _Live(recorder, label), Marks(label, keyboard, label_port or None, _say)

        def between(now: float) -> None:
            marks.ask(now)
            live.show(now)

        try:
            recorder.run(between, _say)
        except KeyboardInterrupt:
            if not recorder.result.rows:
                raise
        except SafeError:
            if recorder.result.rows:
                _tell(recorder.result, machine=arguments.json)
            raise
    _tell(recorder.result, machine=arguments.json)
    return ExitCode.OK


def _tell(recording: Recording, *, machine: bool) -> None:
    sys.stdout.write(json.dumps(as_json(recording)) + "\n" if machine else _text(recording))
