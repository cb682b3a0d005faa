"""Look at CSV files of any size: statistics, correlations, gaps, drift, and a clip to use.

Writes stats_completo.csv, top_corr_pairs.csv, correlazioni_full.png, istogrammi_full.png,
eda.json and eda.html to --outdir. Reads once, in blocks: a file larger than memory is no
problem. Text cells, infinities, repeated or backward timestamps and mixed sampling rates are
told, not refused.

Example:
  host_tools eda --csv monday.csv tuesday.csv --outdir eda
"""

import argparse
import sys
import time

from host_tools.commands import _output, _reading
from targets.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    _reading.add_arguments(parser, "one or more files of the same columns", required=True)
    parser.add_argument(
        "--outdir", "--out", type=_output.folder, default="eda", help="folder to write"
    )
    parser.add_argument("--json", action="store_true", help="print eda.json")


class _Progress:
    """A percentage on a terminal, rewritten in place."""

    def __init__(self) -> None:
        self._shown = -1

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // max(1, total)
        if percent != self._shown and sys.stderr.isatty():
            self._shown = percent
            end = "\n" if done >= total else "\r"
            print(f"eda: {percent}% of {total / 1e6:,.0f} MB", end=end, file=sys.stderr, flush=True)  # noqa: T201


def run(arguments: argparse.Namespace) -> int:
    """Look, write, print; return the exit code. Raises DataError or OutputError."""
    from host_tools.eda import summary as eda_summary
    from host_tools.eda import survey as eda
    from host_tools.formats import csv_file, json_file
    from host_tools.report import eda_page, eda_plots
    from targets import output

    began = time.monotonic()
    found = eda.run(arguments.csv, _reading.options(arguments), progress=_Progress())
    clip = eda_summary.suggest_clip(found.columns)
    pictures = {
        "histograms": eda_plots.histograms(found),
        "correlations": eda_plots.correlations(found),
    }
    page = eda_page.render(found, clip)
    fields, out = eda_summary.fields(found, clip), arguments.outdir
    pairs = [(a, b, r, abs(r), rows) for a, b, r, rows in eda_summary.top_pairs(found)]
    head = ["channel_a", "channel_b", "correlation", "abs_correlation", "rows"]
    with output.staged(out, "eda.json") as stage:
        made = stage.folder
        output.write(made / "stats_completo.csv", csv_file.text(*eda_summary.stats_rows(found)))
        output.write(made / "top_corr_pairs.csv", csv_file.text(head, pairs))
        output.write(made / "correlazioni_full.png", pictures["correlations"])
        output.write(made / "istogrammi_full.png", pictures["histograms"])
        output.write(made / "eda.html", page)
        json_file.write_plain(made / "eda.json", fields)
    if arguments.json:
        sys.stdout.write((out / "eda.json").read_text(encoding="utf-8"))
        return ExitCode.OK
    names = ", ".join(column.name for column in found.columns)
    lines = [found.reading.summary(), f"{len(found.columns)} channels: {names}"]
    lines += [eda_page.left_out(found), *(f.text for f in eda_summary.findings(found))]
    lines.append(f"suggested clip ±{clip.sigma:g} σ: {clip.reason}")
    lines.append(f"{out / 'eda.html'}: written in {time.monotonic() - began:.1f} s")
    sys.stdout.write("\n".join(lines) + "\n")
    return ExitCode.OK
