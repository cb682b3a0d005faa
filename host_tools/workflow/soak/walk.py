"""A device and its twin on their way through the material, in step, and what strikes the device."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from host_tools.device import protocol
from host_tools.device.faulty_port import FaultyPort
from host_tools.device.link import TIMEOUT_SECONDS, DeviceRestartedError, Link
from host_tools.device.rate import negotiate
from host_tools.device.stream import SampleStream
from host_tools.errors import DifferentError
from host_tools.formats.record import RECORD
from host_tools.workflow.clock import Progress, no_progress
from host_tools.workflow.soak import scenario
from host_tools.workflow.soak.material import Material
from host_tools.workflow.soak.outcome import Note
from host_tools.workflow.soak.scenario import Fault
from host_tools.workflow.soak.supply import Supply
from host_tools.workflow.soak.twin import Twin, record_bytes

NOT_REACHED = "not reached"
"""What came of a power cut in a save where the samples ended before the save."""
_MILLE = 1000
_LONGEST = 10
"""Factor on the time after which a device says stale: an emulator's clock is slow when its host is
busy."""


@dataclass(frozen=True)
class Terms:
    """Terms of the line: the highest rate to try (0: none), and the first wait for a reply."""

    most_baud: int = 0
    reply_seconds: float = TIMEOUT_SECONDS


@dataclass(frozen=True)
class Said:
    """What the device said of itself in an hour; damaged frames since the beginning."""

    hour: int
    stack_bytes: int
    frame_errors: int
    status: int


class Walk:
    """One soak on its way.

    After `run` these are whole, one row for each of the material: `records` of the device,
    `expected` of the twin, `is_sent`; and `notes` of the faults, `said` by the device, and the rows
    of its `restarts`.
    """

    supply: Supply | None = None
    """Power of the device; None: nobody switches it."""

    def __init__(
        self, port: FaultyPort, twin: Twin, material: Material, hour_rows: int, terms: Terms
    ) -> None:
        """Take an open port and the device's twin, both as after power-up."""
        self._port, self._twin, self._material, self._terms = port, twin, material, terms
        self._hours = material.numbers // hour_rows
        breaks = (np.diff(material.numbers) != 1) | (np.diff(self._hours) != 0)
        self._breaks = np.append(np.flatnonzero(breaks) + 1, len(material.numbers))
        self._link = Link(port, terms.reply_seconds)
        self._pace = protocol.PACE_REPLAY
        self._at = 0
        self._errors_before = 0
        self._cut: Fault | None = None
        """Fault whose power cut waits for the next save."""
        rows = len(material.numbers)
        self.records: NDArray[np.void] = np.zeros(rows, RECORD)
        self.expected: NDArray[np.void] = np.zeros(rows, RECORD)
        self.is_sent: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        self.notes: list[Note] = []
        self.said: list[Said] = []
        self.restarts: list[int] = []
        self._errors = 0

    def run(self, faults: Sequence[Fault], progress: Progress = no_progress) -> None:
        """Go through all of the material, and through `faults`.

        Raises:
            LinkLostError, DeviceError: see Link.request; a restart that nobody asked for is one.
            DifferentError: The device did not save, or did not restart, when it should.
        """
        rows = len(self._material.numbers)
        if any(fault.kind == scenario.SILENCE for fault in faults):
            self._pace = protocol.PACE_PLANT
        self._connect(forgets=True)
        waiting = deque(faults)
        while self._at < rows:
            fault = next((f for f in waiting if self._is_due(f)), None)
            if fault is not None:
                waiting.remove(fault)
                self._strike(fault)
            else:
                self._frame(waiting)
                progress("samples", self._at, rows)
        self._port.disarm()
        if self._cut is not None:
            self._note(self._cut, rows - 1, NOT_REACHED)
        self._end_note()
        self._ask()

    def _is_due(self, fault: Fault) -> bool:
        """Return whether a fault strikes now. The power stays while a cut waits for a save."""
        return fault.row <= self._at and not (fault.group == scenario.POWER and self._cut)

    # ---- samples ----------------------------------------------------------------------------

    def _connect(self, *, forgets: bool) -> None:
        """Open a session, and a stream that goes on with the next sample."""
        info = self._link.connect()
        negotiate(self._link, info, self._terms.most_baud)
        phase = self._material.phase(info.day_samples)
        number = int(self._material.numbers[min(self._at, len(self._material.numbers) - 1)])
        if phase is not None:
            phase = (phase + number) % info.day_samples
        self._stream = SampleStream(self._link, info, phase, resume=not forgets, pace=self._pace)
        self._stale_seconds = info.stale_ms / 1000
        self._twin.open(phase, forgets=forgets)
        self._base = number

    def _frame(self, waiting: Sequence[Fault]) -> None:
        """Take one frame through both."""
        first = self._at
        stop = int(self._breaks[np.searchsorted(self._breaks, first, side="right")])
        rows = (fault.row for fault in waiting if fault.row > first)
        last = min(first + self._stream.most, stop, *rows)
        self.expected[first:last] = self._twin.take(first, last)
        if self._twin.is_due and self._cut is not None:
            self._port.disarm()  # a reply that is sent again would come from a dead device
        part = slice(first, last)
        numbers = self._material.numbers[part] - self._base
        self.records[part] = self._stream.send(self._material.samples[part], numbers)
        self.is_sent[part] = True
        self._at = last
        if self._twin.is_due:
            self._save()
        if last == stop and (last == len(self._hours) or self._hours[last] != self._hours[first]):
            self._ask(int(self._hours[first]))

    def _save(self) -> None:
        """Let the device save what it learned, or cut its power meanwhile."""
        if self._cut is None:
            self._link.request("PING")  # answered when the save is done
            self._twin.keep()
            return
        fault, self._cut = self._cut, None
        assert self.supply is not None
        self.supply.wait_cut()
        self.restarts.append(self._at)
        row = self._lose(fault.rows)
        self._note(fault, row, self._switch_on())

    def _ask(self, hour: int | None = None) -> None:
        """Note what the device says of itself."""
        stats = protocol.parse_stats(self._link.request("STATS"))
        at = min(self._at, len(self._hours) - 1)
        self._errors = self._errors_before + stats.frame_errors
        self.said.append(
            Said(
                int(self._hours[at]) if hour is None else hour,
                stats.stack_bytes,
                self._errors,
                stats.status,
            )
        )

    def _lose(self, rows: int) -> int:
        """Let samples pass that nobody sends; return the first of them."""
        first = self._at
        self._at = min(first + rows, len(self._material.numbers))
        return first

    # ---- faults -----------------------------------------------------------------------------

    def _note(self, fault: Fault, row: int, came: str = "") -> None:
        """Note what became of a fault that struck at `row`."""
        self._end_note()
        self.notes.append(Note(fault, row, self._at, came, self._link.counters.retries))

    def _end_note(self) -> None:
        """Turn the count of repeats at the last fault into the number of them since."""
        if self.notes:
            last = self.notes[-1]
            self.notes[-1] = replace(last, repeats=self._link.counters.retries - last.repeats)

    def _strike(self, fault: Fault) -> None:
        if fault.group == scenario.SENSORS:
            self._note(fault, fault.row)
        elif fault.group == scenario.LINE:
            self._strike_line(fault)
        else:
            self._port.disarm()
            self._ask()
            self.restarts.append(self._at)
            strikes: dict[str, Callable[[Fault], None]] = {
                scenario.RESTART: self._restart,
                scenario.OFF: self._switch_off,
                scenario.BROWN_OUT: self._brown_out,
                scenario.SAVE: self._prepare_cut,
            }
            strikes[fault.kind](fault)

    def _strike_line(self, fault: Fault) -> None:
        if fault.kind == scenario.AWAY:
            self._port.disarm()
            self._port.close()
            row = self._lose(fault.rows)
            self._port.reopen(self._port.baud)
            self._note(fault, row, "went on")
        elif fault.kind == scenario.SILENCE:
            self._port.disarm()
            self._be_silent()
            self._twin.stale()
            row = self._lose(fault.rows)
            self._note(fault, row, "stale")
        else:
            self._port.arm(fault.kind, fault.size)
            self._note(fault, fault.row, "went on")

    def _be_silent(self) -> None:
        """Send no sample until the device has said stale, by its own clock."""
        most = time.monotonic() + _LONGEST * self._stale_seconds
        begin = self._uptime_seconds()
        while (left := begin + self._stale_seconds + 1 - self._uptime_seconds()) > 0:
            if time.monotonic() > most:
                raise DifferentError("the clock of the device stands still")
            time.sleep(left)

    def _uptime_seconds(self) -> float:
        return protocol.parse_stats(self._link.request("STATS")).uptime_ms / 1000

    def _restart(self, fault: Fault) -> None:
        """Restart the device by a request."""
        self._link.reset()
        self._note(fault, self._at, self._come_up())

    def _come_up(self, *, forgets: bool = False) -> str:
        """Meet a device that started; return what became of its baseline."""
        self._errors_before = self._errors
        is_kept = self._twin.power_up()
        self._connect(forgets=forgets)
        if self._twin.detector.learn_samples == 0:
            return "went on"
        return "restored" if is_kept else "learned anew"

    def _switch_off(self, fault: Fault) -> None:
        """Take the power away in the middle of a frame, for as many samples as are lost."""
        self._cut_frame(fault)
        row = self._lose(fault.rows)
        self._note(fault, row, self._switch_on())

    def _next_number(self) -> NDArray[np.int64]:
        """Return the number of the next sample in the stream, [1]."""
        return self._material.numbers[self._at :][:1] - self._base

    def _cut_frame(self, fault: Fault) -> None:
        """Send a part of the next frame, and take the power away."""
        assert self.supply is not None
        samples = self._material.samples[self._at :][: self._stream.most]
        # Never the whole of it: a device that took it might have saved already.
        share = 0.99 * fault.size / _MILLE
        self._stream.abandon(samples, int(self._next_number()[0]), share)
        self.supply.off()

    def _switch_on(self, cut_after: int | None = None, *, forgets: bool = False) -> str:
        """Give the power back, and meet the device."""
        assert self.supply is not None
        self._port.close()
        self.supply.on(cut_after)
        self._port.url = self.supply.url
        self._port.reopen(self._link.first_baud)
        return self._come_up(forgets=forgets)

    def _brown_out(self, fault: Fault) -> None:
        """Let the device start anew behind a port that stays open: the next request tells."""
        self._cut_frame(fault)
        assert self.supply is not None
        self.supply.on()
        self._port.url = self.supply.url
        self._port.reopen(self._link.first_baud)
        try:
            self._stream.send(self._material.samples[self._at :][:1], self._next_number())
        except DeviceRestartedError:
            self._note(fault, self._at, self._come_up())
            return
        raise DifferentError("the device lost its power, and does not say that it restarted")

    def _prepare_cut(self, fault: Fault) -> None:
        """Let the device learn anew, and the power go in the save that follows."""
        assert self.supply is not None
        self._cut_frame(fault)
        size = record_bytes(self._twin.detector)
        self._switch_on(fault.size * size // _MILLE, forgets=True)
        self._cut = fault
