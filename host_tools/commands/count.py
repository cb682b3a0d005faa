"""Count the instructions of one inference, exactly, in the emulator; in all and by operator.

On ibex, whose RTL is simulated, exact clock cycles are counted instead.

With MODEL.tflite: a standalone folder is generated, compiled with plain -O2 and called on a bare
core; counted is safe_<name>_run from entry to return, with its stack, code and constants. Without
it: the bench image of --model, over its serial line; interrupt handlers are not counted; of a
product without a network the detector's step, the most over some of its golden samples. The
inputs are zeros, the extremes, and random windows; with MODEL.tflite and --windows N they are of
several kinds in turn: in-distribution, random, saturated, smooth. With --streaming a call is one
sample and its outputs: of MODEL.tflite safe_<name>_step, beside the same model on whole windows.

With --cycles the clock cycles are estimated, too, by operator: the documented timings of the core
on what was executed and, where the target describes the caches of its flash, the waits for it, by
the simulation that `profile --wait-states` shows. --flash-of takes the flash of another target.

    host_tools count models/forecaster/model_int8.tflite --target stm32f4 --cycles

With --backend native,tflm one table compares bench images of the same model by several backends:
instructions by operator, flash, RAM, arena, stack, and the bytes that differ from the oracle's.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from codegen import command
from codegen.backends import registry
from codegen.errors import BackendRefusedError
from codegen.options import Goal
from host_tools.commands import _options as image_options
from host_tools.commands import _output
from host_tools.commands._options import positive
from host_tools.report.table import aligned
from targets import output
from targets.build import find_model
from targets.errors import ModelError, TargetError
from targets.places import BUILD

if TYPE_CHECKING:
    from host_tools.perf.operators import Profile
    from host_tools.perf.standalone import Cost, Saving
    from host_tools.workflow.standalone import Measured
    from targets.emulate.count import Counts

_WINDOWS = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    told = "count a standalone folder; of a model directory its bench image, as by --model"
    add("tflite", nargs="?", type=Path, metavar="MODEL.tflite", help=told)
    add("--target", default="stm32f4", help="name under targets/ (default %(default)s)")
    add("--model", default="forecaster", help="bench image: name under models/, or a folder")
    add("--optimize", choices=get_args(Goal), default="balanced", help="with MODEL.tflite")
    add("--windows", type=positive, metavar="N", help=f"inferences (default {_WINDOWS})")
    add("--streaming", action="store_true", help="count one sample and its outputs")
    add("--verify", action="store_true", help="with MODEL.tflite: compare outputs with TFLM, by "
        "kind of window; any difference ends with exit code 50")  # fmt: skip
    add("--cycles", action="store_true", help="estimate clock cycles of a standalone folder, too, "
        "by operator, with the waits for the flash where the target describes it")  # fmt: skip
    add("--flash-of", metavar="T", help="--cycles with another target's flash before this core")
    add("--manifest", type=_output.file, metavar="FILE",
        help="with MODEL.tflite: write manifest.json, with the measured cost of each operator "
        "beside the estimated")  # fmt: skip
    add("--json", action="store_true", help="print one JSON object")
    add("--page", type=_output.file, metavar="HTML", help="of several backends: write a page, too")
    image_options.add_arguments(parser)


def _table(counts: "Counts") -> str:
    """Return the figures; `least` and `most` differ where a kernel branches on data."""
    rows = [["operator", "least", "most", "share"]]
    rows += [
        [o.symbol, f"{o.minimum:,}", f"{o.maximum:,}", f"{o.maximum / counts.maximum:.1%}"]
        for o in counts.operators
    ]
    rows.append([f"{counts.unit} per inference", f"{counts.minimum:,}", f"{counts.maximum:,}", ""])
    return "\n".join(aligned(rows, right=True))


def _memory(cost: "Cost") -> str:
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


def _saved(saving: "Saving") -> str:
    """Return what the operators that are computed per sample cost without and with streaming."""
    rows = [
        ["streamed operators", "instructions", "times less"],
        ["whole window", f"{saving.window:,}", ""],
        ["per sample", f"{saving.sample:,}", f"{saving.window / saving.sample:.1f}"],
        ["borders, with the outputs", f"{saving.borders:,}", ""],
        ["sample and outputs", f"{saving.both:,}", f"{saving.window / saving.both:.1f}"],
    ]
    return "\n".join(aligned(rows, right=True))


def _with_cycles(fields: dict[str, Any], profile: "Profile | None") -> dict[str, Any]:
    """Return JSON values with the estimated cycles of the call and of each operator, if any."""
    if profile is None or profile.estimator is None:
        return fields
    entry, *operators = fields["operators"]
    outside: dict[str, Any] = {"cycles_estimated": profile.outside_cycles}
    if profile.waits:
        outside["flash"] = vars(profile.waits[-1])
    rows = [o | own for o, own in zip(operators, profile.cycle_rows(), strict=True)]
    return fields | profile.cycle_fields() | {"operators": [entry | outside, *rows]}


def _run_standalone(arguments: argparse.Namespace) -> int:
    def measured(*, stream: bool) -> "Measured":
        return standalone.measure(
            arguments.tflite,
            arguments.target,
            arguments.optimize,
            arguments.windows,
            verify=arguments.verify,
            stream=stream,
            backend=arguments.backend,
            estimate=arguments.cycles,
            flash_of=arguments.flash_of,
        )

    from codegen.emit import manifest
    from host_tools.perf import agreement
    from host_tools.perf.standalone import saving as saving_of
    from host_tools.workflow import standalone

    found = measured(stream=arguments.streaming)
    cost, rows = found.cost, found.rows
    compared, saving = [found], None
    if arguments.streaming:
        compared.append(measured(stream=False))
        saving = saving_of(compared[1].cost, cost)
    if arguments.manifest is not None:
        output.write(arguments.manifest, manifest.text(cost.measured_manifest()))
    if arguments.json:
        streaming = {} if saving is None else {"streaming": asdict(saving)}
        verified = {"verified": [asdict(row) for row in rows]} if arguments.verify else {}
        fields = _with_cycles(cost.fields(), found.profile)
        text = json.dumps(fields | verified | streaming)
    else:
        text = f"{_table(cost.counts)}\n\n{_memory(cost)}"
        if found.profile is not None and found.profile.estimator is not None:
            text += f"\n\n{found.profile.cycle_table()}"
        if told := command.loops(cost.manifest):
            text += f"\n\n{told.rstrip()}"
        if saving is not None:
            text += f"\n\n{_saved(saving)}"
        if arguments.verify:
            text += f"\n\n{agreement.table(rows)}"
    sys.stdout.write(text + "\n")
    for one in compared:
        agreement.require_equal(one.cost, one.rows)
    return 0


def _is_foreign(backend: str) -> bool:
    """Return whether a backend's C is no folder that compiles by itself."""
    return bool(registry.backend(backend).settings)


