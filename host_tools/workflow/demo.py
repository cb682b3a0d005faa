"""The demo: from a model, or from a CSV file, to a verified report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import DifferentError
from host_tools.formats import description, json_file
from host_tools.report import report_page as html
from host_tools.report import table
from host_tools.report.record import Report, Series
from host_tools.training.settings import Settings
from host_tools.workflow import run as measure
from host_tools.workflow.train import TrainingRequest, train
from targets import output
from targets.build import ROOT

OUT = ROOT / "build" / "demo"


@dataclass(frozen=True)
class Outcome:
    """A finished demo: the report and where it was written."""

    report: Report
    text: str
    json: Path
    html: Path


def write_report(report: Report, series: Series | None, out: Path) -> Outcome:
    """Write `report.json` and `report.html` into `out`, each whole or not at all."""
    page = html.render(report, series)
    paths = (out / "report.json", out / "report.html")
    json_file.write_plain(paths[0], report.fields())
    output.write(paths[1], page)
    return Outcome(report, table.render(report), *paths)


def run(
    *,
    target: str,
    model: str,
    csv: Path | None,
    out: Path,
    windows: int | None,
    streaming: bool,
    delimiter: str | None,
    epochs: int | None,
    say: Callable[[str], None],
    progress: measure.Progress,
) -> Outcome:
    """Run the whole demo.

    Raises the errors of every step. A difference between device and host raises DifferentError
    only after the report has been written.
    """
    data = None
    if csv is not None:
        say(f"train on {csv}")
        settings = Settings() if epochs is None else Settings(epochs=epochs)
        request = TrainingRequest(
            csv=csv, delimiter=delimiter, out=out / "model", settings=settings
        )
        directory = train(request, say).directory
        data = f"CSV file {csv.name}"
    else:
        directory = description.resolve(model)
    report, series = measure.run(
        target,
        directory,
        out / "work",
        windows=windows,
        data=data,
        streaming=streaming,
        say=say,
        progress=progress,
    )
    return write_report(report, series, out)


def require_exact(outcome: Outcome) -> None:
    """Raise DifferentError when device and host disagree anywhere."""
    report = outcome.report
    if not report.exact:
        raise DifferentError(
            f"device and host differ: {report.mismatched_bytes} output bytes (at most "
            f"{report.max_lsb} LSB), {report.chain_mismatches} chain records; see {outcome.html}"
        )
