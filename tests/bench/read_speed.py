"""The reader against plain pandas, in one run: how long each takes for the same file.

Writes a log of a million rows and sixteen channels (or takes --csv) and reads it in turns:

    python -m tests.bench.read_speed --rows 1000000
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from host_tools.data.reading.log import open_log

CHANNELS = 16


def write(path: Path, rows: int) -> None:
    """Write a log of one row per second."""
    random = np.random.default_rng(1)
    stamps = np.datetime64("2024-03-01", "s") + np.arange(rows)
    frame = pd.DataFrame({"timestamp": np.datetime_as_string(stamps)})
    for channel in range(CHANNELS):
        frame[f"channel{channel}"] = np.round(random.normal(20, 3, rows), 3)
    frame.to_csv(path, index=False)


def seconds(action: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.csv or Path(folder, "log.csv")
        if arguments.csv is None:
            write(path, arguments.rows)
        pairs = [
            (seconds(lambda: pd.read_csv(path)), seconds(lambda: open_log([path])))
            for _ in range(arguments.times)
        ]
    for plain, ours in pairs:
        print(f"pandas.read_csv {plain:.2f} s, read {ours:.2f} s: {plain / ours:.2f} times as fast")
    return 0


if __name__ == "__main__":
    sys.exit(main())
