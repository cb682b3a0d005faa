"""A synthetic plant: sixteen correlated channels at 1 Hz, seeded, with labelled faults.

**This is not real data.** It stands in for a plant where none is at hand, and its figures are
shown as synthetic. A pump feeds a tank and a heat exchanger; a burner keeps the hot side
between two temperatures; a valve keeps the tank's level; four operating regimes follow each
other. Sensors have noise, slow drift and dropouts; the logger misses stretches of time.

Every number is the same on every machine: randomness is taken from the raw 64-bit words of
PCG64, and the simulation uses only + − × ÷ and comparisons, which IEEE 754 defines exactly.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from host_tools.data.table import Table, segment

ROWS = 24_000
QUIET = (0.70, 0.85)
"""Fractions of the rows between which no fault happens: the stretch on which thresholds are
checked."""

CHANNELS: tuple[tuple[str, str, float, int], ...] = (
    # name, unit, noise (one standard deviation), decimals that the logger keeps
    ("pump_speed", "rpm", 4.0, 1),
    ("pump_current", "A", 0.10, 3),
    ("pump_vibration", "mm/s", 0.06, 3),
    ("motor_temperature", "degC", 0.08, 2),
    ("supply_voltage", "V", 0.35, 2),
    ("suction_pressure", "bar", 0.008, 4),
    ("discharge_pressure", "bar", 0.03, 4),
    ("flow", "m3/h", 0.35, 3),
    ("tank_level", "%", 0.08, 3),
    ("tank_temperature", "degC", 0.05, 2),
    ("valve_position", "%", 0.25, 2),
    ("hot_inlet_temperature", "degC", 0.07, 2),
    ("hot_outlet_temperature", "degC", 0.07, 2),
    ("cold_outlet_temperature", "degC", 0.06, 2),
    ("burner_power", "kW", 0.25, 2),
    ("ambient_temperature", "degC", 0.04, 2),
)
NAMES = tuple(row[0] for row in CHANNELS)
UNITS = tuple(row[1] for row in CHANNELS)

REGIMES_RPM = (900.0, 1500.0, 2100.0, 2700.0)
FAULTS = ("blockage", "bearing", "leak", "fouling", "stuck", "sag")

_RANDOM_COLUMNS = 24
_NOISE_COLUMN = 8
_WORDS_PER_NORMAL = 3


def _normals(generator: np.random.PCG64, rows: int, columns: int) -> NDArray[np.float64]:
    """Return nearly normal numbers, bounded by ±6: twelve 16-bit uniforms, summed exactly."""
    raw = np.asarray(generator.random_raw(rows * columns * _WORDS_PER_NORMAL), dtype="<u8")
    parts = raw.view("<u2").reshape(rows, columns, 4 * _WORDS_PER_NORMAL)
    sums: NDArray[np.int64] = parts.sum(axis=2, dtype=np.int64) - 6 * 65535
    return sums / 65536.0


class _Dice:
    """Integers in a range from raw words; for the schedules of regimes, faults and gaps."""

    def __init__(self, generator: np.random.PCG64) -> None:
        self._generator = generator

    def between(self, low: int, high: int) -> int:
        """Return an integer, low ≤ value < high."""
        word = int(np.asarray(self._generator.random_raw(1))[0])
        return low + (word >> 11) % (high - low)


@dataclass(frozen=True)
class Fault:
    """A labelled fault: rows first … last − 1."""

    kind: str
    first: int
    last: int
    channel: int = 0
    """Index of the sensor that a stuck fault freezes."""


@dataclass
class _State:
    """State of the plant from one second to the next, in the units of the channels."""

    speed: float = 900.0
    flow: float = 12.0
    level: float = 60.0
    valve: float = 40.0
    integral: float = 0.0
    motor: float = 35.0
    hot: float = 72.0
    tank: float = 38.0
    ambient: float = 20.0
    voltage: float = 400.0
    tremor: float = 0.0
    burner_on: bool = False
    wear: float = 0.0
    frozen: dict[int, float] = field(default_factory=dict)


def _regimes(dice: _Dice, rows: int) -> list[float]:
    setpoints: list[float] = []
    regime = 1
    while len(setpoints) < rows:
        setpoints += [REGIMES_RPM[regime]] * dice.between(240, 900)
        regime = (regime + dice.between(1, len(REGIMES_RPM))) % len(REGIMES_RPM)
    return setpoints[:rows]


def _faults(dice: _Dice, rows: int) -> list[Fault]:
    """Few faults in the first part, none in the quiet part, all kinds in the last."""
    quiet_first, quiet_last = (int(rows * part) for part in QUIET)
    faults: list[Fault] = []
    first, kind = dice.between(900, 1800), 0
    while first < rows:
        length = dice.between(90, 200)
        overlaps_quiet = first + length > quiet_first - 60 and first < quiet_last + 200
        if overlaps_quiet:
            first = quiet_last + 200 + dice.between(0, 60)
        if first + length >= rows:
            break
        # A sensor of a signal that always moves: freezing a flat one could not be seen.
        stuck = (2, 7, 11, 12)[dice.between(0, 4)]
        faults.append(Fault(FAULTS[kind % len(FAULTS)], first, first + length, stuck))
        kind += 1
        spacing = (330, 420) if first >= quiet_last else (2600, 3600)
        first += length + dice.between(*spacing)
    return faults


def _step(s: _State, setpoint: float, fault: Fault | None, row: int, r: list[float]) -> None:
    """Advance the plant by one second; `r` are this second's random numbers."""
    kind = fault.kind if fault else ""
    age = row - fault.first if fault else 0
    change = setpoint - s.speed
    s.speed += max(-9.0, min(9.0, 0.08 * change)) + 0.8 * r[0]
    n = s.speed / 3000.0
    target = 55.0 * n * (0.55 if kind == "blockage" else 1.0)
    s.flow += (target - s.flow) / 6.0 + 0.10 * r[1]

    error = s.level - 60.0
    s.integral = max(-800.0, min(800.0, s.integral + error))
    demand = 38.0 + 4.0 * error + 0.02 * s.integral
    s.valve += max(-1.5, min(1.5, 0.2 * (max(2.0, min(98.0, demand)) - s.valve)))
    outflow = 0.72 * s.valve * (0.4 + s.level / 100.0)
    leak = 26.0 if kind == "leak" else 0.0
    s.level = max(1.0, min(99.0, s.level + (s.flow - outflow - leak) / 110.0))

    s.voltage += (400.0 - s.voltage) / 90.0 + 0.12 * r[2]
    s.wear = min(1.0, age / 40.0) if kind == "bearing" else s.wear * 0.95
    s.tremor += -0.25 * s.tremor + 0.05 * r[3]
    load = 0.9 + 13.0 * n * n
    s.motor += (s.ambient + 14.0 + 2.4 * load - s.motor) / 420.0

    if s.hot < 68.0:
        s.burner_on = True
    elif s.hot > 76.0:
        s.burner_on = False
    exchanged = _effectiveness(s.flow, kind) * (s.hot - s.tank) * (0.05 + s.flow / 600.0)
    s.hot += ((28.0 if s.burner_on else 4.0) - 4.0 * exchanged) / 60.0
    s.tank += (exchanged - (s.tank - s.ambient) * 0.085) / 160.0
    s.ambient += (20.0 - s.ambient) / 2400.0 + 0.012 * r[4]


