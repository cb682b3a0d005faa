"""Score a detector on labelled runs: one that is trained here, or one that exists.

Protocol: the first `learn_rows` rows of each run train (with the quiet recordings in blocks of
that length), the rest counts. Nothing after the training rows of a run, and no label, reaches
the fit. Each chain then learns its own baseline from its run's training rows, as a device does
when it is put to work, and gives verdicts on the rest. As a stream, the runs of a day follow each
other, and the device learns once, from its first rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.compare.metrics import record_mismatches
from host_tools.data.runs import Recording, Runs
from host_tools.detection import metrics
from host_tools.detection.choice import Choice
from host_tools.detection.replay import ChainConfig
from host_tools.detection.replay import load as load_chain
from host_tools.evaluation import on_device, operating, regimes, scoring
from host_tools.evaluation import trace as tracing
from host_tools.evaluation.runs_training import train
from host_tools.evaluation.trace import Detection, OperatingPoint, Trace
from host_tools.formats.detector import Detector
from host_tools.runtimes.adapter import read_edges
from host_tools.training.settings import FLOAT as FLOAT_FILE
from host_tools.training.settings import INT8 as INT8_FILE
from targets import build

Say = Callable[[str], None]

FLOAT, INT8, ALARM = "SAFE float", "SAFE int8 chain", "SAFE int8 chain, alarm only"
"""Methods. A row is an alarm of the first two when it is in notice or alarm."""


@dataclass(frozen=True)
class Options:
    """How to evaluate.

    Attributes:
        model: A model directory to score; None: one is trained on the runs.
        stream: Join the runs of a day, and let the device learn once.
        seed: Of a training.
        epochs: Of a training; None: its own.
        targets: Devices to stream the runs through; `host` is the generated C on this machine.
        backend: Of the generator, for all of them.
        limit: Stream so many runs through each device but the host; None: all.
        detector: What is asked of the detector; of a trained one.
        regimes: Compare so many regimes of a training baseline with one; 1: do not.
    """

    model: Path | None = None
    stream: bool = False
    seed: int = 1
    epochs: int | None = None
    targets: Sequence[str] = ("host",)
    backend: str = build.DEFAULT_BACKEND
    limit: int | None = None
    detector: Choice = field(default_factory=Choice)
    regimes: int = 1

    @property
    def first(self) -> int:
        """First row of each run that counts."""
        return self.detector.learn_rows


@dataclass(frozen=True)
class Study:
    """What came out.

    Attributes:
        detector: Its constants.
        scored: Names of the channels that are scored by level.
        left_out: Names of the others: they wander.
        figures: By method.
        runs: Of the int8 chain, by run.
        quiet: Of the int8 chain, by quiet recording.
        rmse: int8 against float by run, in the model's units.
        train_windows: Windows that trained the network; 0 for a model that existed.
        loss: Its validation loss; NaN for a model that existed.
        spread: Of F1, FAR and MAR of the int8 chain: the middle 90% over resampled runs.
        channels: Names of all channels.
        traces: The int8 chain row by row: labelled runs, then quiet recordings.
        groups: Of the int8 chain, by folder of runs.
        curve: What other thresholds give on the labelled runs.
        differing: Records that differ between a device and the int8 chain, by target.
        streamed: Samples that went through each device.
    """

    detector: Detector
    scored: tuple[str, ...]
    left_out: tuple[str, ...]
    figures: dict[str, metrics.Summary]
    runs: Mapping[str, metrics.Summary]
    quiet: Mapping[str, scoring.Quiet]
    rmse: Mapping[str, float]
    train_windows: int
    loss: float
    spread: Mapping[str, tuple[float, float]]
    channels: tuple[str, ...] = ()
    traces: tuple[Trace, ...] = ()
    groups: Mapping[str, metrics.Summary] = field(default_factory=dict)
    curve: tuple[OperatingPoint, ...] = ()
    differing: dict[str, int] = field(default_factory=dict)
    streamed: dict[str, int] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """JSON: rates in percent, delay in seconds, RMSE in the model's normalized units."""
        return {
            "baseline": self.detector.baseline,
            "scored_channels": list(self.scored),
            "left_out_channels": list(self.left_out),
            "train_windows": self.train_windows,
            "validation_loss": self.loss if np.isfinite(self.loss) else None,
            "methods": {name: _finite(asdict(found)) for name, found in self.figures.items()},
            "spread": {name: list(ends) for name, ends in self.spread.items()},
            "runs": {name: _finite(asdict(found)) for name, found in self.runs.items()},
            "quiet": {name: asdict(found) for name, found in self.quiet.items()},
            "groups": {name: _finite(asdict(found)) for name, found in self.groups.items()},
            "operating_curve": [_finite(asdict(point)) for point in self.curve],
            "rmse_int8_float": dict(self.rmse),
            "delta_f1_int8_float": self._delta,
            "device_records_that_differ": self.differing,
            "device_samples": self.streamed,
        }

    @property
    def _delta(self) -> float | None:
        if FLOAT not in self.figures:
            return None
        return self.figures[INT8].f1 - self.figures[FLOAT].f1

    def detection(self) -> Detection:
        """Return what a page shows of it."""
        facts = []
        if self._delta is not None:
            facts.append(
                f"int8 against float: F1 {self._delta:+.4f}, RMSE at most"
                f" {max(self.rmse.values(), default=0.0):.4f}."
            )
        if self.train_windows:
            facts.append(f"The network was trained on {self.train_windows:,} windows.")
        facts += [
            f"{name}: the middle 90% over resampled runs is {low:.3g} to {high:.3g}."
            for name, (low, high) in self.spread.items()
        ]
        facts += [
            f"{target}: {count:,} of {self.streamed[target]:,} records differ from the"
            " specification."
            for target, count in self.differing.items()
        ]
        facts += [f"Quiet recording {name}: {quiet.words()}" for name, quiet in self.quiet.items()]
        notice, alarm = float(self.detector.notice), float(self.detector.alarm)
        return Detection(
            channels=self.channels,
            scored=self.detector.scored(self.channels),
            thresholds={"notice": notice, "alarm": alarm},
            methods=self.figures,
            method=INT8,
            groups=self.groups,
            runs=self.runs,
            traces=self.traces,
            curve=self.curve,
            facts=facts,
        )


