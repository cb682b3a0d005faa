"""One measured run of a model at one place, in an emulator or on a board.

`demo`, `bench`, `golden` and `count` are this: each names the steps that it wants of the image
(count its instructions, take windows and samples through it, compare with this host) and prints
what came of it.
"""

import json
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import exact as exact_results
from host_tools.compare import participants
from host_tools.compare.exact import Exact
from host_tools.device.bench import BenchResult, run_bench
from host_tools.device.link import TIMEOUT_SECONDS, Link
from host_tools.device.serial_port import SerialPort, find_port
from host_tools.errors import DataError
from host_tools.formats import description
from host_tools.formats import detector as detectors
from host_tools.formats import golden as golden_file
from host_tools.formats.golden import Golden
from host_tools.workflow import count
from host_tools.workflow import link as link_facts
from host_tools.workflow.clock import Progress, Say, Stopwatch, no_progress, silent
from targets import emulate
from targets.emulate.count import Counts
from targets.load import Target, available, load
from targets.make import make
from targets.options import Options

BAUD = 115200
Step = Literal["count", "bench", "compare"]
ALL: frozenset[Step] = frozenset(("count", "bench", "compare"))


@dataclass(frozen=True)
class Emulated:
    """An image that is built and run in an emulator.

    Attributes:
        target: Name, or path of a `.toml` file.
        options: How it is compiled; None: as the target says.
        kind: `board`: the soft board instead of the target's own emulator.
        streaming: Whether the image computes sample by sample.
        out: Folder to build in; None: `build/`.
    """

    target: str
    options: Options | None = None
    kind: str | None = None
    streaming: bool = False
    out: Path | None = None


@dataclass(frozen=True)
class Port:
    """A board on a serial port.

    Attributes:
        url: Port or pyserial URL; None: the only board that is plugged in.
        target: Name of its target; None when it is not said.
        baud: Rate to begin with; None: the target's.
    """

    url: str | None
    target: str | None = None
    baud: int | None = None


@dataclass(frozen=True, eq=False)
class RunPlan:
    """Plan of one run of a model at one place.

    Attributes:
        model: The model directory.
        place: Where it runs.
        golden: Windows and raw samples; None when nothing but counting is asked.
        steps: Which of the steps.
        counted: Inferences to count; None: as many as the target asks for, and none where its
            emulator cannot count.
        most_baud: Rate to climb to; 0: the first rate stays.
    """

    model: Path
    place: Emulated | Port
    golden: Golden | None = None
    steps: frozenset[Step] = ALL
    counted: int | None = None
    most_baud: int = 0


@dataclass(eq=False)
class MeasuredRun:
    """Result of a plan; what was not asked for, or is not known there, is None.

    Attributes:
        plan: What was asked for.
        target: Of the image; `host` for a board whose target was not said.
        label: Name of the place in reports.
        manifest: Of the generated C.
        size: The image's size report.
        counts: Instructions or cycles of an inference.
        step_instructions: Of the detector's step beside the inference.
        bench: What the device answered.
        exact: What it had to answer.
        link: What the bench met on the line, as JSON values.
        warnings: What a person should know, although all bytes may be right.
        seconds: Wall clock by step.
        elapsed: Wall clock of all.
    """

    plan: RunPlan
    target: Target
    label: str
    manifest: Mapping[str, Any] | None = None
    size: Mapping[str, Any] | None = None
    counts: Counts | None = None
    step_instructions: int | None = None
    bench: BenchResult | None = None
    exact: Exact | None = None
    link: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    elapsed: float = 0.0


def select(
    directory: Path, place: Emulated | Port, windows: int | None, samples: int | None = None
) -> Golden:
    """Return the part of a model's golden file that is asked for; None: all of it.

    An emulator that is slow names how much is enough; that stands in for None.

    Raises:
        DataError: The file is missing or damaged, holds fewer, or no raw samples.
        EmulatorError, TargetError: The target is not known or cannot be emulated.
    """
    if isinstance(place, Emulated):
        config = emulate.configuration(load(place.target), place.kind)
        windows = config.windows or None if windows is None else windows
        samples = config.samples or None if samples is None else samples
    path = directory / "golden.npz"
    golden = golden_file.load(path)
    if not description.load(directory).has_network:
        windows = None  # there are none
    if windows is not None:
        golden = golden.first(windows)
    held = len(golden.samples)
    if not held:
        raise DataError(f"{path}: holds no raw samples; train again")
    if samples is not None and samples > held:
        raise DataError(f"{samples} samples asked, the golden file holds {held}: ask for fewer")
    return replace(golden, samples=golden.samples[:samples], labels=golden.labels[:samples])


def bench(
    url: str,
    windows: NDArray[np.int8],
    samples: NDArray[np.float32],
    sha256: str,
    *,
    baud: int = BAUD,
    most_baud: int = 0,
    reply_seconds: float = TIMEOUT_SECONDS,
    progress: Progress = no_progress,
) -> BenchResult:
    """Take windows and raw samples through the device at `url`; see `run_bench` for errors."""
    with SerialPort(url, baud) as port:
        return run_bench(
            Link(port, reply_seconds),
            windows,
            samples,
            sha256=sha256,
            most_baud=most_baud,
            progress=progress,
        )


