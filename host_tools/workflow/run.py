"""One measured run: build an image, run it, compare it with everything on the host.

`host_tools demo` and `host_tools bench --emulate` are this, with different wrapping.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare import exact as exact_results
from host_tools.device.bench import BenchResult, run_bench, stream_samples
from host_tools.device.link import TIMEOUT_SECONDS, Link
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DataError
from host_tools.formats import description, scaler
from host_tools.formats import detector as detectors
from host_tools.formats import golden as golden_file
from host_tools.formats.detector import Detector
from host_tools.formats.golden import Golden
from host_tools.report import words
from host_tools.report.record import OperatorCost, Report, Series
from host_tools.workflow import assemble
from host_tools.workflow.assemble import DeviceRun, Subject
from targets import elf, emulate
from targets import load as target_file
from targets.build import ROOT
from targets.emulate import count, counting, qemu, step_count
from targets.emulate.count import Counts
from targets.load import Target
from targets.make import make

COUNTED_WINDOWS = 6
COUNTED_SAMPLES = 120
"""Raw samples through the counted detector: past its warm-up."""
PLUGINS = ROOT / "build" / "emulate"
_UNITS = ("instructions", "cycles")

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]


@dataclass
class Clock:
    """Wall clock by step, in the order of the steps."""

    say: Say
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce a step and measure it."""
        self.say(name)
        start = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - start


def count_instructions(target: Target, image: Path) -> Counts | None:
    """Count instructions or cycles of a few inferences; None when the emulator cannot count.

    Raises EmulatorError, BuildError or a device error.
    """
    from host_tools.commands.count import measure

    if target.emulator is None or target.emulator.kind not in counting.UNITS:
        return None
    return measure(target, image, target.emulator.windows or COUNTED_WINDOWS)


def count_steps(target: Target, image: Path, samples: NDArray[np.float32]) -> int | None:
    """Count the detector's step beside the inference: the most over some raw samples.

    None when the target's emulator cannot count. Raises EmulatorError, BuildError or a device
    error.
    """
    if target.emulator is None or target.emulator.kind != "qemu":
        return None
    with tempfile.TemporaryDirectory(prefix="safe-count-") as folder:
        config, out = Path(folder, "config.txt"), Path(folder, "out.txt")
        config.write_text(step_count.configure(elf.read(image)), encoding="utf-8")
        argument = count.plugin_argument(count.build_plugin(PLUGINS), config, out)
        with (
            qemu.start(target, image, plugin=argument) as emulator,
            SerialPort(emulator.url) as port,
        ):
            link = Link(port)
            stream_samples(link, link.connect(), samples, lambda *_: None)
        return max(step.chain for step in step_count.parse(out.read_text(encoding="utf-8")))


