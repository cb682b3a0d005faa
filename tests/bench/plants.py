"""Generated plants beside T2+Q and persistence: false alarms a quiet day, and what is found.

Each plant has latent factors that move slowly, channels that mix them, sensor noise, and, as asked,
a daily cycle, regimes of load, and channels that never change. The detector is that of
`train --network none` on its quiet days; the test days hold labelled faults. Run it:

    python -m tests.bench.plants [--regimes K]

**These are not real plants**; they show that nothing breaks on other shapes of data.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.data import scaling, window
from host_tools.data.table import Table, constant_channels
from host_tools.detection import baselines, fast, hours, metrics, quiet
from host_tools.detection.choice import Choice
from host_tools.detection.fast import Lane
from host_tools.formats.record import RAISED, State
from host_tools.runtimes import adapter as adapters

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
START = 1.7e9 - 1.7e9 % 86400.0


@dataclass(frozen=True)
class Plant:
    """What a plant is like: a row every `minutes`; the cycle is in spreads of a channel."""

    name: str
    channels: int
    minutes: float
    train_days: float
    test_days: float
    cycle: float = 0.0
    regimes: bool = False
    constant: int = 0
    spikes: bool = False


PLANTS = (
    Plant("19 channels, 1 min", 19, 1, 14, 10),
    Plant("38 channels, 1 min, daily cycle", 38, 1, 14, 10, cycle=2),
    Plant("52 channels, 3 min, daily cycle", 52, 3, 30, 20, cycle=1),
    Plant("52 channels, 10 min, regimes", 52, 10, 60, 30, regimes=True),
    Plant("24 channels, 10 min, 4 constant", 24, 10, 60, 30, cycle=1, constant=4),
    Plant("19 channels, 60 min, daily cycle", 19, 60, 120, 60, cycle=2),
    Plant("30 channels, 1 min, single spikes", 30, 1, 14, 10, spikes=True),
    Plant("19 channels, 1 min, 1 day", 19, 1, 1, 3, cycle=1),
)


def rows(plant: Plant, seed: int, count: int, first: int) -> Values:
    """Return quiet rows from row `first` on; the mixing is that of the plant's seed."""
    make = np.random.default_rng(seed)
    factors = max(2, plant.channels // 5)
    mixing = make.normal(0, 1, (factors, plant.channels)) / np.sqrt(factors)
    noise = make.uniform(0.2, 0.8, plant.channels)
    phase, size = make.uniform(0, 2 * np.pi, plant.channels), make.uniform(0, 1, plant.channels)
    hours = make.uniform(0.2, 4.0, factors)
    random = np.random.default_rng((seed, first))
    keep = np.exp(-plant.minutes / 60.0 / hours)
    latent = np.empty((count, factors))
    state = random.normal(0, 1, factors)
    shocks = random.normal(0, 1, (count, factors)) * np.sqrt(1 - keep**2)
    for i in range(count):
        state = keep * state + shocks[i]
        latent[i] = state
    at = (first + np.arange(count)) * plant.minutes / 1440.0
    values = latent @ mixing + random.normal(0, 1, (count, plant.channels)) * noise
    values += plant.cycle * size * np.sin(2 * np.pi * at[:, None] + phase)
    if plant.regimes:
        load = np.random.default_rng((seed, 9)).integers(0, 3, int(at[-1] * 4) + 2)
        values += load[(at * 4).astype(int)][:, None] * make.normal(0, 0.7, plant.channels)
    if plant.spikes:
        values += 6 * (random.random(values.shape) < 0.002)
    values = values * make.uniform(0.1, 50, plant.channels) + make.normal(0, 100, plant.channels)
    values[:, : plant.constant] = 7.0
    return np.asarray(values)


def faulty(
    plant: Plant, seed: int, values: Values, spread: Values
) -> tuple[Values, NDArray[np.int64]]:
    """Return rows with a fault about every other day: steps, ramps, a lost coupling."""
    random = np.random.default_rng((seed, 5))
    found, label = values.copy(), np.zeros(len(values), np.int64)
    day = int(1440 / plant.minutes)
    for begin in range(day, len(values) - day // 2, 2 * day):
        first = begin + int(random.integers(0, day // 2))
        count = max(4, int(random.uniform(2, 8) * 60 / plant.minutes))
        last = min(first + count, len(values))
        some = random.choice(np.arange(plant.constant, plant.channels), 2, replace=False)
        kind, size = random.integers(0, 3), random.uniform(2, 5) * random.choice([-1, 1])
        shape = np.ones(last - first)
        if kind == 1:
            shape = np.linspace(0, 1, last - first)
        if kind == 2:
            found[first:last, some[0]] = found[first, some[0]] + spread[some[0]] * 0.1 * (
                random.normal(0, 1, last - first)
            )
        else:
            found[first:last, some] += size * spread[some] * shape[:, None]
        label[first:last] = 1
    return found, label


def table(plant: Plant, values: Values) -> Table:
    """Return quiet rows as a log."""
    count, step = len(values), 60.0 * plant.minutes
    names = tuple(f"c{i}" for i in range(values.shape[1]))
    return Table(
        plant.name,
        names,
        ("",) * len(names),
        values.astype(np.float32),
        np.zeros(count, np.uint8),
        np.zeros(count, np.int32),
        1.0 / step,
        seconds=START + step * np.arange(count),
    )


@dataclass(frozen=True)
class Found:
    """What a method made of the test days; episodes a quiet day."""

    ap: float
    notices: float
    alarms: float
    missed: int


def figures(
    label: NDArray[np.int64], score: Values, flags: tuple[Flags, Flags], step: float
) -> Found:
    """Return the figures of a score; `flags` are notice or alarm, and alarm alone."""
    seconds = step * np.arange(len(label))
    notice, alarm = (metrics.Run("", label, f, score, seconds) for f in flags)
    _, missed, _ = metrics.delays([notice])
    a_day = [metrics.false_alarms_per_day([run]) for run in (notice, alarm)]
    return Found(metrics.auc_pr(label, score), *a_day, missed)


def measure(plant: Plant, seed: int, regimes: int = 1) -> dict[str, Found]:
    """Return the figures by method."""
    per_day, step = 1440 / plant.minutes, 60.0 * plant.minutes
    train, test = int(plant.train_days * per_day), int(plant.test_days * per_day)
    before = rows(plant, seed, train, 0)
    values, label = faulty(plant, seed, rows(plant, seed, test, train), before.std(axis=0))
    log = table(plant, before)
    flat = constant_channels(window.split(log).train)
    keep = [i for i, name in enumerate(log.names) if name not in flat]
    parts = window.split(log.without(flat, "constant"))
    choice = Choice(regimes=regimes)
    baseline, _ = quiet.choose(parts, choice)
    rule = choice.rule(baseline, parts.train.rate_hz)
    day, calm = hours.split(parts, rule)
    scale = scaling.fit(calm.train, centre_rows=rule.learn_rows)
    adapter = adapters.without_network(scale)
    made = quiet.fit(calm, adapter, None, rule, on_trial=False)
    detector = day.onto(made.config.detector, scale)
    phase = hours.phase(START + step * train, detector.day_samples)
    (found,) = fast.run_all(detector, scale, [Lane(values[:, keep], phase=phase)])
    skip = max(detector.learn_samples, 50)
    raised = np.isin(found.state, RAISED)[skip:], (found.state == State.ALARM)[skip:]
    name = f"SAFE, {baseline}{', hours' if detector.day_samples else ''}"
    out = {name: figures(label[skip:], found.relative[skip:], raised, step)}
    both = np.concatenate([before, values])[:, keep]
    for name in ("persistence", "T2+Q"):
        score, alarm = baselines.ALL[name](both, train)
        flags = alarm[train + skip :], alarm[train + skip :]
        out[name] = figures(label[skip:], score[train + skip :], flags, step)
    return out


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="of each plant (default 2)")
    parser.add_argument("--regimes", type=int, default=1, help="of a training baseline")
    asked = parser.parse_args()
    seeds = range(asked.seeds)
    print("plant | method | AP | notices a quiet day | alarms a quiet day | missed")
    for plant in PLANTS:
        found = [measure(plant, seed, asked.regimes) for seed in seeds]
        for name in found[0]:
            some = [vars(one[name]).values() for one in found if name in one]
            ap, notices, alarms, missed = np.mean([list(values) for values in some], axis=0)
            line = f"{ap:.3f} | {notices:.2f} | {alarms:.2f} | {missed:.1f}"
            print(f"{plant.name} | {name} | {line}", flush=True)


if __name__ == "__main__":
    main()