def _finite(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v if np.isfinite(v) else None for k, v in record.items()}


def study(runs: Runs, architecture: Path, out: Path, say: Say, options: Options) -> Study:
    """Train and fit, or take a model, and score it and devices beside the baselines.

    Args:
        runs: Labelled runs and quiet recordings.
        architecture: `architecture.py` of the forecaster that is trained.
        out: Takes `model/`, a model directory, and `work/`.
        say: Takes one line of news.
        options: How.

    Raises:
        The errors of every step.
    """
    windows, loss = 0, float("nan")
    folder = options.model or out / "model"
    if options.model is None:
        windows, loss = train(runs, architecture, folder, say, options)
    config = load_chain(folder)
    models, first = _models(config, folder), options.first
    labelled = runs.days() if options.stream else runs.labelled
    say(f"scoring {len(labelled)} recordings: baselines, float, int8")
    found = _scored(runs, labelled, models, config, first=first, training=(windows, loss))
    if options.regimes > 1:
        found.figures.update(regimes.compare(runs, labelled, first, options.regimes))
    for target in options.targets:
        chosen = (
            labelled if target == "host" or options.limit is None else labelled[: options.limit]
        )
        answers = on_device.records(
            target, folder, chosen, out / "work" / target, say, backend=options.backend
        )
        exact = models.int8_records(chosen)
        _add_device(found, target, chosen, (answers, exact), first)
    return found


def _scored(
    runs: Runs,
    labelled: Sequence[Recording],
    models: scoring.ScoredModels,
    config: ChainConfig,
    *,
    first: int,
    training: tuple[int, float],
) -> Study:
    figures = scoring.compare(labelled, first)
    if models.floating.exists():
        floating = models.float_records(labelled)
        figures[FLOAT] = metrics.summarize(scoring.counted(labelled, floating, first))
    exact, quiet = models.int8_records(labelled), models.int8_records(runs.quiet)
    counted = scoring.counted(labelled, exact, first)
    figures[INT8] = metrics.summarize(counted)
    figures[ALARM] = metrics.summarize(scoring.counted(labelled, exact, first, alarm_only=True))
    every = zip((*labelled, *runs.quiet), (*exact, *quiet), strict=True)
    traces = tuple(tracing.trace(run, rows, first) for run, rows in every)
    level = config.detector.level.channels
    commissioned = {
        run.name: scoring.commissionings(config, models.network(), run) for run in runs.quiet
    }
    return Study(
        detector=config.detector,
        scored=tuple(runs.channels[c] for c in level),
        left_out=tuple(name for c, name in enumerate(runs.channels) if c not in level),
        figures=figures,
        runs=scoring.by_run(labelled, exact, first),
        quiet=scoring.quiet(runs.quiet, quiet, first, commissioned),
        rmse={run.name: models.rmse(run) for run in labelled} if models.floating.exists() else {},
        train_windows=training[0],
        loss=training[1],
        spread=scoring.spread(counted),
        channels=runs.channels,
        traces=traces,
        groups=tracing.groups(counted),
        curve=tuple(operating.curve(config, models.network(), labelled, first)),
    )


def _models(config: ChainConfig, folder: Path) -> scoring.ScoredModels:
    if not config.adapter.window:
        return scoring.ScoredModels(config, folder / FLOAT_FILE, b"", 0.0)
    int8 = (folder / INT8_FILE).read_bytes()
    scale = read_edges(int8).output_scale
    return scoring.ScoredModels(config, folder / FLOAT_FILE, int8, scale)


def _add_device(
    found: Study,
    target: str,
    runs: Sequence[Recording],
    records: tuple[scoring.Records, scoring.Records],
    first: int,
) -> None:
    """Add the figures of a device's records, and how many differ from the exact ones."""
    answers, exact = records
    some = "" if len(runs) == len(found.runs) else f", {len(runs)} runs"
    rows = scoring.counted(runs, answers, first)
    found.figures[f"SAFE on {target}{some}"] = metrics.summarize(rows)
    found.streamed[target] = sum(map(len, answers))
    found.differing[target] = sum(
        record_mismatches(a, b) for a, b in zip(answers, exact, strict=True)
    )
