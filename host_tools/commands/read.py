"""Say how a log is read, before anything else: rows, time, columns and their roles, gaps, doubts.

Nothing is trained and nothing changed. Where two readings fit, it asks, and names the option that
decides; the same options serve train, eda, fit, represent, evaluate, sweep and demo. Example:
  host_tools read --csv pump.csv --missing -9999 --save reading.toml --write clean.csv
"""

import argparse
import json
import sys

from host_tools.commands import _output, _reading
from host_tools.errors import DataError
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    _reading.add_arguments(parser, "one or more files of one log", required=True)
    parser.add_argument("--json", action="store_true", help="print the record as JSON")
    parser.add_argument("--save", type=_output.file, metavar="FILE",
                        help="write the reading's options, for --reading")  # fmt: skip
    parser.add_argument("--write", type=_output.file, metavar="FILE",
                        help="write the log as a CSV that needs no options")  # fmt: skip
    parser.add_argument("--resample", metavar="PERIOD", help="with --write: 100ms, 1s, 5min, …")
    parser.add_argument("--rule", metavar="RULE", help="of --resample: mean or last")


def run(arguments: argparse.Namespace) -> int:
    """Read and tell; return the exit code. Raises DataError or OutputError."""
    from host_tools.data.reading import canonical, record
    from host_tools.data.reading import log as logs
    from targets import output

    wanted = None
    if arguments.resample is not None:
        wanted = canonical.resampling(arguments.resample, arguments.rule)
        if arguments.write is None:
            raise DataError("--resample: --write FILE says where to")
    progress = _progress if sys.stderr.isatty() else (lambda *_: None)
    log = logs.open_log(
        arguments.csv, _reading.options(arguments), lenient=wanted is not None, progress=progress
    )
    if arguments.save is not None:
        output.write(arguments.save, log.kept_options().text())
    if arguments.write is not None:
        with output.writer(arguments.write) as stream:
            notes = canonical.write(log, wanted, stream.write)
        for note in notes:
            print(f"note: {note}", file=sys.stderr)  # noqa: T201
    if arguments.json:
        sys.stdout.write(json.dumps(log.reading.as_json(), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(record.lines(log.reading)) + "\n")
    return ExitCode.OK


def _progress(done: int, total: int) -> None:
    end = "\n" if done >= total else "\r"
    percent = 100 * done // max(1, total)
    print(f"read: {percent}% of {total / 1e6:,.0f} MB", end=end, file=sys.stderr, flush=True)  # noqa: T201
