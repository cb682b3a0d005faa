"""Exact results of every implementation on this host, which a device must reproduce.

The implementations are four that share no code where it matters: the generated C (compiled with
the host's compiler), the integer reference in Python, TFLite Micro, and the outputs kept in the
golden file.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from host_tools.detection import replay
from host_tools.formats import description
from host_tools.formats.golden import Golden
from host_tools.runtimes import host_c, reference
from host_tools.runtimes import tflm as oracle

Array = NDArray[Any]

HOST_C = "host C"
REFERENCE = "reference"
ORACLE = "TFLM"
GOLDEN = "golden file"


@dataclass(frozen=True, eq=False)
class Exact:
    """Exact results of one model.

    `outputs` int8[N,H,C] by name of the implementation, `records` `RECORD`[T] of the raw
    samples, `seconds` wall clock by step.
    """

    outputs: Mapping[str, Array]
    records: Array
    seconds: Mapping[str, float] = field(default_factory=dict)


def run_all(
    directory: Path,
    golden: Golden,
    work: Path,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Exact:
    """Run every implementation over the golden windows and the chain over the raw samples.

    TFLite Micro is left out when its package is not installed (its golden outputs stay). Without
    a network there is the chain alone.
    """
    model, about = directory / "model_int8.tflite", description.load(directory)
    name = about.name
    seconds: dict[str, float] = {}

    def timed(step: str, call: Callable[[], Any]) -> Any:
        say(step)
        start = time.monotonic()
        result = call()
        seconds[step] = time.monotonic() - start
        return result

    config = replay.load(directory)
    # Where the hour counts, the golden samples are taken as those since midnight, as in a bench.
    phase = 0 if config.detector.day_samples else None
    if not about.has_network:
        timed("host C: generate", lambda: host_c.generate(directory, work))
        run = lambda: replay.run_chain(config, golden.samples, None, phase=phase)  # noqa: E731
        return Exact({}, timed("chain on the host", run), seconds)
    host = timed("host C: generate, compile", lambda: host_c.compile_model(directory, work))
    outputs = {HOST_C: timed("host C: run", lambda: host.run(golden.windows))}
    outputs[REFERENCE] = timed("reference", lambda: reference.run(model, name, golden.windows))
    if oracle.available():
        outputs[ORACLE] = timed("TFLM", lambda: oracle.run(model, golden.windows))
    outputs[GOLDEN] = golden.outputs
    run = lambda: replay.run_chain(config, golden.samples, host.run, phase=phase)  # noqa: E731
    records = timed("chain on the host", run)
    return Exact(outputs, records, seconds)
