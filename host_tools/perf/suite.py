"""The benchmark: every model on every counting target at every goal."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from codegen.options import Goal
from host_tools.perf import agreement, budget, standalone
from host_tools.perf.standalone import Cost
from host_tools.report.table import aligned
from host_tools.report.words import DASH, number
from targets import output
from targets.build import find_model, models
from targets.errors import SafeError
from targets.load import load
from targets.places import ROOT

TARGETS = ("mps2-an386", "mps2-an505", "mps2-m0plus", "mps3-an547", "riscv-virt")
NAMED_TARGETS = ("riscv-virt-b",)
"""Targets that are measured when asked for only: another one with a few more instructions."""
EXACT_TARGETS = ("ibex",)
"""Targets whose clock cycles are counted in simulated RTL: a million take a second."""
EXACT_CALLS = 2
"""Number of calls on those targets; cycles hardly depend on the data."""
GOALS: tuple[Goal, ...] = get_args(Goal)
GOALS_BY_DEFAULT: tuple[Goal, ...] = ("balanced",)
_SHARED = Path(os.environ.get("SAFE_SHARED_DATA", str(ROOT.parent / "shared" / "data")))
MLPERF = _SHARED / "mlperf-tiny"
CALLS = 4
_MILLION = 1e6

Say = Callable[[str], None]


@dataclass(frozen=True)
class Failure:
    """A combination that could not be measured."""

    model: str
    target: str
    optimize: str
    message: str
    exit_code: int


@dataclass(frozen=True)
class Results:
    """All that was measured, in order, and what could not be."""

    costs: tuple[Cost, ...]
    failures: tuple[Failure, ...]


def own_models() -> list[Path]:
    """Return every model under `models/`."""
    return [find_model(name).network for name in models()]


def default_models(shared: Path = MLPERF) -> list[Path]:
    """Return every model under `models/`, and those of MLPerf Tiny where they are at hand."""
    return own_models() + sorted(shared.glob("*.tflite"))


def measure(
    paths: Sequence[Path],
    targets: Sequence[str],
    goals: Sequence[Goal],
    plugins: Path,
    *,
    verify: bool = True,
    calls: int = CALLS,
    stream: bool = False,
    say: Say = lambda _: None,
) -> Results:
    """Measure every combination; with `verify` each output is compared with TFLM.

    With `stream` a call is one sample and its outputs.

    A combination that fails is a Failure; an output that differs, too.
    """
    costs, failures = [], []
    for path in paths:
        for name in targets:
            for goal in goals:
                what = standalone.model_name(path)
                say(f"{what} on {name}, {goal}{', streaming' if stream else ''}")
                try:
                    costs.append(
                        _one(path, name, goal, plugins, calls, verify=verify, stream=stream)
                    )
                except SafeError as error:
                    failures.append(Failure(what, name, goal, str(error), int(error.exit_code)))
    return Results(tuple(costs), tuple(failures))


def join(*parts: Results) -> Results:
    """Return all in order."""
    return Results(
        tuple(cost for part in parts for cost in part.costs),
        tuple(failure for part in parts for failure in part.failures),
    )


def exact_plan(paths: Sequence[Path]) -> list[tuple[Path, Sequence[Goal]]]:
    """Return at which goals each of the models is measured in simulated RTL unless one is named.

    The project's own at every goal, others at the default: every goal takes a minute and more.
    """
    own = set(own_models())
    return [(path, GOALS if path in own else GOALS_BY_DEFAULT) for path in paths]


def _one(
    path: Path,
    target: str,
    goal: Goal,
    plugins: Path,
    calls: int,
    *,
    verify: bool,
    stream: bool,
) -> Cost:
    with output.scratch("perf") as folder:
        built = standalone.build(
            path, load(target), folder, optimize=goal, calls=calls, stream=stream
        )
        cost = standalone.measure(built, plugins)
        if verify:
            agreement.verify(built, cost)
        return cost


def fields(results: Results) -> dict[str, Any]:
    """Return perf.json."""
    table = budget.references()
    rows = []
    for cost in results.costs:
        found = budget.reference(table, cost)
        rows.append(
            {
                **cost.fields(),
                f"{cost.counts.unit}_per_mac": round(cost.counts.maximum / max(cost.macs, 1), 4),
                "baseline": None
                if found is None
                else {
                    "runtime": found.runtime,
                    "instructions": found.instructions,
                    "ratio": round(found.instructions / cost.counts.maximum, 3),
                },
            }
        )
    return {"version": 2, "rows": rows, "failures": [vars(f) for f in results.failures]}


def _row(cost: Cost, table: Mapping[str, Mapping[str, Any]]) -> list[str]:
    found = budget.reference(table, cost)
    million = cost.counts.maximum / _MILLION
    others = [DASH, DASH]
    if found is not None:
        ratio = found.instructions / cost.counts.maximum
        others = [f"{found.instructions / _MILLION:.3f}", f"{ratio:.2f}×"]
    return [
        cost.name,
        cost.target,
        cost.goal,
        f"{million:.3f}",
        f"{cost.counts.maximum / max(cost.macs, 1):.2f}",
        *others,
        number(cost.arena_bytes),
        number(cost.beyond_bytes),
        number(cost.flash_bytes),
        number(cost.stack_bytes),
    ]


def table(costs: Iterable[Cost]) -> str:
    """Return the table; ends without a newline."""
    references = budget.references()
    head = ["model", "target", "optimize", "million", "/MAC", "others", "ratio"]
    head += ["arena", "beyond", "flash", "stack"]
    rows = [head, *(_row(cost, references) for cost in costs)]
    notes = [
        "",
        "  million instructions per call, on ibex clock cycles; others: TFLM + CMSIS-NN on Arm,",
        "  TFLM's reference on RISC-V (tests/perf/baseline.toml); beyond: code and constants",
        "  beyond the weights' bytes",
    ]
    return "\n".join([*aligned(rows, right=True), *notes])
