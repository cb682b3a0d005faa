"""MLPerf Tiny's performance and accuracy mode on a device, and what its results must be."""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen import reference
from codegen.frontend import tflite
from codegen.ir.graph import Tensor
from host_tools.device.mlperf import Identity, Run, Runner
from host_tools.device.serial_port import SerialPort, find_port
from host_tools.errors import DeviceModelError, DifferentError
from host_tools.perf import windows
from host_tools.workflow.clock import Progress, Say, no_progress, silent
from host_tools.workflow.run import BAUD, Emulated, Port, adapters
from targets import apps, build, emulate
from targets.errors import ModelError
from targets.load import load
from targets.make import make

PORT_SECONDS, EMULATED_SECONDS = 10.0, 1.0
"""Seconds of the timed inferences: the rules of the benchmark ask for ten."""
MOST_SECONDS = 25.0
"""Wall clock of one command: the device is given up after 30 s without a line."""
MOST_TIMES = 1_000_000
TRIAL_SHARE, GROWTH = 8, 8
"""Trials of 1, 8, 64 … inferences, until one takes an eighth of what is asked for."""
WARM_UPS = 10
WINDOWS = 8
_ROUNDED = 0.00051
"""Half of the last decimal that is printed, and what single precision adds."""
_RELATIVE = 1e-5
DIFFERENCE, PIXELS = frozenset(("ad01",)), frozenset(("ic01", "vww01"))
"""Names of the benchmarks whose input is float32 and whose result is the mean square of output less
input, and of those whose input are bytes of pixels; the others take the model's own bytes."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Benchmarked:
    """Result of both modes.

    Attributes:
        identity: Of the device.
        inferences: Timed ones, after the warm-ups.
        microseconds: What they took together, by the device's clock.
        windows: Inputs whose results were compared.
        different: Those with a result that is not the reference's, to three decimals.
    """

    identity: Identity
    inferences: int
    microseconds: int
    windows: int
    different: int

    @property
    def latency_us(self) -> float:
        """Microseconds for one inference."""
        return self.microseconds / self.inferences

    def fields(self) -> dict[str, Any]:
        """Return the JSON."""
        rate = 1e6 / self.latency_us if self.microseconds else None
        return {
            "vendor": self.identity.vendor,
            "profile": self.identity.profile,
            "model": self.identity.model,
            "inferences": self.inferences,
            "microseconds": self.microseconds,
            "latency_us": round(self.latency_us, 3),
            "inferences_per_second": None if rate is None else round(rate, 3),
            "windows": self.windows,
            "different": self.different,
        }

    def lines(self) -> list[str]:
        """Return the result in words."""
        return [
            f"{self.identity.model} ({self.identity.vendor}): {self.inferences:,} inferences in"
            f" {self.microseconds / 1e6:.3f} s, {self.latency_us / 1000:.3f} ms each",
            f"results that differ from the integer reference's: {self.different} of {self.windows}",
        ]

    def require_exact(self) -> None:
        """Raise DifferentError when a result differs."""
        if self.different:
            raise DifferentError(
                f"{self.different} of {self.windows} results differ from the integer reference's"
            )


def _edges(model: Path) -> tuple[Tensor, Tensor]:
    graph = tflite.load(model, "mlperf")
    return graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])


def _real(tensor: Tensor, values: Array) -> Array:
    if tensor.quantization is None:
        raise ModelError(f"tensor {tensor.name} has no scale: app=mlperf takes int8 models")
    about = tensor.quantization
    whole = values.astype(np.int32) - np.int32(about.zero_point)
    return whole.astype(np.float32) * np.float32(about.scale)


def inputs(model: Path, name: str, count: int) -> tuple[Array, list[bytes]]:
    """Return windows int8 [count, …] and the bytes of each, as benchmark `name` loads them."""
    drawn = windows.draw(model, count).values
    if name in DIFFERENCE:
        return drawn, [row.astype("<f4").tobytes() for row in _real(_edges(model)[0], drawn)]
    if name in PIXELS:
        return drawn, [(row.astype(np.int16) + 128).astype(np.uint8).tobytes() for row in drawn]
    return drawn, [row.tobytes() for row in drawn]


def expected(model: Path, name: str, drawn: Array) -> Array:
    """Return the results of the integer reference, float64 [count, results]."""
    graph = tflite.load(model, "mlperf")
    [outputs] = reference.run(graph, [drawn])
    source, target = _edges(model)
    real = _real(target, outputs).reshape(len(drawn), -1).astype(np.float64)
    if name not in DIFFERENCE:
        return real
    given = _real(source, drawn).reshape(len(drawn), -1).astype(np.float64)
    errors: Array = ((real - given) ** 2).mean(axis=1, keepdims=True)
    return errors


def _timed(runner: Runner, seconds: float) -> tuple[int, Run]:
    """Return how many inferences were timed, for about so long, and the answer.

    An emulator's clock and that of the wall differ, and either may be too coarse for one inference.
    Where it is slow, fewer inferences warm it up: all of one command must end in MOST_SECONDS.
    """
    times, warm_ups = 1, 0
    while True:
        begin = time.monotonic()
        timed = runner.infer(times, warm_ups)
        wall, own = time.monotonic() - begin, timed.microseconds / 1e6
        if own >= seconds or wall >= MOST_SECONDS / 2 or warm_ups:
            return times, timed
        if max(own, wall) < seconds / TRIAL_SHARE and times < MOST_TIMES:
            times *= GROWTH
            continue
        most = int(MOST_SECONDS / 2 * times / wall)
        wanted = math.ceil(times * seconds / own) if own else MOST_TIMES
        times, warm_ups = min(wanted, most, MOST_TIMES), min(WARM_UPS, most)


@dataclass(frozen=True)
class Plan:
    """What is run where.

    Attributes:
        model: Name under models/, or a folder, of which the name is the benchmark's id.
        place: An image of app=mlperf, which is built and emulated, or a board that runs it.
        windows: Inputs of the accuracy mode.
    """

    model: str
    place: Emulated | Port
    windows: int = WINDOWS


def run(plan: Plan, *, say: Say = silent, progress: Progress = no_progress) -> Benchmarked:
    """Run both modes.

    Raises:
        ModelError, BuildError, PortNotFoundError: There is no image, or no board.
        DeviceModelError: The device holds another model.
        DeviceError, LinkLostError: see `Runner`.
    """
    place = plan.place
    if isinstance(place, Emulated):
        say("generate C and build the image")
        image = make(place.target, plan.model, app=apps.MLPERF, options=place.options)
        with (
            emulate.start(load(place.target), image.elf, kind=place.kind) as running,
            SerialPort(running.url) as port,
        ):
            return _on_port(port, plan, EMULATED_SECONDS, say, progress)
    uart = load(place.target).uart if place.target else None
    baud = place.baud or (uart.baud if uart else BAUD)
    with SerialPort(place.url or find_port(adapters(place.target)), baud) as port:
        return _on_port(port, plan, PORT_SECONDS, say, progress)


def _on_port(
    port: SerialPort, plan: Plan, seconds: float, say: Say, progress: Progress
) -> Benchmarked:
    """Run both modes on the device behind an open port."""
    model = build.find_model(plan.model)
    name = model.name
    drawn, loads = inputs(model.network, name, plan.windows)
    wanted = expected(model.network, name, drawn)
    runner = Runner(port)
    identity = runner.identify()
    if identity.model != name:
        raise DeviceModelError(f'the device holds model "{identity.model}", not "{name}"')
    different = 0
    for place, data in enumerate(loads):
        runner.load(data)
        found = runner.infer(1, 0)
        limit = _ROUNDED + _RELATIVE * np.abs(wanted[place])
        same = len(found.results) == len(limit)
        different += not (same and (np.abs(found.results - wanted[place]) <= limit).all())
        progress("windows", place + 1, len(loads))
    say("time the inferences")
    times, timed = _timed(runner, seconds)
    return Benchmarked(identity, times, timed.microseconds, len(loads), different)
