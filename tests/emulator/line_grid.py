"""The grid of the line: each fault at each rate, on each way through a device, in two emulators.

  python -m tests.emulator.line_grid --log build/line.jsonl       all cells, and the table
A cell ends with the right result, or with an error that says so (45); anything else is a failure:
another result, another error, no end. One image runs through all cells of a way, and after each
cell it must give the right result on a good line. A log says what is done: the same command goes
on after an interruption.
"""

import argparse
import csv
import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from host_tools.commands import monitor, record
from host_tools.device import protocol
from host_tools.device.bench import run_bench, stream_samples
from host_tools.device.link import Link
from host_tools.device.serial_port import SerialPort
from targets import build, emulate
from targets.errors import ExitCode, SafeError
from targets.load import load
from targets.make import make
from tests.emulator.line_faults import FAULTS, RATES, fault
from tests.unit.host_tools.device.faults import Fault, Proxy

TARGET = "stm32f4"
EMULATORS = ("qemu", "board")
WINDOWS, SAMPLES, ROWS = 4, 16, 40
SECONDS = 150
"""Longest time that a cell may take; an emulator with a core to itself needs a tenth of it."""
RECORD_SECONDS, MONITOR_SECONDS = 20, 6
TOLD = frozenset((ExitCode.LINK_LOST,))
SENSOR = """
#include "safe/sensor.h"

static const char *const names[] = {"count", "twice", "thrice"};
const safe_sensor_log_t safe_sensor_log = {.names = names, .period_us = 20000, .channels = 3};

safe_status_t safe_sensor_start(void)
{
    return SAFE_STATUS_OK;
}

safe_status_t safe_sensor_read(float *sample)
{
    static float reads;

    reads += 1.0f;
    for (unsigned c = 0; c < 3u; c++) {
        sample[c] = reads * (float)(c + 1u);
    }
    return SAFE_STATUS_OK;
}
"""


class HangError(BaseException):
    """A cell did not end; nothing that the tools catch."""


@dataclass(frozen=True)
class Way:
    """One way through a device.

    Attributes:
        app: The image.
        run: Takes a port's URL; returns the result as bytes, and how often a frame was sent again,
            of the logger how many rows were kept. Raises AssertionError for a result that is wrong
            in itself.
    """

    app: str
    run: Callable[[str], tuple[bytes, int]]


def _golden() -> Any:
    return np.load(build.ROOT / "models" / "forecaster" / "golden.npz")


def _bench(url: str) -> tuple[bytes, int]:
    with _golden() as golden, SerialPort(url) as port:
        link = Link(port)
        result = run_bench(link, golden["windows"][:WINDOWS], golden["samples"][:SAMPLES])
        assert result.outputs.tobytes() == golden["outputs"][:WINDOWS].tobytes(), "outputs"
    return result.records.tobytes(), link.counters.retries


def _stream(url: str) -> tuple[bytes, int]:
    with _golden() as golden, SerialPort(url) as port:
        link = Link(port)
        info = link.connect()
        records = stream_samples(link, info, golden["samples"][: 2 * SAMPLES], lambda *_: None)
        protocol.parse_stats(link.request("STATS"))
    return records.tobytes(), link.counters.retries


def _record(url: str) -> tuple[bytes, int]:
    """Record through the verb itself; a row is right when its three numbers belong together."""
    parser = argparse.ArgumentParser()
    record.add_arguments(parser)
    with TemporaryDirectory() as text:
        path = Path(text) / "log.csv"
        words = ["--port", url, "--format", "frames", "--out", str(path), "--rows", str(ROWS)]
        code = record.run(parser.parse_args([*words, "--duration", f"{RECORD_SECONDS}s"]))
        assert code == ExitCode.OK, f"exit code {code}"
        with path.open(encoding="utf-8") as file:
            _, *rows = csv.reader(file)
    return b"", _check_rows([[float(v) for v in row[1:]] for row in rows], [r[0] for r in rows])


def _check_rows(rows: list[list[float]], stamps: list[Any]) -> int:
    """Check rows of the sensor; return how many there are."""
    assert [row == [row[0] * n for n in (1, 2, 3)] for row in rows].count(False) == 0, "row"
    assert stamps == sorted(set(stamps)), "stamps"
    # A count that goes back is a restart, which begins near 1; else each row is there once.
    backwards = [b[0] for a, b in itertools.pairwise(rows) if b[0] <= a[0]]
    assert all(count <= ROWS for count in backwards), "a row twice"
    return len(rows)


def _monitor(url: str) -> tuple[bytes, int]:
    """Watch through the verb itself, without its page, and look at the rows that it keeps."""
    parser = argparse.ArgumentParser()
    monitor.add_arguments(parser)
    with TemporaryDirectory() as text:
        path = Path(text) / "events.jsonl"
        words = ["--port", url, "--headless", "--rows", "--out", str(path), "--json"]
        words += ["--duration", f"{MONITOR_SECONDS}s"]
        with redirect_stdout(StringIO()):
            code = monitor.run(parser.parse_args(words))
        assert code == ExitCode.OK, f"exit code {code}"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    told = [json.loads(line) for line in lines]
    rows = [row for row in told if "values" in row]
    return b"", _check_rows([row["values"] for row in rows], [row["time"] for row in rows])


