"""What a soak came to: the hours, the faults and what came of each, in words and as JSON."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from host_tools.errors import DifferentError
from host_tools.workflow.soak import scenario

INTERRUPT_BYTES = 160
"""Stack that an interrupt takes where it comes at a deeper place than any before: the frame of a
core with floating point, 104 bytes, and what its handler calls."""


@dataclass(frozen=True)
class Hour:
    """What the device said after one hour of the plant.

    Attributes:
        hour: From 1 on.
        samples: Sent in this hour.
        lost: Samples that never came to the device, before those of this hour.
        different: Records that are not those of the host.
        stack_bytes: Most stack since the beginning; 0: not known.
        frame_errors: Damaged frames since then.
    """

    hour: int
    samples: int
    lost: int
    different: int
    stack_bytes: int
    frame_errors: int


@dataclass(frozen=True)
class Outcome:
    """A fault, and what came of it.

    Attributes:
        hour: Of the plant, from 0 on, at which it began.
        group: Key of `scenario.KINDS`.
        kind: Key of `scenario.WORDS`.
        channels: Names of the sensors.
        rows: Samples that it lasted.
        lost: Samples that were lost by it.
        came: What the device did, in a word or two.
        after: Samples until then.
        repeats: Frames that the host sent again.
        different: Records from there to the next fault that are not those of the host.
        expected: Whether no record differs, and what must come of such a fault has come.
    """

    hour: float
    group: str
    kind: str
    channels: tuple[str, ...]
    rows: int
    lost: int
    came: str
    after: int
    repeats: int
    different: int
    expected: bool


@dataclass(frozen=True)
class Soaked:
    """Result of a soak.

    Attributes:
        hours: One by one.
        first_different: Number of the first sample whose records differ; None: none does.
        states: Samples by the state that the device gave them.
        stack_bound: Bytes of stack that were proved for the image; None: not known.
        status: Names of the device's status bits at the end.
        starts: Number of times that the device started.
        faults: What was drawn, in order; empty: nothing was asked for.
    """

    hours: tuple[Hour, ...]
    first_different: int | None
    states: Mapping[str, int]
    stack_bound: int | None
    status: tuple[str, ...]
    starts: int = 1
    faults: tuple[Outcome, ...] = ()

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
            f" {self.total('lost'):,} more were lost",
            f"records that differ from the host's: {self.total('different'):,}",
            f"states: {states}",
            f"stack: {first.stack_bytes:,} bytes after the first hour, {last.stack_bytes:,} at the"
            f" end{bound}",
            f"frame errors: {last.frame_errors}; status: {', '.join(self.status) or 'healthy'}",
            *self._fault_lines(),
        ]

    def _fault_lines(self) -> list[str]:
        """Return a table of the faults by kind."""
        if not self.faults:
            return []
        wrong = sum(not fault.expected for fault in self.faults)
        told = f"{wrong} not as expected" if wrong else "all as expected"
        lines = [f"faults: {len(self.faults)}, {told}; the device started {self.starts} times", ""]
        lines.append(f"  {'fault':10} {'times':>5} {'rows lost':>9}  what came of it")
        for kind in scenario.WORDS:
            some = [fault for fault in self.faults if fault.kind == kind]
            if some:
                came = Counter(fault.came for fault in some)
                words = ", ".join(f"{word} {n}" for word, n in came.most_common())
                lost = sum(fault.lost for fault in some)
                lines.append(f"  {kind:10} {len(some):5} {lost:9,}  {words}")
        return lines

    def require_expected(self) -> None:
        """Raise DifferentError when a record differs, or what must come of a fault did not, or
        when the stack grows, or is deeper than what was proved.
        """
        if self.first_different is not None:
            raise DifferentError(
                f"{self.total('different')} of {self.total('samples')} records differ from the"
                f" host's, the first at sample {self.first_different}"
            )
        for fault in self.faults:
            if not fault.expected:
                raise DifferentError(
                    f"fault {fault.kind} at hour {fault.hour:.2f}: {fault.came} is not what must"
                    " come of it"
                )
        first, last = self.hours[0].stack_bytes, self.hours[-1].stack_bytes
        if self.stack_bound is not None and last > self.stack_bound:
            raise DifferentError(f"the stack was {last} bytes deep, {self.stack_bound} are proved")
        if last > first + INTERRUPT_BYTES:
            raise DifferentError(
                f"the stack grew from {first} bytes after the first hour to {last} at the end"
            )
