"""The demo: from a model, or from a CSV file, to a verified report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from host_tools.data.reading.options import ReadingOptions
from host_tools.detection.choice import Choice
from host_tools.formats import description, json_file
from host_tools.report import report_page as html
from host_tools.report import table
from host_tools.report.record import Report, Series
from host_tools.training.settings import Settings
from host_tools.workflow import report as reports
from host_tools.workflow import run as measure
from host_tools.workflow.clock import Progress, Say
from host_tools.workflow.run import Emulated
from host_tools.workflow.train import TrainingRequest, train
from targets import output
from targets.options import Options
from targets.places import BUILD

OUT = BUILD / "demo"


@dataclass(frozen=True)
class DemoFiles:
    """A finished demo: the report, as a text and where it was written."""

    report: Report
    text: str
    json: Path
    html: Path


def write_report(report: Report, series: Series | None, out: Path) -> DemoFiles:
    """Write `report.json` and `report.html` into `out`, both or none."""
    page = html.render(report, series)
    paths = (out / "report.json", out / "report.html")
    with output.staged(out, paths[0].name) as stage:
        json_file.write_plain(stage.folder / paths[0].name, report.fields())
        output.write(stage.folder / paths[1].name, page)
    return DemoFiles(report, table.render(report), *paths)


def run(
    *,
    target: str,
    options: Options,
    model: str,
    csv: Sequence[Path],
    reading: ReadingOptions,
    out: Path,
    windows: int | None,
    streaming: bool,
    epochs: int | None,
    network: bool,
    say: Say,
    progress: Progress,
) -> DemoFiles:
    """Run the whole demo.

    `network` says whether one is trained, with `csv`.

    Raises the errors of every step. A difference between device and host is no error here.
    """
    data = None
    if csv:
        names = ", ".join(path.name for path in csv)
        say(f"train on {names}")
        # The demo shows that device and host agree, however often a detector is in alarm.
        any_detector = Choice(max_quiet_alarms=100.0)
        settings = Settings(detector=any_detector)
        if epochs is not None:
            settings = replace(settings, epochs=epochs)
        request = TrainingRequest(
            csv=csv, reading=reading, out=out / "model", settings=settings, network=network
        )
        directory = train(request, say).directory
        data = f"CSV file {names}"
    else:
        directory = description.resolve(model)
    place = Emulated(target, options, streaming=streaming, out=out / "work" / "build")
    golden = measure.select(directory, place, windows)
    plan = measure.RunPlan(directory, place, golden)
    result = measure.run(plan, out / "work", say=say, progress=progress)
    for line in result.warnings:
        say(f"warning: {line}")
    return write_report(*reports.report(result, data), out)
