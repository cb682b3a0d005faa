"""Days of samples through a device, as fast as it takes them, and the same on this host.

What only shows in the long run is looked for: records that differ from the host's, samples that
are not counted, a stack that grows, a line that loses bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.data import plant
from host_tools.data.table import LOST_ROWS, Table
from host_tools.detection import hours, replay
from host_tools.device import protocol
from host_tools.device.link import Link
from host_tools.device.rate import negotiate
from host_tools.device.serial_port import SerialPort
from host_tools.device.stream import SampleStream
from host_tools.errors import DataError, DifferentError
from host_tools.formats import description
from host_tools.formats.record import RECORD, State
from host_tools.runtimes import host_c
from host_tools.workflow.clock import Progress, Say, no_progress, silent

HOUR = 3600


@dataclass(frozen=True, eq=False)
class Material:
    """Samples, float32 [rows, channels], and the number of each, from 0: a jump is a loss.

    `start` is the time of the first one in seconds since 1970; 0: not known.
    """

    samples: NDArray[np.float32]
    numbers: NDArray[np.int64]
    start: float = 0.0

    def phase(self, day_samples: int) -> int | None:
        """Return which sample of its day the first one is, midnight where that is not known."""
        known = hours.phase(self.start, day_samples)
        return 0 if known is None and day_samples else known


@dataclass(frozen=True)
class Hour:
    """What the device said after one hour of the plant.

    Attributes:
        hour: From 1 on.
        samples: Sent in this hour.
        lost: Samples that the device was told it lost.
        different: Records that are not those of the host.
        stack_bytes: Most stack since the device started; 0: not known.
        frame_errors: Damaged frames since then.
    """

    hour: int
    samples: int
    lost: int
    different: int
    stack_bytes: int
    frame_errors: int


@dataclass(frozen=True)
class Soaked:
    """Result of a soak.

    Attributes:
        hours: One by one.
        first_different: Number of the first sample whose records differ; None: none does.
        states: Samples by the state that the device gave them.
        stack_bound: Bytes of stack that were proved for the image; None: not known.
        status: Names of the device's status bits at the end.
    """

    hours: tuple[Hour, ...]
    first_different: int | None
    states: Mapping[str, int]
    stack_bound: int | None
    status: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        """Return the JSON."""
        return asdict(self)

    def total(self, name: str) -> int:
        """Return the sum of an hour's attribute."""
        return sum(getattr(hour, name) for hour in self.hours)

    def lines(self) -> list[str]:
        """Return the result in words."""
        first, last = self.hours[0], self.hours[-1]
        bound = "" if self.stack_bound is None else f", proved bound {self.stack_bound:,}"
        states = ", ".join(f"{count:,} {name}" for name, count in self.states.items())
        return [
            f"{len(self.hours)} hours of plant: {self.total('samples'):,} samples,"
            f" {self.total('lost'):,} more told as lost",
            f"records that differ from the host's: {self.total('different'):,}",
            f"states: {states}",
            f"stack: {first.stack_bytes:,} bytes after the first hour, {last.stack_bytes:,} at the"
            f" end{bound}",
            f"frame errors: {last.frame_errors}; status: {', '.join(self.status) or 'healthy'}",
        ]

    def require_exact(self) -> None:
        """Raise DifferentError when a record differs."""
        if self.first_different is not None:
            raise DifferentError(
                f"{self.total('different')} of {self.total('samples')} records differ from the"
                f" host's, the first at sample {self.first_different}"
            )


def of_log(table: Table, span: int) -> Material:
    """Return the first `span` hours of a log.

    Its clock tells what is lost; without one, or where that stands still or goes back, a jump
    loses more than a detector bridges.
    """
    rows = min(len(table), max(1, round(span * HOUR * table.rate_hz)))
    if table.seconds is not None and np.isfinite(table.seconds[:rows]).all():
        start = float(table.seconds[0])
        numbers = np.rint((table.seconds[:rows] - start) * table.rate_hz).astype(np.int64)
        if (np.diff(numbers) > 0).all():
            return Material(table.samples[:rows], numbers, start)
    jumps = np.diff(table.segments[:rows], prepend=table.segments[:1]) > 0
    jumps[1:] &= (table.segments[1:rows] >= 0) & (table.segments[: rows - 1] >= 0)
    return Material(table.samples[:rows], np.arange(rows) + LOST_ROWS * np.cumsum(jumps))