def run(
    plan: RunPlan, work: Path, *, say: Say = silent, progress: Progress = no_progress
) -> MeasuredRun:
    """Carry out a plan; `work` takes the intermediate files of the host.

    A difference between device and host is not an error here. Raises the errors of every step.
    """
    start = time.monotonic()
    watch = Stopwatch(say)
    if isinstance(plan.place, Emulated):
        result = _emulated(plan, plan.place, work, watch, progress)
    else:
        result = _on_port(plan, plan.place, work, watch, progress)
    result.seconds = {**watch.seconds, **(result.exact.seconds if result.exact else {})}
    result.elapsed = time.monotonic() - start
    return result


def _emulated(
    plan: RunPlan, place: Emulated, work: Path, watch: Stopwatch, progress: Progress
) -> MeasuredRun:
    """Build; then count and run the image while the host computes what it must answer."""
    target = load(place.target)
    result = MeasuredRun(plan, target, target.name)
    golden, pending = plan.golden, None
    with ThreadPoolExecutor(max_workers=1) as pool:
        with watch.step("generate C and build the image"):
            image = make(
                place.target,
                str(plan.model),
                out=place.out,
                streaming=place.streaming,
                options=place.options,
            )
            result.manifest, result.size = image.manifest(), image.size()
        if "compare" in plan.steps and golden is not None:
            pending = pool.submit(exact_results.run_all, plan.model, golden, work / "host")
        if "count" in plan.steps:
            with watch.step("count instructions"):
                _count(result, image.elf)
        if "bench" in plan.steps and golden is not None:
            with (
                watch.step(f"run {len(golden.windows)} windows, {len(golden.samples)} samples"),
                emulate.start(target, image.elf, kind=place.kind) as emulator,
            ):
                answers = bench(
                    emulator.url,
                    golden.windows,
                    golden.samples,
                    result.manifest["model_sha256"],
                    most_baud=plan.most_baud,
                    reply_seconds=count.reply_seconds(target),
                    progress=progress,
                )
            config = emulate.configuration(target, place.kind)
            _take(result, answers, config.cycles, config.expected_status)
        result.exact = _wait(pending, watch)
    return result


def _count(result: MeasuredRun, image: Path) -> None:
    plan, target = result.plan, result.target
    if (result.manifest or {}).get("network") == description.NO_NETWORK:
        pass
    elif plan.counted is None:
        result.counts = count.count_if_possible(target, image)
    else:
        result.counts = count.count_inferences(target, image, plan.counted)
    if plan.golden is not None:
        samples = plan.golden.samples
        detector = detectors.load(plan.model / detectors.FILE, samples.shape[1])
        most = None if detector.learn_samples else count.COUNTED_SAMPLES
        result.step_instructions = count.count_steps(target, image, samples[:most])


def _take(
    result: MeasuredRun, answers: BenchResult, cycles: str, expected: tuple[str, ...]
) -> None:
    """Keep what the device answered, and what the line was like."""
    result.bench = answers
    result.link = link_facts.link_fields(answers, cycles)
    bound = (result.size or {}).get("stack", {}).get("bound_bytes")
    made_by = (result.manifest or {}).get("backend", answers.info.backend)
    lines = link_facts.warnings(answers.stats, expected, bound)
    lines += link_facts.other_backend(answers.info, made_by)
    result.warnings = tuple(lines)


def _wait(pending: "Future[Exact] | None", watch: Stopwatch) -> Exact | None:
    if pending is None:
        return None
    with watch.step("wait for the host's results"):
        return pending.result()


def _on_port(
    plan: RunPlan, place: Port, work: Path, watch: Stopwatch, progress: Progress
) -> MeasuredRun:
    """Run what is on a serial port; the host computes after the device has answered."""
    result = MeasuredRun(plan, load(place.target or "host"), place.target or "board")
    golden, uart = plan.golden, result.target.uart
    if golden is None:
        raise DataError("a board on a port cannot be counted: give a target and emulate it")
    url = place.url or find_port(adapters(place.target))
    with watch.step(f"run {len(golden.windows)} windows, {len(golden.samples)} samples on {url}"):
        answers = bench(
            url,
            golden.windows,
            golden.samples,
            participants.sha256_of(plan.model),
            baud=place.baud or (uart.baud if uart else BAUD),
            most_baud=plan.most_baud,
            progress=progress,
        )
    # On a port there is no excuse for a status, and cycles are measured.
    _take(result, answers, "measured", ())
    if "compare" in plan.steps:
        result.exact = exact_results.run_all(plan.model, golden, work / "host", say=watch.say)
        path = work / "host" / "standalone" / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        result.manifest = link_facts.of_device(manifest, answers.info)
    rate_hz = description.load(plan.model).rate_hz
    result.warnings += tuple(link_facts.other_pace(answers.info, rate_hz))
    return result


def adapters(target: str | None) -> frozenset[str]:
    """Return `VID:PID` of the adapters of a target's boards, or of every target's."""
    described = [load(name) for name in ([target] if target else available())]
    return frozenset(usb for t in described if t.uart is not None for usb in t.uart.usb)
