"""Made-up but complete content of every page, with names in several scripts."""

from pathlib import Path
from typing import Any

import numpy as np

from host_tools.compare import matrix
from host_tools.compare.matrix import DEVICE, EXACT, FLOAT, OTHER, Lsb, Participant
from host_tools.compare.metrics import real_delta
from host_tools.data.runs import Recording
from host_tools.detection import metrics
from host_tools.eda import summary, survey
from host_tools.evaluation import scoring
from host_tools.evaluation import trace as tracing
from host_tools.evaluation.error_sources import ErrorShares
from host_tools.evaluation.evaluate import ErrorPair, Evaluation, Latency
from host_tools.evaluation.trace import Detection, OperatingPoint
from host_tools.formats.golden import Golden
from host_tools.formats.record import NO_CHANNEL, RECORD, State
from host_tools.report import detection_page, eda_page, evaluation_page, golden_page

NAMES = ["温度 入口", "مضخة الماء", "<b>насос</b>", "flow_rate_of_the_second_return_line_m3_per_h"]
FIRST, THRESHOLD = 400, 1.2


def eda_log(path: Path) -> Path:
    """Write 20 hours of four channels, one row a minute, with a gap and a stuck stretch."""
    rng = np.random.default_rng(3)
    lines = ["datetime," + ",".join(NAMES) + ",anomaly"]
    for row in range(1200):
        at = np.datetime64("2024-03-01T00:00") + np.timedelta64(row + 60 * (row > 700), "m")
        wave = np.sin(row / 60 + np.arange(4)) + rng.normal(0, 0.1, 4) + (row > 900)
        wave[1] = 7.25 if 300 < row < 400 else wave[1]
        lines.append(f"{at},{','.join(f'{v:.4f}' for v in wave)},{int(row > 1100)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def eda(folder: Path) -> str:
    found = survey.run([eda_log(folder / "日志.csv")])
    return eda_page.render(found, summary.suggest_clip(found.columns))


def golden() -> str:
    rng = np.random.default_rng(3)
    outputs = rng.integers(-100, 100, (12, 2, 4)).astype(np.int8)
    wrong = outputs.copy()
    wrong[3, 1, 2] += np.int8(5)
    real = (outputs.astype(np.float32) - 3) * 0.25
    data = Golden(
        windows=np.zeros((12, 4, 4), np.int8), kinds=np.array([0, 0, 1, 2] * 3, np.uint8),
        outputs=outputs, float_inputs=np.zeros((12, 4, 4), np.float32), float_outputs=real,
        truth=np.full((12, 2, 4), np.nan, np.float32), samples=np.empty((0, 4), np.float32),
        labels=np.empty(0, np.uint8),
    )  # fmt: skip
    values = {"host C": outputs, "TFLM": outputs, "board": wrong, "TFLite": outputs, "float": real}
    kinds = {"float": FLOAT, "TFLite": OTHER, "board": DEVICE}
    people = [Participant(n, kinds.get(n, EXACT), v) for n, v in values.items()]
    units = Lsb(0.25, 3, dict.fromkeys(NAMES, 0.5))
    return golden_page.page(matrix.build(people, data, units, model="m", model_sha256="ab" * 32))


def evaluation() -> str:
    rng = np.random.default_rng(5)
    truth = rng.normal(size=(64, 10, 4))

    def pair(size: float) -> ErrorPair:
        other = truth + rng.normal(0, size, truth.shape)
        channels = [real_delta(other[:, :, c], truth[:, :, c]) for c in range(4)]
        steps = [real_delta(other[:, h], truth[:, h]) for h in range(10)]
        return ErrorPair(real_delta(other, truth), channels, steps)

    small = pair(0.01).total
    lsb = {-2: 1, -1: 300, 0: 2000, 1: 259}
    found = Evaluation(
        data="test part of plant", windows=64, clip=8.0, channels=NAMES, horizon=10,
        output_scale=0.03, int8_vs_float=pair(0.01), int8_vs_truth=pair(0.2),
        float_vs_truth=pair(0.2), lsb=lsb, lsb_by_channel=[lsb] * 4, lsb_by_step=[lsb] * 10,
        budget=ErrorShares(small, None, small, small),
        latency={"int8": Latency(0.7, 0.9, 1), "float": Latency(0.1, 0.2, 1)},
    )  # fmt: skip
    return evaluation_page.page(found, "forecaster")


def runs(count: int, rows: int) -> tuple[list[Recording], list[np.ndarray[Any, Any]]]:
    """Return runs and their records: every fifth masks a channel, the last two are quiet."""
    rng = np.random.default_rng(1)
    found, records = [], []
    for run in range(count):
        label = np.zeros(rows, np.int64)
        if run < count - 2:
            label[800:1000] = 1
        record = np.zeros(rows, RECORD)
        record["score"] = np.abs(rng.normal(0.6, 0.2, rows)) + 2 * label * (run % 7 != 3)
        record["state"] = np.where(record["score"] > THRESHOLD, State.ALARM, State.OK)
        record["state"][:FIRST] = State.LEARN
        record["top"] = record["masked"] = NO_CHANNEL
        record["limit"] = THRESHOLD
        record["top"][record["state"] == State.ALARM, 0] = run % 4
        if run % 5 == 0:
            record["state"][1050:1090] = State.DEGRADED
            record["masked"][1050:1090, 0] = 1
        group = "quiet" if run >= count - 2 else f"valve{run % 3}"
        values = np.zeros((rows, 4))
        found.append(Recording(f"{group}/{run}", values, label, np.arange(rows) * 1.0, 1.7e9))
        records.append(record)
    return found, records


def detection(count: int = 50, rows: int = 1200) -> Detection:
    everything, records = runs(count, rows)
    labelled, exact = everything[:-2], records[:-2]
    counted = scoring.counted(labelled, exact, FIRST)
    figures = metrics.summarize(counted)
    pairs = zip(everything, records, strict=True)
    traces = [tracing.trace(run, record, FIRST) for run, record in pairs]
    return Detection(
        channels=NAMES,
        scored=dict.fromkeys(NAMES[1:], "level and residual"),
        thresholds={"alarm": THRESHOLD, "notice": 0.9},
        methods={"persistence": figures, "int8": figures},
        method="int8",
        groups=tracing.groups(counted),
        runs={run.name: metrics.summarize([run]) for run in counted},
        traces=traces,
        curve=[
            OperatingPoint(t, 0.8, 20 / t, 10 * t, 5.0, 0, 3.0, 20 / t) for t in (1.0, 2.0, 4.0)
        ],
        facts=["A fact of the study."],
    )


def detection_html(count: int = 50) -> str:
    return detection_page.page(detection(count))
