"""State of one watched device, shared by the thread that reads it and those who look at it."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.device.protocol import Stats, port_status_names
from host_tools.formats.record import VERDICTS
from host_tools.monitor.events import INFO, NOTICE, Happening, Narrator, number, state_word
from host_tools.monitor.history import BUDGET_BYTES, History
from host_tools.recording.log_file import utc

SCORE, LIMIT = -2, -1
"""Columns of the history behind the channels."""
GAP_PERIODS, GAP_SECONDS = 3.0, 0.5
"""A pause longer than both is a gap of the lines."""
_RATE_ROWS = 64
MOST_CHANGES = 10_000
"""Changes of state that are kept for the band under the score."""


@dataclass(frozen=True)
class Facts:
    """What is known of a device and its model.

    Attributes:
        channels: Names, in order.
        units: Their units; empty text where not known.
        period: Seconds from sample to sample; 0: not known.
        model: Name of the model.
        sha256: Its hash, hexadecimal.
        version: Release of the runtime.
        ratio: Alarm threshold as a multiple of the notice threshold; 0: not known.
        actions: What can be asked of it: `relearn`, `save`.
    """

    channels: tuple[str, ...]
    units: tuple[str, ...]
    period: float = 0.0
    model: str = ""
    sha256: str = ""
    version: str = ""
    ratio: float = 0.0
    actions: frozenset[str] = frozenset()

    def label(self, channel: int) -> str:
        """Return the name of a channel with its unit."""
        if channel >= len(self.channels):
            return f"channel {channel}"
        unit = self.units[channel]
        return f"{self.channels[channel]} [{unit}]" if unit else self.channels[channel]


@dataclass(frozen=True, eq=False)
class Sample:
    """One sample, and what the device said of it.

    Attributes:
        stamp: Seconds since 1970.
        number: Of the sample in its stream.
        values: float32 [channels], NaN where there is none.
        record: A record of `formats.record`; None: the device has no detector.
        cycles: Of the step; None: not known.
    """

    stamp: float
    number: int
    values: NDArray[np.float32]
    record: np.void | None = None
    cycles: int | None = None

    def as_json(self, device: str) -> dict[str, Any]:
        """Return the sample as a row of a log that `--replay` takes."""
        record = None
        if self.record is not None:
            record = {name: _plain(self.record[name]) for name in self.record.dtype.names or ()}
        return {
            "type": "row",
            "time": utc(self.stamp),
            "device": device,
            "number": self.number,
            "values": [number(v) for v in self.values],
            "record": record,
            "cycles": self.cycles,
        }


def _plain(value: Any) -> Any:
    if np.ndim(value):
        return [int(v) for v in value]
    return number(value) if isinstance(value, np.floating) else int(value)


@dataclass
class Line:
    """What is known of the line to a device.

    Attributes:
        connected: Whether the device answers.
        trouble: Why it does not; empty before the first try.
        lost: Samples that the device or the line lost, by their count.
        damaged: Damaged frames, both ways.
        repeats: Frames that were sent again.
        lost_ports: Times that the device went away.
        baud: Rate; 0: a line without one.
        stats: What the device says of itself.
    """

    connected: bool = False
    trouble: str = ""
    lost: int = 0
    damaged: int = 0
    repeats: int = 0
    lost_ports: int = 0
    baud: int = 0
    stats: Stats | None = None

    @property
    def status(self) -> tuple[str, ...]:
        """Names of the device's status bits."""
        return port_status_names(self.stats.status) if self.stats else ()


@dataclass(frozen=True)
class Change:
    """A change of state at `stamp`; None: not known."""

    stamp: float
    state: int | None