WAYS = {"bench": Way("bench", _bench), "stream": Way("detector", _stream),
        "record": Way("logger", _record), "monitor": Way("logger", _monitor)}  # fmt: skip


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise HangError when the block does not end in time; in the main thread only."""

    def ring(*_: object) -> None:
        raise HangError(f"no end within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def image(way: Way, folder: Path) -> Path:
    """Build the image of a way; return its ELF file."""
    if way.app != "logger":
        return make(TARGET, "forecaster", app=way.app).elf
    sensors = folder / "sensors"
    sensors.mkdir(parents=True, exist_ok=True)
    (sensors / "sensor.c").write_text(SENSOR)
    return make(TARGET, "forecaster", app=way.app, sensor=str(sensors), out=folder / "build").elf


def cell(url: str, way: Way, how: Fault, expected: bytes) -> dict[str, Any]:
    """Go one way over a faulty line; `verdict` is right, told or a failure in words."""
    begin = time.monotonic()
    row: dict[str, Any] = {"verdict": "right", "count": None, "said": ""}
    try:
        with deadline(SECONDS), Proxy(int(url.rsplit(":", 1)[1]), how) as proxy:
            found, row["count"] = way.run(proxy.url)
            if found != expected:
                row["verdict"] = "another result"
    except SafeError as error:
        row["verdict"] = "told" if error.exit_code in TOLD else f"exit code {error.exit_code}"
        row["said"] = str(error)
    except (AssertionError, HangError) as error:
        row["verdict"] = str(error) or "assertion"
    except Exception as error:  # noqa: BLE001 - what no error of SAFE's is a defect
        row["verdict"] = f"{type(error).__name__}: {error}"
    return {**row, "hits": how.hits, "seconds": round(time.monotonic() - begin, 1)}


def cells(
    emulator: str, name: str, wanted: list[tuple[str, float]], folder: Path
) -> Iterator[dict[str, Any]]:
    """Run cells of one way in one emulator; each is followed by a good line."""
    way = WAYS[name]
    elf = image(way, folder / name)
    with emulate.start(load(TARGET), elf, kind=emulator) as running:
        with deadline(SECONDS):
            expected, count = way.run(running.url)
            assert count or way.app != "logger", "no rows on a good line"
        for kind, rate in wanted:
            place = {"emulator": emulator, "way": name, "fault": kind, "rate": rate}
            row = cell(running.url, way, fault(kind, rate, json.dumps(place)), expected)
            after = cell(running.url, way, Fault(), expected)
            if after["verdict"] != "right":
                row["verdict"] += f"; then on a good line: {after['verdict']} {after['said']}"
            yield {**place, **row}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table: a right result with its repeats or rows, or 45."""
    columns = [(e, w) for w in WAYS for e in EMULATORS]
    found = {(r["emulator"], r["way"], r["fault"], r["rate"]): r for r in rows}
    lines = ["| fault | rate | " + " | ".join(f"{w}, {e}" for e, w in columns) + " |"]
    lines.append("|---" * (len(columns) + 2) + "|")
    for kind in FAULTS:
        for rate in RATES:
            words = [_word(found.get((*column, kind, rate))) for column in columns]
            lines.append(f"| {kind} | {rate:g} | " + " | ".join(words) + " |")
    return "\n".join(lines)


def _word(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    word = {"right": f"right, {row.get('count', row.get('repeats'))}", "told": "45"}.get(
        row["verdict"]
    )
    return f"**{row['verdict']}**" if word is None else word


def main() -> int:
    """Run the grid from the command line; 1 when a cell failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--emulator", choices=EMULATORS, action="append")
    parser.add_argument("--way", choices=tuple(WAYS), action="append")
    parser.add_argument("--fault", choices=FAULTS, action="append")
    parser.add_argument("--log", type=Path, metavar="JSONL", help="go on after what it holds")
    arguments = parser.parse_args()
    rows = []
    if arguments.log is not None and arguments.log.is_file():
        rows = [json.loads(line) for line in arguments.log.read_text().splitlines()]
    done = {(r["emulator"], r["way"], r["fault"], r["rate"]) for r in rows}
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=build.ROOT, capture_output=True, text=True, check=False).stdout
    with TemporaryDirectory() as text:
        for way in arguments.way or WAYS:
            for emulator in arguments.emulator or EMULATORS:
                wanted = [
                    (kind, rate)
                    for kind in arguments.fault or FAULTS
                    for rate in RATES
                    if (emulator, way, kind, rate) not in done
                ]
                for row in cells(emulator, way, wanted, Path(text)) if wanted else ():
                    rows.append({**row, "commit": commit.strip()})
                    if arguments.log is not None:
                        with arguments.log.open("a", encoding="utf-8") as file:
                            file.write(json.dumps(rows[-1]) + "\n")
    failures = [row for row in rows if row["verdict"] not in ("right", "told")]
    sys.stdout.write(f"{table(rows)}\n\n{len(rows)} cells, {len(failures)} failed\n")
    sys.stdout.writelines(f"{json.dumps(row)}\n" for row in failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