def of_plant(directory: Path, span: int, seed: int) -> Material:
    """Return `span` hours of the synthetic plant, with what its logger missed.

    Raises:
        DataError: The model has other channels than the plant.
    """
    about = description.load(directory)
    if about.channels != plant.NAMES:
        raise DataError(
            f"{directory}: its channels are not those of the synthetic plant: give a log of its own"
            " plant with --csv"
        )
    day = plant.simulate(seed, span * HOUR)
    return Material(day.samples, day.seconds - day.seconds[0])


def run(
    url: str,
    directory: Path,
    material: Material,
    work: Path,
    *,
    stack_bound: int | None = None,
    most_baud: int = 0,
    reply_seconds: float = 1.0,
    progress: Progress = no_progress,
    say: Say = silent,
) -> Soaked:
    """Stream everything through the device at `url` and compare with the chain on this host.

    Raises:
        DeviceError, LinkLostError: The device restarted, or the link is lost: nothing is whole.
        DataError, BuildError: The model directory cannot be run on this host.
    """
    about = description.load(directory)
    hour_rows = max(1, round(about.rate_hz * HOUR))
    of_hour = material.numbers // hour_rows
    records = np.zeros(len(material.samples), RECORD)
    stats: list[protocol.Stats] = []
    say(f"stream {len(records):,} samples")
    with SerialPort(url) as port:
        link = Link(port, reply_seconds)
        info = link.connect()
        negotiate(link, info, most_baud)
        stream = SampleStream(link, info, material.phase(info.day_samples))
        for hour in range(int(of_hour[-1]) + 1):
            rows = np.flatnonzero(of_hour == hour)
            for part in np.array_split(rows, max(1, len(rows) // (10 * info.max_samples))):
                if len(part):
                    records[part] = stream.send(material.samples[part], material.numbers[part])
                    progress("samples", int(part[-1]) + 1, len(records))
            stats.append(protocol.parse_stats(link.request("STATS")))
    say("the same on this host")
    expected = _expected(directory, material, work)
    return _result(material, of_hour, (records, expected), stats, stack_bound)


def _expected(directory: Path, material: Material, work: Path) -> NDArray[np.void]:
    has_network = description.load(directory).has_network
    forecast = host_c.compile_model(directory, work).run if has_network else None
    config = replay.load(directory)
    phase = material.phase(config.detector.day_samples)
    return replay.run_chain(
        config, material.samples, forecast, phase=phase, counter=material.numbers
    )


def _result(
    material: Material,
    of_hour: NDArray[np.int64],
    records: tuple[NDArray[np.void], NDArray[np.void]],
    stats: Sequence[protocol.Stats],
    stack_bound: int | None,
) -> Soaked:
    lost = np.diff(material.numbers, prepend=-1) - 1
    found, expected = (r.view((np.void, RECORD.itemsize)) for r in records)
    different = found != expected
    every = tuple(
        Hour(
            hour + 1,
            int((of_hour == hour).sum()),
            int(lost[of_hour == hour].sum()),
            int(different[of_hour == hour].sum()),
            said.stack_bytes,
            said.frame_errors,
        )
        for hour, said in enumerate(stats)
    )
    states, counts = np.unique(records[0]["state"], return_counts=True)
    at = np.flatnonzero(different)
    return Soaked(
        every,
        int(material.numbers[at[0]]) if len(at) else None,
        {State(s).name.lower(): int(n) for s, n in zip(states, counts, strict=True)},
        stack_bound,
        protocol.port_status_names(stats[-1].status),
    )