@dataclass(eq=False)
class Device:
    """A device, its history and its line. `lock` guards all that changes.

    Attributes:
        name: Unique name on the page and in events.
        where: Port, target or file.
        tell: Takes each event.
        keep: Takes each sample.
        budget: Bytes of its history.
    """

    name: str
    where: str
    tell: Callable[[Happening], None] = lambda _: None
    keep: Callable[["Device", Sample], None] = lambda _device, _sample: None
    budget: int = BUDGET_BYTES
    facts: Facts = Facts((), ())
    line: Line = field(default_factory=Line)
    history: History | None = None
    last: Sample | None = None
    rows: int = 0
    states: Counter[str] = field(default_factory=Counter)
    unacknowledged: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)
    wishes: "deque[str]" = field(default_factory=deque)
    """What the operator asks of the device, for the thread that reads it."""
    changes: "deque[Change]" = field(default_factory=lambda: deque(maxlen=MOST_CHANGES))
    _recent: "deque[float]" = field(default_factory=lambda: deque(maxlen=_RATE_ROWS))
    _narrator: Narrator = field(init=False)

    def __post_init__(self) -> None:
        self._narrator = Narrator(self.name, self.label)

    def label(self, channel: int) -> str:
        """Return the name of a channel with its unit."""
        return self.facts.label(channel)

    def describe(self, facts: Facts) -> None:
        """Take what the device is; another number of channels begins a new history."""
        with self.lock:
            if self.history is None or len(facts.channels) != len(self.facts.channels):
                self.history = History(len(facts.channels) + 2, self.budget)
                self.last = None
            self.facts = facts

    def connect(self, stamp: float, text: str, **details: object) -> None:
        """Note that the device answers."""
        with self.lock:
            again, self.line.connected, self.line.trouble = self.line.lost_ports > 0, True, ""
            self._narrator.forget()
        self.say(
            stamp, "line", INFO, f"{'back: ' if again else ''}{text}", connected=True, **details
        )

    def lose(self, stamp: float, why: str) -> None:
        """Note that the device does not answer; told once until it is back."""
        with self.lock:
            was, self.line.connected, self.line.trouble = self.line.connected, False, why
            self.line.lost_ports += was
            if self.history is not None:
                self.history.gap()
            self._recent.clear()
            if was:
                self.changes.append(Change(self.newest, None))
        if was:
            self.say(stamp, "line", NOTICE, f"lost: {why}", connected=False)

    def say(self, stamp: float, kind: str, level: str, text: str, **details: object) -> None:
        """Tell an event of this device."""
        self.tell(Happening(stamp, self.name, kind, level, text, details))

    @property
    def newest(self) -> float:
        """Stamp of the last sample; 0 without one."""
        return self.last.stamp if self.last else 0.0

    def take(self, sample: Sample) -> None:
        """Take a sample; the history's lock is held for one row only."""
        with self.lock:
            assert self.history is not None
            self._mind_gap(sample)
            values = np.empty(len(sample.values) + 2, np.float32)
            values[:-2] = sample.values
            values[SCORE] = values[LIMIT] = np.nan
            record = sample.record
            if record is not None and record["state"] in VERDICTS:
                values[SCORE], values[LIMIT] = record["score"], record["limit"]
            self.history.add(sample.stamp, values)
            told = [] if record is None else self._judge(sample.stamp, record)
            self.last = sample
            self.rows += 1
            self._recent.append(sample.stamp)
        self.keep(self, sample)
        for event in told:
            self.tell(event)

    def _mind_gap(self, sample: Sample) -> None:
        """Count what was lost, and end the lines of the plots before a long pause."""
        if self.last is None or self.history is None:
            return
        missing = sample.number - self.last.number - 1
        if missing > 0:
            self.line.lost += missing
        pause = sample.stamp - self.last.stamp
        period = self.facts.period
        if period and pause > max(GAP_PERIODS * period, GAP_SECONDS):
            self.history.gap()

    def _judge(self, stamp: float, record: np.void) -> list[Happening]:
        state = int(record["state"])
        if not self.changes or self.changes[-1].state != state:
            self.changes.append(Change(stamp, state))
        self.states[state_word(state)] += 1
        told = self._narrator.take(stamp, record)
        if any(event.kind == "state" and event.severity != INFO for event in told):
            self.unacknowledged = True
        return told

    @property
    def state(self) -> int | None:
        """State that the last record told; None without one."""
        if self.last is None or self.last.record is None:
            return None
        return int(self.last.record["state"])

    @property
    def rate_hz(self) -> float:
        """Samples a second lately; 0 while it is not known."""
        recent = list(self._recent)
        passed = recent[-1] - recent[0] if len(recent) > 1 else 0.0
        return (len(recent) - 1) / passed if passed > 0 else 0.0

    def acknowledge(self) -> None:
        """Note that an operator has seen what is raised; a later alarm asks anew."""
        with self.lock:
            self.unacknowledged = False
            state = self.state
        word = "" if state is None else f" in state {state_word(state)}"
        self.say(self.newest, "operator", INFO, f"acknowledged{word}", action="acknowledge")

    def wish(self, action: str) -> None:
        """Ask for `relearn` or `save`: the thread that reads the device carries it out."""
        self.wishes.append(action)

    def summary(self) -> dict[str, Any]:
        """Return what became of the device, for machines."""
        with self.lock:
            stats = self.line.stats
            return {
                "device": self.name,
                "model": self.facts.model,
                "rows": self.rows,
                "lost": self.line.lost,
                "rate_hz": round(self.rate_hz, 4),
                "states": dict(self.states),
                "damaged_frames": self.line.damaged,
                "repeats": self.line.repeats,
                "lost_ports": self.line.lost_ports,
                "stack_bytes": stats.stack_bytes if stats and stats.stack_bytes else None,
                "cycles": self.last.cycles if self.last else None,
            }


class Hub:
    """All devices, their events, and who is told of them."""

    MOST_EVENTS = 2000

    def __init__(self) -> None:
        self.devices: list[Device] = []
        self.events: deque[Happening] = deque(maxlen=self.MOST_EVENTS)
        self.told = 0
        self.failure: Exception | None = None
        """What ends the monitor, from a thread that reads or writes."""
        self._listeners: list[Callable[[Happening], None]] = []
        self._keepers: list[Callable[[Device, Sample], None]] = []

    def add(self, name: str, where: str, budget: int = BUDGET_BYTES) -> Device:
        """Add a device; a name that is taken gets a number."""
        taken = {device.name for device in self.devices}
        names = (name, *(f"{name} {n}" for n in range(2, len(taken) + 3)))
        unique = next(n for n in names if n not in taken)
        device = Device(unique, where, self.tell, self.keep, budget)
        self.devices.append(device)
        return device

    def listen(self, listener: Callable[[Happening], None]) -> None:
        """Tell `listener` of each event, in the thread where it happens."""
        self._listeners.append(listener)

    def keep_rows(self, keeper: Callable[[Device, Sample], None]) -> None:
        """Give each sample to `keeper`, in the thread that reads it."""
        self._keepers.append(keeper)

    def tell(self, event: Happening) -> None:
        """Take an event of a device."""
        self.events.append(event)
        self.told += 1
        for listener in self._listeners:
            listener(event)

    def keep(self, device: Device, sample: Sample) -> None:
        """Take a sample of a device."""
        for keeper in self._keepers:
            keeper(device, sample)

    def summaries(self) -> Sequence[Mapping[str, Any]]:
        """Return what became of each device."""
        return [device.summary() for device in self.devices]
