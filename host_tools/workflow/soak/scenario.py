"""Faults of sensors, line and power at known times: drawn from a seed, for as long as a soak is."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.device import faulty_port
from host_tools.errors import DataError
from host_tools.formats.detector import Detector
from host_tools.workflow.soak.material import Material

SENSORS, LINE, POWER = "sensors", "line", "power"
GROUPS = (SENSORS, LINE, POWER)
FROZEN, DEAD, MISSING, RANGE, SPIKE, DRIFT, CABLE = (
    "frozen", "dead", "missing", "range", "spike", "drift", "cable",
)  # fmt: skip
AWAY, SILENCE = "away", "silence"
RESTART, OFF, BROWN_OUT, SAVE = "restart", "off", "brown-out", "save"
KINDS = {
    SENSORS: (FROZEN, DEAD, MISSING, RANGE, SPIKE, DRIFT, CABLE),
    LINE: (*faulty_port.KINDS, AWAY, SILENCE),
    POWER: (RESTART, OFF, BROWN_OUT, SAVE),
}
WORDS = {
    FROZEN: "a sensor repeats its value",
    DEAD: "a sensor reads the same wrong value",
    MISSING: "a sensor gives no value",
    RANGE: "a sensor reads far too much",
    SPIKE: "one sample of a sensor is far off",
    DRIFT: "a sensor drifts away",
    CABLE: "several sensors give no value",
    "flip": "bytes with an inverted bit",
    "drop": "bytes are lost",
    "duplicate": "bytes come twice",
    "insert": "bytes that nobody sent",
    "cut": "the end of a block is lost",
    "delay": "the line stands still",
    "unplug": "the plug is pulled and put back",
    AWAY: "unplugged for a while",
    SILENCE: "nothing is sent until the device says stale",
    RESTART: "restarted over the line",
    OFF: "the power is off for a while",
    BROWN_OUT: "the power dips, the port stays open",
    SAVE: "the power goes while a baseline is saved",
}
"""What each kind is, in words."""
_SLOTS_AN_HOUR = 6
_PROBES = 20
"""Rows that a warm-up and a verdict take, with some to spare."""
_FAR = 100.0
"""Standard deviations that no plant reaches."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        group: SENSORS, LINE or POWER.
        kind: Key of WORDS.
        row: Row of the material at which it begins.
        rows: Rows that it lasts; of a line or a power fault the rows that are lost by it.
        channel: Number of the channel, of several the first one; -1: none.
        size: Hits of a line; channels of a cable; of a power cut per mille of the bytes after
            which it comes; else 0.
        level: Of a sensor, in standard deviations.
    """

    group: str
    kind: str
    row: int
    rows: int = 0
    channel: int = -1
    size: int = 0
    level: float = 0.0


def possible(groups: Sequence[str], detector: Detector, *, has_power_cut: bool) -> tuple[str, ...]:
    """Return the kinds of these groups that can happen to this detector on this device.

    Args:
        groups: Some of GROUPS.
        detector: Its constants.
        has_power_cut: Whether the power can go in the middle of a save.
    """
    left_out = {SAVE} if not has_power_cut or not detector.learn_samples else set()
    if not _is_patient(detector):
        left_out.add(SILENCE)
    if detector.channels <= detector.max_masked + 1:
        left_out.add(CABLE)
    if not any(detector.stuck_samples):
        left_out |= {FROZEN, DEAD}
    return tuple(kind for group in groups for kind in KINDS[group] if kind not in left_out)


def _is_patient(detector: Detector) -> bool:
    """Whether silence means something, but neither comes by itself nor takes minutes."""
    seconds = detector.stale_samples * detector.period_us / 1e6
    return 10 <= seconds <= 60


def draw(
    kinds: Sequence[str], detector: Detector, rows: int, hour_rows: int, seed: int
) -> tuple[Fault, ...]:
    """Return faults in the order of their rows.

    Each kind comes once in the first hour, so that what it needs of the stack is known then; later
    hours have some each, of all kinds by turns. Sensors fail one at a time. After the power went
    it stays until a detector that learns its baseline may have learned it.

    Raises:
        DataError: The material is too short for them.
    """
    dice = random.Random(seed)
    settled = detector.learn_samples + detector.rows + _PROBES
    first = min(rows, hour_rows)
    begin = min(settled, first // 4)
    slot = (first - begin) // (len(kinds) + 1)
    if slot < 2 * _PROBES:
        need = -(-8 * _PROBES * (len(kinds) + 1) // 3)
        raise DataError(
            f"{rows} samples are too few for {len(kinds)} kinds of faults: give {need} or more"
        )
    starts = [begin + slot * i + dice.randrange(slot // 2) for i in range(len(kinds) + 1)]
    later = max(slot, hour_rows // _SLOTS_AN_HOUR)
    starts += [at + dice.randrange(later // 2) for at in range(first, rows - settled, later)]
    found: list[Fault] = []
    queue: list[str] = []
    free = dict.fromkeys(GROUPS, 0)
    for row in starts:
        if len(queue) < len(kinds):
            queue += _shuffled(kinds, dice, is_first=not queue and not found)
        kind = next((k for k in queue if free[group_of(k)] <= row), None)
        if kind is None or row >= rows - _PROBES:
            continue
        queue.remove(kind)
        fault = _fault(kind, row, detector, dice)
        found.append(fault)
        if fault.group == SENSORS:
            free[SENSORS] = row + fault.rows + detector.return_samples
        if kind == SAVE:
            free[POWER] = row + 2 * settled
    return tuple(found)


def _shuffled(kinds: Sequence[str], dice: random.Random, *, is_first: bool) -> list[str]:
    """Return the kinds in any order; in the first hour the one that takes longest comes first."""
    order = list(kinds)
    dice.shuffle(order)
    return sorted(order, key=lambda kind: kind != SAVE) if is_first else order


def group_of(kind: str) -> str:
    """Return the group of a kind."""
    return next(group for group, kinds in KINDS.items() if kind in kinds)


def _fault(kind: str, row: int, d: Detector, dice: random.Random) -> Fault:
    group = group_of(kind)
    if group == POWER:
        lost = 0 if kind in (RESTART, BROWN_OUT) else dice.randint(1, 3 * d.max_missed + 5)
        return Fault(group, kind, row, lost, size=dice.randrange(1000))
    if group == LINE:
        if kind == AWAY:
            return Fault(group, kind, row, dice.randint(1, 3 * d.max_missed + 5))
        if kind == SILENCE:
            return Fault(group, kind, row, d.stale_samples)
        return Fault(group, kind, row, size=dice.randint(1, 3))
    channel = dice.randrange(d.channels)
    if kind in (FROZEN, DEAD):
        channel = dice.choice([int(c) for c in np.flatnonzero(d.stuck_samples)])
        lasts = int(d.stuck_samples[channel]) + dice.randint(10, 60)
        level = dice.choice((-1, 1)) * dice.uniform(4, 12)
        return Fault(group, kind, row, lasts, channel, level=level if kind == DEAD else 0.0)
    if kind == CABLE:
        count = dice.randint(d.max_masked + 1, d.channels - 1)
        first = dice.randrange(d.channels - count + 1)
        return Fault(group, kind, row, dice.randint(5, 60), first, count)
    sign = dice.choice((-1, 1))
    if kind == SPIKE:
        return Fault(group, kind, row, 1, channel, level=sign * dice.uniform(6, 14))
    if kind == DRIFT:
        return Fault(group, kind, row, dice.randint(60, 300), channel, level=sign * 4.0)
    level = _FAR if kind == RANGE else 0.0
    return Fault(group, kind, row, dice.randint(3, 60), channel, level=level)


def spoil(
    material: Material, faults: Sequence[Fault], detector: Detector, spread: NDArray[np.float32]
) -> Material:
    """Return the material with the faults of its sensors; `spread` [channels], one deviation."""
    samples = material.samples.copy()
    for fault in faults:
        if fault.group == SENSORS:
            last = min(fault.row + fault.rows, len(samples))
            channels = slice(fault.channel, fault.channel + max(1, fault.size))
            part = samples[fault.row : last, channels]
            samples[fault.row : last, channels] = _spoiled(
                part, fault, detector.high[fault.channel], spread[fault.channel]
            )
    return Material(samples, material.numbers, material.start)


def _spoiled(
    values: NDArray[np.float32], fault: Fault, high: np.float32, spread: np.float32
) -> NDArray[np.float32]:
    if fault.kind in (MISSING, CABLE):
        return np.full_like(values, np.nan)
    finite = values[np.isfinite(values)]
    start = finite[0] if len(finite) else np.float32(0)
    if fault.kind in (FROZEN, DEAD):
        return np.full_like(values, start + np.float32(fault.level) * spread)
    if fault.kind == RANGE:
        with np.errstate(over="ignore"):
            too_much = np.nextafter(high, np.float32(np.inf)) + np.abs(high) / np.float32(8)
        far = start + np.float32(fault.level) * spread
        return np.full_like(values, max(far, too_much) if np.isfinite(too_much) else far)
    ramp = np.linspace(0, 1, len(values) + 1, dtype=np.float32)[1:, None]
    return values + ramp * np.float32(fault.level) * spread