def _effectiveness(flow: float, kind: str) -> float:
    value = 30.0 / (30.0 + 0.5 * max(flow, 0.0))
    return value * 0.5 if kind == "fouling" else value


def _measure(s: _State, fault: Fault | None, drift: float) -> list[float]:
    """Return the sixteen true values of this second, before noise."""
    kind = fault.kind if fault else ""
    n = s.speed / 3000.0
    blocked = 1.6 if kind == "blockage" else 0.0
    sag = 14.0 if kind == "sag" else 0.0
    current = (0.9 + 13.0 * n * n + 0.03 * s.flow + 1.6 * s.wear) * (1.0 + 0.02 * sag)
    exchange = _effectiveness(s.flow, kind) * (s.hot - s.tank)
    return [
        s.speed,
        current,
        0.7 + 2.2 * n * n + s.tremor + 2.4 * s.wear + 0.10 * drift,
        s.motor,
        s.voltage - 0.35 * current - sag,
        1.15 + 0.006 * (s.level - 60.0) - 0.003 * s.flow - (0.12 if kind == "leak" else 0.0),
        1.3 + 5.4 * n * n - 0.0004 * s.flow * s.flow + blocked,
        s.flow,
        s.level,
        s.tank,
        s.valve,
        s.hot,
        s.hot - 0.55 * exchange,
        s.tank + 0.40 * exchange,
        28.0 if s.burner_on else 4.0,
        s.ambient + 0.15 * drift,
    ]