def bench(
    url: str,
    windows: NDArray[np.int8],
    samples: NDArray[np.float32],
    sha256: str,
    *,
    baud: int = 115200,
    most_baud: int = 0,
    reply_seconds: float = TIMEOUT_SECONDS,
    progress: Progress = lambda *_: None,
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


def _counts(counts: Counts | None, unit: str) -> bool:
    return counts is not None and counts.unit == unit


def _total(counts: Counts | None, unit: str) -> int | None:
    return counts.maximum if counts is not None and counts.unit == unit else None


def operator_costs(manifest: Mapping[str, Any], counts: Counts | None) -> tuple[OperatorCost, ...]:
    """Return the manifest's operators with their counted instructions or cycles."""
    counted = {row.index: row.maximum for row in counts.operators} if counts else {}
    instructions, cycles = (counted if _counts(counts, unit) else {} for unit in _UNITS)
    return tuple(
        OperatorCost(
            index=row["index"],
            kind=row["kind"],
            name=row["name"],
            macs=row["macs"],
            instructions=instructions.get(row["index"]),
            cycles=cycles.get(row["index"]),
        )
        for row in manifest["operators"]
    )


def subject(
    target: Target,
    directory: Path,
    data: str,
    manifest: Mapping[str, Any],
    *,
    size: Mapping[str, Any] | None = None,
    counts: Counts | None = None,
    step_instructions: int | None = None,
) -> Subject:
    """Gather the facts of one image; without `size` its memory figures stay unmeasured."""
    about = description.load(directory)
    detector = detectors.load(directory / detectors.FILE, len(about.channels))
    scale = scaler.load(directory / "scaler.json")
    output = manifest["outputs"][0]
    capacity: dict[str, int] = {}
    for region in target.memory:
        capacity[region.kind] = capacity.get(region.kind, 0) + region.size
    size = size or {}
    return Subject(
        target=target.name,
        backend=manifest["backend"],
        model=about.name,
        model_sha256=manifest["model_sha256"],
        data=data,
        channel_names=about.channels,
        scale=float(output["scale"]),
        zero_point=int(output["zero_point"]),
        threshold=float(detector.threshold),
        flash_bytes=size.get("flash_bytes"),
        model_bytes=size.get("model_bytes"),
        arena_bytes=manifest["arena_bytes"],
        static_ram_bytes=size.get("static_ram_bytes"),
        stack_bound_bytes=size.get("stack", {}).get("bound_bytes"),
        instructions_per_step=step_instructions,
        instructions_per_inference=_total(counts, "instructions"),
        cycles_per_inference=_total(counts, "cycles"),
        operators=operator_costs(manifest, counts),
        memory=capacity,
        rate_hz=about.rate_hz or None,
        scored=_scored(detector, about.channels),
        reading=_reading(directory),
        units=about.units,
        mean=tuple(scale.mean.tolist()),
        std=tuple(scale.std.tolist()),
    )


def _scored(detector: Detector, channels: Sequence[str]) -> dict[str, str]:
    """Return by channel which statistics of the detector take it, in the order of channels."""
    found = {}
    for index, name in enumerate(channels):
        kinds = {"level": detector.level_channels, "residual": detector.residual_channels}
        if words := [kind for kind, taken in kinds.items() if index in taken]:
            found[name] = " and ".join(words)
    return found


def _reading(directory: Path) -> list[str]:
    """Return how the training's log was read, as `training.json` keeps it; none where it is not."""
    try:
        kept = json.loads((directory / "training.json").read_text(encoding="utf-8"))
        return words.reading(kept.get("reading") or {})
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return []


def device_run(result: BenchResult, golden: Golden) -> DeviceRun:
    """Return a bench's answers in the shape of the golden file; 0 bytes of stack is unknown."""
    return DeviceRun(
        outputs=result.outputs.reshape(golden.outputs.shape),
        records=result.records,
        stack_bytes=result.stats.stack_bytes or None,
    )


def data_words(directory: Path) -> str:
    """Return where a model's data come from, in words."""
    if description.load(directory).source == "plant":
        return "synthetic plant (simulated, not measured on a machine)"
    return "CSV file"


def run(
    target_name: str,
    directory: Path,
    work: Path,
    *,
    windows: int | None = None,
    data: str | None = None,
    streaming: bool = False,
    say: Say = lambda _: None,
    progress: Progress = lambda *_: None,
) -> tuple[Report, Series | None]:
    """Build, emulate, bench, count and compare one model on one target.

    `windows` of the golden file are used (None: all), and all of its raw samples. `work` takes
    intermediate files. With `streaming` the image computes per sample. Raises the errors of every
    step; a difference is not an error here but a report whose `exact` is false.
    """
    start = time.monotonic()
    clock = Clock(say)
    target = target_file.load(target_name)
    golden = golden_file.load(directory / "golden.npz")
    if windows is not None:
        golden = golden.first(windows)
    if not len(golden.samples):
        raise DataError(f"{directory}/golden.npz holds no raw samples; train again")
    with ThreadPoolExecutor(max_workers=1) as pool:
        with clock.step("generate C and build the image"):
            # A folder of its own: another model of this name may be built at the same time.
            image = make(target_name, str(directory), out=work / "build", streaming=streaming)
            manifest, size = image.manifest(), image.size()
        pending = pool.submit(exact_results.run_all, directory, golden, work / "host")
        with clock.step("count instructions"):
            counts = count_instructions(target, image.elf)
            steps = count_steps(target, image.elf, golden.samples[:COUNTED_SAMPLES])
        with (
            clock.step(f"run {len(golden.windows)} windows, {len(golden.samples)} samples"),
            emulate.start(target, image.elf) as emulator,
        ):
            sha256 = manifest["model_sha256"]
            result = bench(emulator.url, golden.windows, golden.samples, sha256, progress=progress)
        with clock.step("wait for the host's results"):
            exact = pending.result()
    about = subject(
        target,
        directory,
        data or data_words(directory),
        manifest,
        size=size,
        counts=counts,
        step_instructions=steps,
    )
    device = device_run(result, golden)
    elapsed = time.monotonic() - start
    seconds = {**clock.seconds, **exact.seconds}
    found = assemble.report(about, golden, device, exact, host_seconds=elapsed, seconds=seconds)
    return found, assemble.series(about, golden, device, exact)
