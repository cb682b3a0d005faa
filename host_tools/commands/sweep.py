"""Try representative datasets, clips and calibrations; rank the int8 models that come of it.

Writes qbench_sweep_NAME/config.json, experiments/, results.csv and pareto.svg. The same command
goes on where an earlier one stopped. Choices are made on the validation part; the test part is
not looked at.

Example:
  host_tools sweep --model mymodel --csv log.csv --clips 6 8 --calibrations minmax mse --best
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from host_tools.commands import _options as image_options
from host_tools.commands import _output, _reading
from host_tools.errors import DataError
from host_tools.formats import description
from host_tools.formats.description import Description
from targets.errors import ExitCode

if TYPE_CHECKING:
    from host_tools.data.model_data import ModelData
    from host_tools.quantize import sweep


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options; old names are accepted beside the new."""
    add = parser.add_argument
    add("--model", default="forecaster", help="name under models/, or a folder")
    _reading.add_arguments(parser, "the data it was trained on; the plant when not given")
    add("--from", "--savedmodel", dest="network", type=Path, metavar="NETWORK",
        help=".keras, .h5 or SavedModel (default: exports/model.keras of the model)")  # fmt: skip
    add("--outdir", "--out", type=_output.folder, help="default qbench_sweep_NAME")
    add("--max-totals", "--max_totals", nargs="+", metavar="N", help="representative windows")
    add("--balances", nargs="+", metavar="B", help="part of them from the high-score tail, 0 … 1")
    add("--clips", nargs="+", metavar="C", help="limits of inputs in standard deviations")
    add("--calibrations", nargs="+", metavar="M",
        help="minmax, percentile:99.99, sigma:6, mse")  # fmt: skip
    add("--seeds", "--seed", nargs="+", metavar="S", help="of the choice of windows")
    add("--n", type=int, default=128, help="windows to evaluate on (default %(default)s)")
    add("--jobs", type=int, default=0, help="processes (default: one per processor, at most 8)")
    add("--scheduler", metavar="ADDRESS", help="Dask scheduler, for example tcp://host:8786")
    image_options.add_json(parser, "the rows")
    add("--best", action="store_true", help="write the best model as a model directory")
    add(
        "--install",
        type=_output.folder,
        metavar="DIR",
        help="where --best writes (default models/NAME)",
    )
    for old in ("--window", "--forecast", "--nfeat"):
        add(old, type=int, help=argparse.SUPPRESS)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else "\r"
        print(f"sweep: {what} {done}/{total}", end=end, file=sys.stderr, flush=True)  # noqa: T201
    elif done == total or done % 10 == 0:
        _say(f"sweep: {what} {done}/{total}")


def run(arguments: argparse.Namespace) -> int:
    """Sweep; return the exit code."""
    from host_tools.data import model_data
    from host_tools.quantize import grid as grids
    from host_tools.quantize import study, sweep
    from host_tools.quantize.store import MODEL, Store
    from host_tools.report import sweep_page

    grid = grids.from_options(vars(arguments))
    about = model_data.load(arguments.model, arguments.csv, _reading.options(arguments))
    _check_shape(arguments, about.description)
    network = model_data.network_of(about.home, arguments.network)
    plan = study.study(about, network, _positive("--n", arguments.n))
    sweep.choose(plan, grid.points())
    _jobs(arguments)
    folder = arguments.outdir or Path(f"qbench_sweep_{about.description.name}")
    points = len(grid.points())
    _say(f"{points} points, {len(plan.windows)} windows to choose from: {folder}")
    with _hands(arguments) as hands:
        outcome = sweep.run(plan, grid, Store(folder), hands)
    page = sweep_page.write(folder, outcome.rows)
    told = json.dumps(outcome.rows) if arguments.json else sweep_page.ranking(outcome.rows)
    sys.stdout.write(told + "\n")
    total = sum(outcome.seconds.values())
    steps = ", ".join(f"{name} {value:.1f} s" for name, value in outcome.seconds.items())
    _say(f"{folder}: {points} points ({outcome.resumed} from before) in {total:.1f} s: {steps}")
    _say(f"{page}")
    if arguments.best:
        best = outcome.rows[0]
        _install(arguments, about, best, folder / "experiments" / best["name"] / MODEL)
    return ExitCode.OK


def _positive(option: str, value: int) -> int:
    if not 1 <= value <= 1_000_000:
        raise DataError(f"{option} {value}: must be 1 … 1000000")
    return value


def _check_shape(arguments: argparse.Namespace, about: Description) -> None:
    """Old options that say a model's shape must say the shape that it has."""
    known = {"window": about.window, "forecast": about.horizon, "nfeat": len(about.channels)}
    for name, value in known.items():
        asked = getattr(arguments, name)
        if asked is not None and asked != value:
            raise DataError(f"--{name} {asked}: {about.name} has {value}: leave the option out")


def _jobs(arguments: argparse.Namespace) -> int:
    jobs = int(arguments.jobs or min(os.cpu_count() or 1, 8))
    if not 1 <= jobs <= 256:
        raise DataError(f"--jobs {jobs}: must be 1 … 256")
    return jobs


@contextmanager
def _hands(arguments: argparse.Namespace) -> "Iterator[sweep.Hands]":
    from host_tools.quantize import sweep
    from host_tools.quantize.pool import Cluster, Processes, tensor_jobs

    if arguments.scheduler:
        with Processes(1) as here, Cluster(arguments.scheduler) as cluster:
            yield sweep.Hands(here, cluster, cluster, _progress)
        return
    jobs = _jobs(arguments)
    with Processes(tensor_jobs(jobs)) as heavy, Processes(jobs, tensorflow=False) as light:
        yield sweep.Hands(heavy, heavy, light, _progress)


def _install(
    arguments: argparse.Namespace, about: "ModelData", best: Mapping[str, Any], file: Path
) -> None:
    from host_tools.data import model_data
    from host_tools.quantize import install

    known = description.resolve("forecaster").parent
    target = arguments.install or known / about.description.name
    network = model_data.network_of(about.home, arguments.network)
    install.install(about, network, file, target, clip=float(best["clip"]), say=_say)
    _say(f"{best['name']} is now {target}")