def _run_backends(arguments: argparse.Namespace, names: list[str]) -> int:
    """Compare backends; raises DifferentError, after all is told, when one must be exact."""
    from host_tools.errors import DifferentError
    from host_tools.report import backends_page
    from host_tools.workflow import backends

    model = arguments.tflite or find_model(arguments.model).tflite
    if model is None:
        raise ModelError(f"{arguments.model} has no network that backends could be compared on")
    costs = backends.compare(model, arguments.target, names, arguments.windows or backends.WINDOWS)
    fields = [cost.fields() for cost in costs]
    if arguments.page is not None:
        output.write(arguments.page, backends_page.page([fields]))
    text = json.dumps(fields) if arguments.json else backends_page.render(fields)
    sys.stdout.write(text + "\n")
    for cost in costs:
        if cost.differing_bytes and cost.must_be_exact:
            where = f": {cost.differs_at.text}" if cost.differs_at else ""
            raise DifferentError(
                f"{cost.model} by {cost.backend} on {cost.target}: {cost.differing_bytes} of"
                f" {cost.output_bytes} output bytes differ, at most {cost.max_lsb} LSB{where}"
            )
    return 0


def _choose_cycles(arguments: argparse.Namespace, names: list[str]) -> None:
    """Have a standalone folder counted, of the network of --model unless a file is named.

    Raises BackendRefusedError for a runtime that makes no such folder.
    """
    if len(names) > 1 or _is_foreign(names[0]):
        foreign = next((name for name in names if _is_foreign(name)), "several")
        raise BackendRefusedError(
            f"backend {foreign}: --cycles estimates SAFE's own kernels: leave --backend out"
        )
    arguments.cycles = True
    if arguments.tflite is None:
        arguments.tflite = find_model(arguments.model).network


def run(arguments: argparse.Namespace) -> int:
    """Build, count, print; return the exit code."""
    if arguments.tflite is not None and arguments.tflite.is_dir():
        arguments.model, arguments.tflite = str(arguments.tflite), None
    names = arguments.backend.split(",")
    if arguments.cycles or arguments.flash_of is not None:
        _choose_cycles(arguments, names)
    if len(names) > 1 or (arguments.tflite is not None and _is_foreign(names[0])):
        return _run_backends(arguments, names)
    if arguments.tflite is not None:
        return _run_standalone(arguments)
    from host_tools.workflow import run as measure

    options = image_options.options(arguments, arguments.target)
    place = measure.Emulated(arguments.target, options, streaming=arguments.streaming)
    model = find_model(arguments.model).check(options.backend, streaming=arguments.streaming)
    plan = measure.RunPlan(
        model.folder,
        place,
        golden=measure.select(model.folder, place, None) if model.tflite is None else None,
        steps=frozenset({"count"}),
        counted=arguments.windows or _WINDOWS,
    )
    result = measure.run(plan, BUILD / "count")
    counts, manifest = result.counts, result.manifest
    assert manifest is not None
    facts = {"target": result.label, "model": manifest["name"]}
    if counts is None:
        step = result.step_instructions
        if step is None:
            raise TargetError(f"{result.label}: its emulator counts no instructions of a detector")
        text = f"  instructions per sample  {step:,}"
        text = json.dumps({**facts, "instructions_per_step": step}) if arguments.json else text
    elif arguments.json:
        text = json.dumps(
            {**facts, f"{counts.unit}_per_inference": counts.maximum, **asdict(counts)}
        )
    else:
        text = _table(counts)
    sys.stdout.write(text + "\n")
    return 0
