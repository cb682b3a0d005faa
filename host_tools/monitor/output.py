"""The log of a monitor: events, and with rows all samples, one JSON object in a line."""

import json
import threading
from pathlib import Path
from typing import Any, TextIO

from host_tools.monitor.events import Happening
from host_tools.monitor.replay import facts_row
from host_tools.monitor.watched import Device, Facts, Hub, Sample
from targets.errors import OutputError


class LogWriter:
    """Writes whole lines; each event is there at once, rows with the next event or second."""

    def __init__(self, path: Path, hub: Hub, *, with_rows: bool) -> None:
        """Listen to the hub; the file begins with the first event. OutputError when it is there."""
        self._path, self._hub = path, hub
        self._lock = threading.Lock()
        self._known: dict[str, Facts] = {}
        self._file: TextIO | None = None
        self._is_over = False
        if path.exists():
            raise OutputError(f"{path} is there already: give another name with --out")
        hub.listen(self.event)
        if with_rows:
            hub.keep_rows(self.row)

    def close(self) -> None:
        """End the file."""
        with self._lock:
            self._is_over = True
            if self._file is not None:
                self._file.close()
                self._file = None

    def event(self, event: Happening) -> None:
        """Write an event."""
        for device in self._hub.devices:
            if device.name == event.device:
                self._describe(device)
        self._write(event.as_json(), flush=True)

    def row(self, device: Device, sample: Sample) -> None:
        """Write a sample."""
        self._describe(device)
        self._write(sample.as_json(device.name), flush=False)

    def flush(self) -> None:
        """Give what is written to the system; called each second."""
        with self._lock:
            if self._file is not None:
                self._try(self._file.flush)

    def _describe(self, device: Device) -> None:
        if device.facts.channels and self._known.get(device.name) != device.facts:
            self._known[device.name] = device.facts
            self._write(facts_row(device), flush=False)

    def _write(self, row: dict[str, Any], *, flush: bool) -> None:
        text = json.dumps(row, allow_nan=False, ensure_ascii=False) + "\n"
        with self._lock:
            if not self._is_over:
                self._try(lambda: self._put(text, flush=flush))

    def _put(self, text: str, *, flush: bool) -> None:
        if self._file is None:
            self._file = self._path.open("x", encoding="utf-8")
        self._file.write(text)
        if flush:
            self._file.flush()

    def _try(self, action: Any) -> None:
        """Do it; a disk that is full ends the monitor, not the thread that reads a device."""
        try:
            action()
        except OSError as error:
            self._hub.failure = OutputError(f"{self._path}: cannot be written: {error.strerror}")
            self._is_over = True
