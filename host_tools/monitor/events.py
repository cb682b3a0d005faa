"""Events of a watched device: what changed from one record to the next, in words and as data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from host_tools.formats.record import HAS_DRIFT, NO_CHANNEL, RAISED, Event, State
from host_tools.recording.log_file import utc

INFO, NOTICE, ALARM = "info", "notice", "alarm"
SEVERITIES = (INFO, NOTICE, ALARM)
"""Severities, the worst last."""
_SEVERITY = {
    State.ALARM: ALARM,
    State.NOTICE: NOTICE,
    State.DEGRADED: NOTICE,
    State.STALE: NOTICE,
}
_WORDS = {
    State.WARMUP: "warm-up",
    State.OK: "ok",
    State.ALARM: "alarm",
    State.LEARN: "learning",
    State.DEGRADED: "degraded",
    State.NOTICE: "notice",
    State.STALE: "stale",
}
_BASELINE = {
    Event.LEARNED: "the baseline is learned",
    Event.CHANGED: "raised for so long that this is the plant's new state: learning it",
    Event.RECOVERED: "the plant has recovered from its peak",
    Event.FORGOTTEN: "the baseline was forgotten on request",
    Event.SILENCE: "no sample came for a while before this one",
}


@dataclass(frozen=True)
class Happening:
    """One event.

    Attributes:
        stamp: Seconds since 1970 on the clock of the samples.
        device: Name of the device.
        kind: `state`, `channels`, `drift`, `baseline`, `line`, `device` or `operator`.
        severity: INFO, NOTICE or ALARM.
        text: One sentence.
        details: Values for machines.
    """

    stamp: float
    device: str
    kind: str
    severity: str
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the event for machines."""
        return {
            "type": "event",
            "time": utc(self.stamp),
            "device": self.device,
            "kind": self.kind,
            "severity": self.severity,
            "text": self.text,
            **self.details,
        }


def state_word(state: int) -> str:
    """Return a state as people read it; the number of one that is not known here."""
    return _WORDS[State(state)] if state in _WORDS else f"state {state}"


def severity(state: int) -> str:
    """Return how bad a state is."""
    return _SEVERITY.get(State(state), INFO) if state in _WORDS else NOTICE


def listed(field_: "np.ndarray[Any, Any]") -> tuple[int, ...]:
    """Return the channels of `top` or `masked` of a record."""
    return tuple(c for c in field_.tolist() if c != NO_CHANNEL)


def drifting(record: np.void) -> int | None:
    """Return the channel that drifts, or None."""
    return int(record["drift"]) if record["flags"] & HAS_DRIFT else None


class Narrator:
    """Tells what changed with a record."""

    def __init__(self, device: str, name: Callable[[int], str]) -> None:
        """Begin before the first record; `name` is that of a channel."""
        self._device, self._name = device, name
        self.forget()

    def forget(self) -> None:
        """Begin anew, as with a device that restarted."""
        self._state: int | None = None
        self._masked: tuple[int, ...] = ()
        self._count = 0
        self._drift: int | None = None

    def take(self, stamp: float, record: np.void) -> list[Happening]:
        """Return what changed."""
        found = self._baseline(stamp, record)
        state = int(record["state"])
        if state != self._state:
            found.append(self._told(stamp, record))
        self._state = state
        masked, count = listed(record["masked"]), int(record["masked_count"])
        if (masked, count) != (self._masked, self._count):
            found.append(self._mask(stamp, masked, count))
        self._masked, self._count = masked, count
        drift = drifting(record)
        if drift != self._drift:
            text = "no channel drifts any more"
            if drift is not None:
                text = f"{self._name(drift)} drifts slowly: look at its sensor"
            level = INFO if drift is None else NOTICE
            found.append(self._event(stamp, "drift", level, text, channel=drift))
        self._drift = drift
        return found

    def _event(
        self, stamp: float, kind: str, level: str, text: str, **details: object
    ) -> Happening:
        return Happening(stamp, self._device, kind, level, text, details)

    def _told(self, stamp: float, record: np.void) -> Happening:
        state = int(record["state"])
        top = listed(record["top"]) if state in RAISED else ()
        text = state_word(state)
        if state in RAISED:
            text += f": score {record['score']:.3g}, notice above {record['limit']:.3g}"
            text += f"; {', '.join(map(self._name, top))}" if top else ""
        before = None if self._state is None else state_word(self._state)
        return self._event(
            stamp,
            "state",
            severity(state),
            text,
            state=state_word(state),
            before=before,
            score=number(record["score"]),
            limit=number(record["limit"]),
            channels=[self._name(c) for c in top],
        )

    def _mask(self, stamp: float, masked: Sequence[int], count: int) -> Happening:
        names = [self._name(c) for c in masked]
        more = f" and {count - len(masked)} more" if count > len(masked) else ""
        text = f"left out: {', '.join(names)}{more}" if count else "no channel is left out any more"
        level = NOTICE if count > self._count else INFO
        return self._event(stamp, "channels", level, text, masked=names, masked_count=count)

    def _baseline(self, stamp: float, record: np.void) -> list[Happening]:
        happened = int(record["event"])
        if not happened:
            return []
        return [
            self._event(stamp, "baseline", INFO, text, event=str(bit.name).lower())
            for bit, text in _BASELINE.items()
            if happened & bit
        ]


def number(value: "np.float32 | float") -> float | None:
    """Return a float32 as the shortest decimal number that is it; None when it is none."""
    return float(str(np.float32(value))) if np.isfinite(value) else None
