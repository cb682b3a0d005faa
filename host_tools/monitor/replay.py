"""A log that an earlier monitor wrote, shown again: at its own pace or another."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.errors import DataError
from host_tools.formats.record import RECORD
from host_tools.monitor.events import Happening
from host_tools.monitor.watched import Device, Facts, Hub, Sample

_BASE = frozenset({"type", "time", "device", "kind", "severity", "text"})


def parse_time(text: str) -> float:
    """Return the seconds since 1970 of a stamp of a log; ValueError for anything else."""
    return datetime.fromisoformat(text).timestamp()


def facts_row(device: Device) -> dict[str, Any]:
    """Return the line of a log that tells what a device is."""
    facts = device.facts
    return {
        "type": "device",
        "device": device.name,
        "where": device.where,
        "model": facts.model,
        "sha256": facts.sha256,
        "version": facts.version,
        "channels": list(facts.channels),
        "units": list(facts.units),
        "period": facts.period,
        "alarm_ratio": facts.ratio,
    }


def _facts(row: Mapping[str, Any]) -> Facts:
    return Facts(
        channels=tuple(map(str, row["channels"])),
        units=tuple(map(str, row["units"])),
        period=float(row["period"]),
        model=str(row["model"]),
        sha256=str(row["sha256"]),
        version=str(row["version"]),
        ratio=float(row["alarm_ratio"]),
    )


def _record(fields: Mapping[str, Any] | None) -> np.void | None:
    if fields is None:
        return None
    record = np.zeros(1, RECORD)
    for name in RECORD.names or ():
        value = fields[name]
        record[name] = np.nan if value is None else value
    found: np.void = record[0]
    return found


def _sample(row: Mapping[str, Any]) -> Sample:
    values = np.array([np.nan if v is None else v for v in row["values"]], np.float32)
    cycles = row.get("cycles")
    return Sample(
        parse_time(row["time"]), int(row["number"]), values, _record(row["record"]), cycles
    )


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number and content of each line; a last one that a cut left unfinished is left out.

    Raises:
        DataError: The file cannot be read, or a line in it is no JSON object.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith("\n"):
                    return
                try:
                    row = json.loads(line)
                except ValueError:
                    row = None
                if not isinstance(row, dict):
                    raise DataError(
                        f"{path}: line {number} is no JSON object: is it a log of monitor?"
                    )
                yield number, row
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None


class Replay(threading.Thread):
    """Gives the rows of a log to devices."""

    def __init__(self, hub: Hub, path: Path, speed: float) -> None:
        """Find the devices of the log; `speed` 0: as fast as it goes.

        Raises:
            DataError: The file is no log of monitor, or holds no device.
        """
        super().__init__(name="monitor replay", daemon=True)
        self.error: Exception | None = None
        self.ready = threading.Event()
        self._hub, self._path, self._speed = hub, path, speed
        self._stop_asked = threading.Event()
        self._devices: dict[str, Device] = {}
        for number, row in rows(path):
            if row.get("type") == "device" and row.get("device") not in self._devices:
                self._devices[str(row["device"])] = self._described(number, row)
        if not self._devices:
            raise DataError(f"{path}: no device in it: give a log that monitor --out --rows wrote")

    def _described(self, number: int, row: Mapping[str, Any]) -> Device:
        try:
            device = self._hub.add(str(row["device"]), str(self._path))
            device.describe(_facts(row))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{self._path}: line {number}: {error!r}") from None
        return device

    def stop(self) -> None:
        """End the thread."""
        self._stop_asked.set()
        self.join(timeout=10.0)

    def run(self) -> None:
        """Give all rows, then tell that the log has ended."""
        self.ready.set()
        try:
            self._all()
        except DataError as error:
            self.error = error

    def _all(self) -> None:
        begin, first = time.monotonic(), None
        for number, row in rows(self._path):
            if self._stop_asked.is_set():
                return
            try:
                stamp = parse_time(row["time"]) if "time" in row else None
                if stamp is not None and self._speed:
                    first = stamp if first is None else first
                    due = begin + (stamp - first) / self._speed
                    self._stop_asked.wait(max(0.0, due - time.monotonic()))
                self._take(row)
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                raise DataError(f"{self._path}: line {number}: {error!r}") from None
        for device in self._devices.values():
            device.say(device.newest, "device", "info", "the log has ended")

    def _take(self, row: Mapping[str, Any]) -> None:
        device = self._devices.get(str(row.get("device")))
        if device is None:
            return
        if row["type"] == "device":
            device.describe(_facts(row))
        elif row["type"] == "row":
            if not device.line.connected:
                device.line.connected = True
            device.take(_sample(row))
        elif row["type"] == "event" and row["kind"] in ("line", "operator"):
            # Other events follow from the rows, if the log has them.
            details = {key: value for key, value in row.items() if key not in _BASE}
            stamp = parse_time(row["time"])
            device.tell(
                Happening(stamp, device.name, row["kind"], row["severity"], row["text"], details)
            )
