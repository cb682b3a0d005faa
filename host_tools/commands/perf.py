"""Measure every model on every counting target at every goal, against budgets and baselines.

Writes build/perf/perf.json and prints a table. Ends with 23 when a figure has grown by more than
1% above tests/perf/budgets.toml, and with 50 when an output differs from TensorFlow Lite Micro.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import get_args

from codegen.options import Goal
from host_tools.commands import _options as image_options
from host_tools.commands import _output
from host_tools.formats.json_file import write_plain
from host_tools.perf import budget, suite
from host_tools.runtimes import tflm as oracle
from targets.emulate import verilator
from targets.errors import BudgetError, ExitCode, OutputError
from targets.places import BUILD, INSTALLED, ROOT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    choices = (*suite.TARGETS, *suite.NAMED_TARGETS, *suite.EXACT_TARGETS)
    add("models", nargs="*", type=Path, metavar="MODEL.tflite", help="default: all there are")
    add("--target", action="append", choices=choices, help="repeatable; default: all")
    add("--optimize", action="append", choices=get_args(Goal), help="default: all")
    out = str(BUILD / "perf")
    add("--out", type=_output.folder, default=out, help="folder of perf.json")
    image_options.add_json(parser, "perf.json")
    add("--update", action="store_true", help="write what was measured into the budget file")


def _say(text: str) -> None:
    print(f"perf: {text}", file=sys.stderr, flush=True)  # noqa: T201


def _counted(arguments: argparse.Namespace, paths: list[Path], *, verify: bool) -> suite.Results:
    """Return every model at every goal, and the project's own sample by sample, too."""
    targets = [t for t in suite.TARGETS if not arguments.target or t in arguments.target]
    targets += [t for t in suite.NAMED_TARGETS if t in (arguments.target or ())]
    goals = arguments.optimize or suite.GOALS
    plugins = BUILD / "emulate"
    whole = suite.measure(paths, targets, goals, plugins, verify=verify, say=_say)
    own = [p for p in suite.own_models() if p in paths and "balanced" in goals]
    streamed = suite.measure(
        own, targets, ["balanced"], plugins, verify=verify, stream=True, say=_say
    )
    return suite.join(whole, streamed)


def _exact(arguments: argparse.Namespace, paths: list[Path], *, verify: bool) -> suite.Results:
    """Return exact cycles, where the simulator is installed or was asked for."""
    if not arguments.target and not verilator.available():
        _say("verilator or pythondata-cpu-ibex is not installed: no exact cycles")
        return suite.Results((), ())
    plugins = BUILD / "emulate"
    targets = [t for t in suite.EXACT_TARGETS if not arguments.target or t in arguments.target]
    parts = [
        suite.measure(
            [path],
            targets,
            arguments.optimize or goals,
            plugins,
            verify=verify,
            calls=suite.EXACT_CALLS,
            say=_say,
        )
        for path, goals in suite.exact_plan(paths)
        if targets
    ]
    return suite.join(*parts)


def run(arguments: argparse.Namespace) -> int:
    """Measure, write, print, compare; return the exit code."""
    if arguments.update and INSTALLED:
        raise OutputError("--update writes tests/perf/budgets.toml, which only a clone has")
    verify = oracle.available()
    if not verify:
        _say("the oracle (package tflite-micro) is not installed: outputs are not compared")
    paths = arguments.models or suite.default_models()
    counted = _counted(arguments, paths, verify=verify)
    results = suite.join(counted, _exact(arguments, paths, verify=verify))
    fields = suite.fields(results)
    write_plain(arguments.out / "perf.json", fields)
    text = json.dumps(fields) if arguments.json else suite.table(results.costs)
    sys.stdout.write(text + "\n")
    for failure in results.failures:
        _say(f"FAILED: {failure.model} on {failure.target}, {failure.optimize}: {failure.message}")
    if arguments.update:
        budget.update(results.costs)
        _say(f"{budget.BUDGETS.relative_to(ROOT)} written")
    found = budget.excesses(results.costs, budget.load())
    for line in found:
        _say(line)
    if results.failures:
        return int(results.failures[0].exit_code)
    if found:
        raise BudgetError(f"{len(found)} figures exceed tests/perf/budgets.toml; see above")
    return int(ExitCode.OK)