def _gaps(dice: _Dice, rows: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return rows that the logger missed, and rows with dropped values."""
    missed = np.zeros(rows, dtype=np.bool_)
    dropped = np.zeros(rows, dtype=np.bool_)
    row = dice.between(1200, 2400)
    while row < rows - 60:
        if dice.between(0, 2):
            missed[row : row + dice.between(4, 45)] = True
        else:
            dropped[row : row + dice.between(1, 4)] = True
        row += dice.between(900, 1900)
    return missed, dropped


@dataclass(frozen=True, eq=False)
class Plant:
    """A simulated log: seconds since its start, values, labels, and what happened when.

    Attributes:
        seconds: int64 [rows], increasing; a jump is a stretch that the logger missed.
        samples: float32 [rows, 16], NaN where a sensor dropped out.
        labels: uint8 [rows].
        faults: The labelled faults, in rows of the log before missed rows were left out.
    """

    seconds: NDArray[np.int64]
    samples: NDArray[np.float32]
    labels: NDArray[np.uint8]
    faults: tuple[Fault, ...]


def simulate(seed: int = 1, rows: int = ROWS) -> Plant:
    """Return `rows` seconds of the plant, fewer the rows that its logger missed."""
    generator = np.random.PCG64(seed)
    dice = _Dice(generator)
    setpoints, faults = _regimes(dice, rows), _faults(dice, rows)
    missed, dropped = _gaps(dice, rows)
    victims = [dice.between(0, len(NAMES)) for _ in range(rows)]
    random = _normals(generator, rows, _RANDOM_COLUMNS)
    by_row = {row: fault for fault in faults for row in range(fault.first, fault.last)}
    true = np.empty((rows, len(NAMES)))
    state = _State()
    for row, draws in enumerate(random[:, :_NOISE_COLUMN].tolist()):
        fault = by_row.get(row)
        _step(state, setpoints[row], fault, row, draws)
        phase = row % 14_400 / 7200.0
        true[row] = _measure(state, fault, drift=1.0 - abs(phase - 1.0))
    noise = np.array([row[2] for row in CHANNELS])
    values = true + random[:, _NOISE_COLUMN:] * noise
    for fault in faults:
        if fault.kind == "stuck":
            values[fault.first : fault.last, fault.channel] = values[fault.first, fault.channel]
    samples = _rounded(values)
    for row in np.flatnonzero(dropped).tolist():
        samples[row, victims[row]] = np.nan
    labels = np.zeros(rows, dtype=np.uint8)
    labels[list(by_row)] = 1
    keep = ~missed
    return Plant(np.flatnonzero(keep), samples[keep], labels[keep], tuple(faults))


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round as the CSV file does, so that a table and its file hold the same numbers."""
    columns = [
        [float(f"{value:.{decimals}f}") for value in values[:, channel].tolist()]
        for channel, (_, _, _, decimals) in enumerate(CHANNELS)
    ]
    return np.array(columns, dtype=np.float32).T.copy()


def table(seed: int = 1, rows: int = ROWS) -> Table:
    """Return the plant as a table, equal to reading its CSV file."""
    plant = simulate(seed, rows)
    broken = np.zeros(len(plant.samples), dtype=np.bool_)
    broken[1:] = np.diff(plant.seconds) > 1
    return Table(
        source="plant",
        names=NAMES,
        units=UNITS,
        samples=plant.samples,
        labels=plant.labels,
        segments=segment(plant.samples, broken),
        notices=("synthetic data: a seeded simulation, not a real plant",),
    )


def csv_text(seed: int = 1, rows: int = ROWS) -> str:
    """Return the plant as CSV text: `datetime`, the channels, `anomaly`."""
    plant = simulate(seed, rows)
    start = np.datetime64("2026-01-05T06:00:00", "s")
    stamps = np.datetime_as_string(start + plant.seconds.astype("timedelta64[s]"))
    lines = [",".join(("datetime", *NAMES, "anomaly"))]
    for stamp, row, label in zip(stamps, plant.samples.tolist(), plant.labels, strict=True):
        cells = [
            "" if math.isnan(value) else f"{value:.{decimals}f}"
            for value, (_, _, _, decimals) in zip(row, CHANNELS, strict=True)
        ]
        lines.append(",".join((str(stamp).replace("T", " "), *cells, str(int(label)))))
    return "\n".join(lines) + "\n"
