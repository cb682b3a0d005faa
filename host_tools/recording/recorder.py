"""The loop of a recording: bytes of a line in, rows of a log out, until it is enough."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.device.serial_port import PortLostError, SerialPort
from host_tools.errors import PortNotFoundError
from host_tools.recording.label import Label
from host_tools.recording.log_file import LogFile
from host_tools.recording.source import Row, Source, Timing

LABEL = "anomaly"
"""Column of the marked faults: `read` takes it for one by this name."""
FORM_SECONDS = 10.0
"""Time in which a board that prints has said three rows, unless `--wait` gives more."""
_FLUSH_SECONDS = 1.0
_REOPEN_SECONDS = 0.5


@dataclass(frozen=True)
class Plan:
    """What is recorded.

    Attributes:
        out: First file of the log.
        has_label: Whether the log has a column of marked faults.
        append: Whether an existing log goes on.
        most_bytes: Size of a file; 0: no bound.
        seconds: Length; 0: until it is ended.
        rows: Rows; 0: until it is ended.
        wait: Seconds for the first rows.
    """

    out: Path
    has_label: bool = False
    append: bool = False
    most_bytes: int = 0
    seconds: float = 0.0
    rows: int = 0
    wait: float = FORM_SECONDS


@dataclass
class Recording:
    """What a recording has become; it is filled while it runs."""

    files: list[Path] = field(default_factory=list)
    columns: Sequence[str] = ()
    rows: int = 0
    newest: Sequence[str] = ()
    timing: Timing = field(default_factory=Timing)
    dropped: int = 0
    first_dropped: str = ""
    reopened: int = 0
    faults: int = 0
    start: float = 0.0
    """Seconds since 1970 at time 0 of the monotonic clock. A clock that is set while the recording
    runs does not tear the log."""


class Recorder:
    """Records from an open port; `result` is right at any time."""

    def __init__(self, port: SerialPort, source: Source, plan: Plan, label: Label) -> None:
        """Take the port; nothing is written before the first rows came."""
        self.result = Recording(start=time.time() - time.monotonic())
        self._port, self._source, self._plan, self._label = port, source, plan, label
        self._log: LogFile | None = None

    def run(
        self, between: Callable[[float], None], say: Callable[[str], None] = lambda _: None
    ) -> None:
        """Record until the plan is fulfilled.

        Args:
            between: Called with the time after each piece; a mark it sets counts from there.
            say: Takes a line for the user.

        Raises:
            DeviceSilentError: Nothing came in the time for the first rows.
            DeviceUnknownError: What came holds no rows of numbers.
            DataError: The channels that were named do not fit to the line.
            OutputError: The log cannot be written; what was written is whole.
        """
        begin = flushed = time.monotonic()
        try:
            while not self._is_enough(time.monotonic() - begin):
                data = self._receive(say)
                now = time.monotonic()
                between(now)
                rows = self._source.take(data, now, is_fault=self._label.is_on)
                if self._log is None and self._source.names:
                    self._open(say)
                self._write(rows)
                if self._log is None and now - begin > self._plan.wait:
                    raise self._source.diagnosis(self._plan.wait)
                if self._log is not None and now - flushed >= _FLUSH_SECONDS:
                    self._log.flush()
                    flushed = now
        finally:
            self._end()

    def _is_enough(self, elapsed: float) -> bool:
        plan, rows = self._plan, self.result.rows + self._source.waiting
        return bool(plan.seconds and elapsed >= plan.seconds) or 0 < plan.rows <= rows

    def _receive(self, say: Callable[[str], None]) -> bytes:
        try:
            return self._port.receive()
        except PortLostError as error:
            say(f"{error}; waiting for it")
        while True:
            time.sleep(_REOPEN_SECONDS)
            try:
                self._port.reopen(self._port.baud)
            except PortNotFoundError:
                continue
            self.result.reopened += 1
            say(f"{self._port.url} is back")
            self._source.lose(say)
            return b""

    def _open(self, say: Callable[[str], None]) -> None:
        if self._source.note:
            say(self._source.note)
        columns = [*self._source.names, *([LABEL] if self._plan.has_label else [])]
        self._log = LogFile(
            self._plan.out, columns, append=self._plan.append, most=self._plan.most_bytes
        )
        self.result.columns, self.result.files = columns, self._log.files

    def _write(self, rows: Sequence[Row]) -> None:
        if self._plan.rows:
            rows = rows[: self._plan.rows - self.result.rows]
        for row in rows:
            assert self._log is not None
            label = [str(int(row.is_fault))] if self._plan.has_label else []
            self._log.write(self.result.start + row.stamp, [*row.values, *label])
            self.result.newest = row.values
        self.result.rows += len(rows)
        self.result.timing = self._source.timing()

    def _end(self) -> None:
        """Write what waits, and count."""
        rest = self._source.rest()
        if self._log is not None:
            try:
                self._write(rest)
            finally:
                self._log.close()
        self.result.dropped = self._source.dropped
        self.result.first_dropped = self._source.first_dropped
        self.result.faults = self._label.count
