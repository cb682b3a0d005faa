"""Score a detector on labelled runs: one global model, fitted on training rows only.

Protocol: the first `learn_rows` rows of each run train (with the quiet recordings in blocks of
that length), the rest counts. Nothing after the training rows of a run, and no label, reaches
the fit. Each chain then learns its own baseline from its run's training rows, as a device does
when it is put to work, and gives verdicts on the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.compare.metrics import record_mismatches
from host_tools.data.runs import QUIET, Recording, Runs
from host_tools.detection import fit as fitting
from host_tools.detection import metrics
from host_tools.detection.chain import ChainConfig
from host_tools.detection.fit import F64, Material, Normalizer, Rule
from host_tools.errors import DataError
from host_tools.evaluation import on_device, scoring
from host_tools.evaluation import trace as tracing
from host_tools.evaluation.trace import Detection, OperatingPoint, Trace
from host_tools.formats import description, scaler
from host_tools.formats.description import Description
from host_tools.formats.detector import BASELINE, FILE, Detector
from host_tools.formats.scaler import Scaler
from host_tools.runtimes import tflm as oracle
from host_tools.runtimes.adapter import adapt, read_edges
from host_tools.training import segments
from host_tools.training.settings import FLOAT as FLOAT_FILE
from host_tools.training.settings import INT8 as INT8_FILE
from targets import build, output

Say = Callable[[str], None]

NETWORK = {"conv_filters": 16, "conv_kernel": 3, "lstm_units": 40}
EPOCHS = 12
HELD_EVERY = 8
"""Every eighth training segment chooses the epoch instead of training."""
CALIBRATION_WINDOWS = 1000
WINDOW, HORIZON = 30, 10
CLIP = 4.0
"""Limit of model inputs, in spreads of the baseline."""
RULE = Rule(input=BASELINE)
NAME = "detection"
"""Of the model directory that a study writes."""
LEAST_ROWS = RULE.learn_rows + 1
"""Rows that a file needs: those that train and one that counts."""


FLOAT, INT8 = "SAFE float", "SAFE int8 chain"


@dataclass(frozen=True)
class Study:
    """What came out.

    Attributes:
        detector: Its constants.
        scored: Names of the channels that are scored.
        left_out: Names of the others: they drift.
        figures: By method.
        runs: Of the int8 chain, by run.
        quiet: Of the int8 chain, by quiet recording.
        rmse: int8 against float by run, in the model's units.
        differing: Records that differ between a device and the int8 chain, by target.
        streamed: Samples that went through each device.
        train_windows: Windows that trained the network.
        loss: Its validation loss.
        channels: Names of all channels.
        traces: The int8 chain row by row: labelled runs, then quiet recordings.
        groups: Of the int8 chain, by folder of runs.
        curve: Of the int8 chain, what other thresholds give.
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
    channels: tuple[str, ...] = ()
    traces: tuple[Trace, ...] = ()
    groups: Mapping[str, metrics.Summary] = field(default_factory=dict)
    curve: tuple[OperatingPoint, ...] = ()
    differing: dict[str, int] = field(default_factory=dict)
    streamed: dict[str, int] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """JSON: rates in percent, delay in seconds, RMSE in the model's normalized units."""
        return {
            "scored_channels": list(self.scored),
            "left_out_channels": list(self.left_out),
            "train_windows": self.train_windows,
            "validation_loss": self.loss,
            "methods": {name: _finite(asdict(found)) for name, found in self.figures.items()},
            "runs": {name: _finite(asdict(found)) for name, found in self.runs.items()},
            "quiet": {name: asdict(found) for name, found in self.quiet.items()},
            "groups": {name: _finite(asdict(found)) for name, found in self.groups.items()},
            "operating_curve": [_finite(asdict(point)) for point in self.curve],
            "rmse_int8_float": dict(self.rmse),
            "delta_f1_int8_float": self.figures[INT8].f1 - self.figures[FLOAT].f1,
            "device_records_that_differ": self.differing,
            "device_samples": self.streamed,
        }

    def detection(self) -> Detection:
        """Return what a page shows of it."""
        facts = [
            f"The network was trained on {self.train_windows:,} windows; int8 against float: F1"
            f" {self.figures[INT8].f1 - self.figures[FLOAT].f1:+.4f}, RMSE at most"
            f" {max(self.rmse.values()):.4f}."
        ]
        facts += [
            f"{target}: {count:,} of {self.streamed[target]:,} records differ from the"
            " specification."
            for target, count in self.differing.items()
        ]
        facts += [
            f"Quiet recording {name}: {quiet.alarm_rows:,} of {quiet.rows:,} rows in alarm,"
            f" {quiet.alarms} alarms; its rows train, too."
            for name, quiet in self.quiet.items()
        ]
        return Detection(
            channels=self.channels,
            scored=self.detector.scored(self.channels),
            thresholds={"alarm": float(self.detector.threshold)},
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


def training_segments(runs: Runs, rule: Rule) -> tuple[list[F64], list[F64]]:
    """Return the training segments and, of them, the heads of the labelled runs.

    Raises:
        DataError: A run is not longer than its training rows, or they hold a missing value, or
            there are fewer than two segments: one trains, the other chooses the epoch.
    """
    size = rule.learn_rows
    for run in (*runs.labelled, *runs.quiet):
        head = run.values[:size]
        if len(run.values) <= size or not np.isfinite(head).all():
            raise DataError(
                f"{run.name}: the first {size} rows must be complete and more must follow"
                f" (it has {len(run.values)}): leave the file out"
            )
    heads = [run.values[:size] for run in runs.labelled]
    blocks = [
        one.values[i : i + size]
        for one in runs.quiet
        for i in range(0, len(one.values) - size + 1, size)
        if np.isfinite(one.values[i : i + size]).all() and not one.labels[i : i + size].any()
    ]
    if len(heads) + len(blocks) < 2:
        raise DataError(
            f"{runs.labelled[0].name}: only {size} rows to train on, from one run: add another run,"
            f" or a quiet recording of {size} rows in a folder named {QUIET}"
        )
    return heads + blocks, heads


def windows_of(parts: Sequence[F64], norm: Normalizer, rule: Rule) -> NDArray[np.float32]:
    """Return clipped inputs and what follows, float32 [N, WINDOW + HORIZON, channels]."""
    size = WINDOW + HORIZON
    inputs = []
    for part in parts:
        values = np.clip(norm.inputs(part, rule), -CLIP, CLIP).astype(np.float32)
        view = np.lib.stride_tricks.sliding_window_view(values, size, axis=0)
        inputs.append(view.transpose(0, 2, 1))
    return np.ascontiguousarray(np.concatenate(inputs))


def representative(windows: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Return calibration windows: half as they are, half with a level step in some channels.

    A fault saturates the input; its windows must be in the calibrated range without any test row.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    count = min(CALIBRATION_WINDOWS, len(windows))
    picked = windows[rng.choice(len(windows), count, replace=False), :WINDOW].copy()
    half, channels = count // 2, picked.shape[2]
    step = rng.uniform(-2 * CLIP, 2 * CLIP, (half, 1, channels))
    step *= rng.random((half, 1, channels)) < 0.5
    begin = rng.integers(0, WINDOW, (half, 1, 1))
    picked[:half] += (np.arange(WINDOW)[None, :, None] >= begin) * step
    return np.asarray(np.clip(picked, -CLIP, CLIP), np.float32)


def train(
    runs: Runs, architecture: Path, out: Path, say: Say, *, seed: int = 1, epochs: int = EPOCHS
) -> tuple[ChainConfig, int, float]:
    """Train one global forecaster, fit its detector, and write a model directory.

    Args:
        runs: Labelled runs and quiet recordings.
        architecture: `architecture.py` of the forecaster.
        out: Folder of the model directory.
        say: Takes one line of news.
        seed: Of training and calibration.
        epochs: Of training.

    Returns:
        The chain, the windows that trained it, and the validation loss.

    Raises:
        DataError, TrainingError, ConversionError, OutputError: See the parts.
    """
    _tell_labelled(runs, say)
    parts, heads = training_segments(runs, RULE)
    norm = fitting.normalizer(parts, RULE)
    held = parts[::HELD_EVERY]
    trained = [p for i, p in enumerate(parts) if i % HELD_EVERY]
    windows = windows_of(trained, norm, RULE)
    job = segments.SegmentJob(
        architecture, NETWORK, WINDOW, HORIZON, len(runs.channels), seed, epochs
    )
    say(f"training one global forecaster on {len(windows)} windows of {len(trained)} segments")
    models = segments.train(
        job, windows, windows_of(held, norm, RULE), representative(windows, seed)
    )
    with output.staged(out, INT8_FILE) as stage:
        floating = stage.folder / FLOAT_FILE
        output.write(floating, models.floating)
        output.write(stage.folder / INT8_FILE, models.int8)
        say("fitting the detector on training rows")

        def predict(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
            clipped = np.clip(inputs, -CLIP, CLIP).astype(np.float32)
            return oracle.forecast_float(floating, clipped)

        material = Material(parts, heads, predict, WINDOW, HORIZON)
        detector = fitting.fit(material, RULE, norm)
        scale, names = _scaler(norm, runs.channels), runs.channels
        about = Description(
            NAME, WINDOW, HORIZON, 1.0, seed, "csv", names, ("",) * len(names), NETWORK
        )
        scale.save(stage.folder / "scaler.json")
        detector.save(stage.folder / FILE)
        output.write(stage.folder / description.FILE, about.text())
    return ChainConfig(adapt(read_edges(models.int8), scale), detector), len(windows), models.loss


def _scaler(norm: Normalizer, channels: tuple[str, ...]) -> Scaler:
    single = np.float32
    return Scaler(
        channels=channels,
        mean=norm.mean.astype(single),
        std=(1.0 / norm.inv_std).astype(single),
        inv_std=norm.inv_std.astype(single),
        clip=single(CLIP),
        score_limit=single(scaler.SCORE_LIMIT),
    )


def _tell_labelled(runs: Runs, say: Say) -> None:
    """Say which runs have labelled rows among those that train."""
    for run in runs.labelled:
        if faults := int(run.labels[: RULE.learn_rows].sum()):
            say(
                f"note: {run.name}: {faults} of its first {RULE.learn_rows} rows, which train, are"
                " labelled as a fault"
            )


def study(
    runs: Runs,
    architecture: Path,
    out: Path,
    say: Say,
    *,
    seed: int = 1,
    epochs: int = EPOCHS,
    targets: Sequence[str] = ("host",),
    backend: str = build.DEFAULT_BACKEND,
    limit: int | None = None,
) -> Study:
    """Train, fit, and score float, int8 and devices beside the baselines.

    Args:
        runs: Labelled runs and quiet recordings.
        architecture: `architecture.py` of the forecaster.
        out: Takes `model/`, a model directory, and `work/`.
        say: Takes one line of news.
        seed: Of training and calibration.
        epochs: Of training.
        targets: Devices to stream the runs through; `host` is the generated C on this machine.
        backend: Of the generator, for all of them.
        limit: Stream so many runs through each device but the host; None: all.

    Raises:
        The errors of every step.
    """
    config, windows, loss = train(runs, architecture, out / "model", say, seed=seed, epochs=epochs)
    first, models = RULE.learn_rows, _models(config, out / "model")
    say(f"scoring {len(runs.labelled)} runs: baselines, float, int8")
    labelled = runs.labelled
    figures = scoring.compare(labelled, first)
    floating = models.float_records(labelled)
    figures[FLOAT] = metrics.summarize(scoring.counted(labelled, floating, first))
    exact, quiet = models.int8_records(labelled), models.int8_records(runs.quiet)
    counted = scoring.counted(labelled, exact, first)
    every = zip((*labelled, *runs.quiet), (*exact, *quiet), strict=True)
    traces = tuple(tracing.trace(run, rows, first) for run, rows in every)
    figures[INT8] = metrics.summarize(counted)
    scored = config.detector.scored(runs.channels)
    found = Study(
        detector=config.detector,
        scored=tuple(scored),
        left_out=tuple(name for name in runs.channels if name not in scored),
        figures=figures,
        runs=scoring.by_run(labelled, exact, first),
        quiet=scoring.quiet(runs.quiet, quiet, first),
        rmse={run.name: models.rmse(run) for run in labelled},
        train_windows=windows,
        loss=loss,
        channels=runs.channels,
        traces=traces,
        groups=tracing.groups(counted),
        curve=tuple(tracing.curve(counted, traces, float(config.detector.threshold))),
    )
    for target in targets:
        some = labelled if target == "host" or limit is None else labelled[:limit]
        _add_device(found, target, some, _answers(target, some, out, say, backend), exact)
    return found


def _answers(
    target: str, runs: Sequence[Recording], out: Path, say: Say, backend: str
) -> scoring.Records:
    """Return the records of one device, whose image is built below `out`."""
    work = out / "work" / target
    return on_device.records(target, out / "model", runs, work, say, backend=backend)


def _models(config: ChainConfig, folder: Path) -> scoring.ScoredModels:
    int8 = (folder / INT8_FILE).read_bytes()
    scale = read_edges(int8).output_scale
    return scoring.ScoredModels(config, folder / FLOAT_FILE, int8, scale)


def _add_device(
    found: Study,
    target: str,
    runs: Sequence[Recording],
    answers: scoring.Records,
    exact: scoring.Records,
) -> None:
    """Add the figures of a device's records, and how many differ from the exact ones."""
    some = "" if len(runs) == len(exact) else f", {len(runs)} runs"
    rows = scoring.counted(runs, answers, RULE.learn_rows)
    found.figures[f"SAFE on {target}{some}"] = metrics.summarize(rows)
    found.streamed[target] = sum(map(len, answers))
    found.differing[target] = sum(
        record_mismatches(a, b) for a, b in zip(answers, exact[: len(answers)], strict=True)
    )
