"""Write the synthetic plant as a CSV file: simulated data for trying things out."""

import argparse
import sys

from host_tools.commands import _output
from host_tools.data import plant
from targets import output
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--out", type=_output.file, required=True, help="CSV file to write")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another log")
    parser.add_argument("--rows", type=int, default=plant.ROWS, help="seconds to simulate")


def run(arguments: argparse.Namespace) -> int:
    """Write the file; return the exit code."""
    output.write(arguments.out, plant.csv_text(arguments.seed, arguments.rows))
    print(f"{arguments.out}: synthetic plant, seed {arguments.seed}", file=sys.stderr)  # noqa: T201
    return ExitCode.OK
