"""Generate, compile and count the standalone folder of a `.tflite`."""

from pathlib import Path

from codegen.options import DEFAULT_BACKEND, Goal
from host_tools.perf import agreement, standalone
from host_tools.perf.agreement import Row
from host_tools.perf.standalone import Cost
from host_tools.workflow.count import COUNTED_WINDOWS, PLUGINS
from targets import output
from targets.emulate import counting
from targets.load import load


def measure(
    model: Path,
    target_name: str,
    optimize: Goal,
    calls: int | None,
    *,
    verify: bool,
    stream: bool = False,
    backend: str = DEFAULT_BACKEND,
) -> tuple[Cost, tuple[Row, ...]]:
    """Generate, compile and count a standalone folder; see `standalone` for errors.

    With `calls` on that many drawn windows, else on the harness's own. With `verify` also what was
    compared with TensorFlow Lite Micro, different or not; see `agreement.expected` for errors.
    """
    target = load(target_name)
    counting.check(target)  # an emulator is needed: say so before the work
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
        return cost, rows
