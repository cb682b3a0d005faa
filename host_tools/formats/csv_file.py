"""The one writer of CSV results: numbers read back exactly, no cell is a formula."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a text that a spreadsheet would evaluate when it opens the file."""


def text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return CSV text; NaN is an empty cell.

    A text that begins as a formula does (a channel may be called `=cmd|…`) gets an apostrophe in
    front, which a spreadsheet shows as text and does not run. Numbers stay as they are.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_cell(name) for name in header])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        # The csv module leaves a lone carriage return unquoted, which would end the row.
        plain = value.replace("\r", " ")
        return f"'{plain}" if value.startswith(FORMULA) else plain
    return "" if isinstance(value, float) and math.isnan(value) else value
