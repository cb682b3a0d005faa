"""Generate, compile and count the standalone folder of a `.tflite`."""

from dataclasses import dataclass
from pathlib import Path

from codegen.options import DEFAULT_BACKEND, Goal
from host_tools.perf import agreement, cycles, operators, standalone, waits
from host_tools.perf.agreement import Row
from host_tools.perf.operators import Profile
from host_tools.perf.standalone import Cost
from host_tools.workflow.count import COUNTED_WINDOWS, PLUGINS
from targets import output
from targets.emulate import counting
from targets.errors import EmulatorError
from targets.load import Target, load


@dataclass(frozen=True)
class Measured:
    """What was counted, what was compared if that was asked for, and the cycles if those were."""

    cost: Cost
    rows: tuple[Row, ...] = ()
    profile: Profile | None = None


def _target(name: str, flash_of: str | None, *, estimate: bool) -> Target:
    """Return the target, with the flash of another one if there is one; EmulatorError where it
    cannot count, or where `estimate` is asked for and its core has none.
    """
    target = load(name)
    if flash_of is not None:
        target = waits.with_flash_of(target, load(flash_of))
    counting.check(target)  # an emulator is needed: say so before the work
    if estimate and counting.unit(target) == "instructions" and cycles.estimator(target) is None:
        known = ", ".join(sorted(cycles.CORES))
        raise EmulatorError(
            f"target {name}: no estimate of cycles for a {target.cpu.name}; there is one for"
            f" {known}, and --target ibex counts cycles exactly"
        )
    return target


def measure(
    model: Path,
    target_name: str,
    optimize: Goal,
    calls: int | None,
    *,
    verify: bool,
    stream: bool = False,
    backend: str = DEFAULT_BACKEND,
    estimate: bool = False,
    flash_of: str | None = None,
) -> Measured:
    """Generate, compile and count a standalone folder; see `standalone` for errors.

    With `calls` on that many drawn windows, else on the harness's own. With `verify` also what was
    compared with TensorFlow Lite Micro, different or not; see `agreement.expected` for errors.
    With `estimate` also the estimated cycles by operator, with the waits for the flash where the
    target, or `flash_of`, describes it.
    """
    target = _target(target_name, flash_of, estimate=estimate)
    with output.scratch("count") as folder:
        built = standalone.build(
            model,
            target,
            folder,
            optimize=optimize,
            calls=calls or COUNTED_WINDOWS,
            stream=stream,
            drawn=calls is not None,
            backend=backend,
        )
        cost = standalone.measure(built, PLUGINS)
        rows = agreement.compare(built, cost, agreement.expected(built)) if verify else ()
        flash = target.flash is not None and target.flash.cache is not None
        profile = operators.profile(built, PLUGINS, flash=flash) if estimate else None
        return Measured(cost, rows, profile)
