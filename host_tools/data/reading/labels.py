"""Labels of faults: which columns hold them, and which of their values is the normal one."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from host_tools.data.reading import numbers
from host_tools.data.reading.evidence import Column
from host_tools.errors import DataError

SURE = {"anomaly", "label", "fault", "isanomaly"}
"""Names (letters and digits only) that are labels in every log."""
_LIKELY = re.compile(
    r"(?:^|[^a-z])(?:attacks?|att_?flag|anomal\w*|faults?|faulty|failures?|fail|defects?|outliers?"
    r"|labels?|abnormal\w*|intrusion|is_?anomaly|is_?fault|fehler|st[oö]rung|guasto|panne)(?:$|[^a-z])"
    r"|^(?:attack|fault|label|anomaly|defect|failure)|(?:attack|fault|label|anomaly|failure)$"
)
NORMAL_WORDS = {
    "normal", "ok", "good", "healthy", "no", "none", "no failure", "no fault", "nofault", "false",
    "benign", "0", "-", "no_failure", "no_fault", "nominal", "regular", "n", "pass", "no defect",
    "no_defect", "no anomaly", "gut", "ok.", "undamaged", "clean", "natural", "norm",
    "nein", "kein", "keine", "non", "nej",
}  # fmt: skip
HEALTHY = {"normal", "healthy", "good", "nominal", "no failure", "no fault", "undamaged", "benign"}
"""Texts that say by themselves that the other texts of a column are faults."""
ANNOTATIONS = {"changepoint"}
"""Columns that are neither a channel nor a label of a row."""
MOST_CLASSES = 64
RARE = 0.25
"""A value that the user names is a fault's when fewer rows hold it and another is in most rows."""


@dataclass(frozen=True)
class Label:
    """Which rows a column labels.

    Attributes:
        column: Its name.
        normal: Values of rows without a fault, as text; empty when `faulty` says it.
        faulty: Values of rows with one, as text; empty when every value but `normal` is.
        rows: Rows with a fault.
        why: For people.
    """

    column: str
    normal: frozenset[str]
    faulty: frozenset[str]
    rows: int
    why: str

    def marks(self, cells: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which rows are labelled, bool [rows]; a cell without a value is not."""
        codes, uniques = pd.factorize(cells, use_na_sentinel=False)
        flags = np.array([self._is_fault(text_of(value)) for value in uniques], dtype=np.bool_)
        return flags[codes] if len(flags) else np.zeros(len(cells), dtype=np.bool_)

    def _is_fault(self, text: str) -> bool:
        if self.faulty:
            return text in self.faulty
        return text not in self.normal and text.lower() not in numbers.MISSING


def text_of(value: Any) -> str:
    """Return a cell as labels are compared: `1.0` and `1` are the same."""
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if np.isfinite(number) and number == int(number) else text


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_likely(name: str) -> bool:
    """Whether a column is called like a label."""
    low = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return _bare(name) in SURE or _LIKELY.search(low) is not None


def is_alarm(name: str) -> bool:
    """Whether a column is called like one of alarms, which is empty in a normal row."""
    return re.search(r"alarm|alert|warn|event|error|trip", name.lower()) is not None


def classes(column: Column) -> dict[str, int] | None:
    """Return the values of a column and how often each occurs, None when they are too many."""
    if column.filled_texts:
        if column.texts is None:
            return None
        found: dict[str, int] = {}
        for text, count in column.texts.items():
            key = text_of(text)
            found[key] = found.get(key, 0) + count
        return found if len(found) <= MOST_CLASSES else None
    if column.distinct is None or column.text_cells:
        return None
    return {text_of(value): count for value, count in column.distinct.items()}


def of_column(column: Column, value: str | None, *, said: bool) -> Label | None:
    """Return what a column labels; None when nothing says that it is a label.

    Args:
        column: What it showed.
        value: The value that the user names, or None.
        said: Whether the user calls it a label.

    Raises:
        DataError: Which value is the normal one cannot be told; every row is labelled.
    """
    found = classes(column)
    if found is None:
        if said:
            raise DataError(
                f"--label {column.name}: over {MOST_CLASSES} different values: no label"
            )
        return None
    total = sum(found.values())
    filled = {text: n for text, n in found.items() if text.lower() not in numbers.MISSING}
    if value is not None:
        return _checked(_by_value(column.name, text_of(value), found, total), total)
    normal = _normal(filled)
    if normal is None and total > sum(filled.values()):
        # Only faults are written: an empty cell, or "none", is a normal row.
        blank = max((text for text in found if text not in filled), key=lambda text: found[text])
        normal = {blank or "an empty cell"}
    if normal is None:
        if not said and not _two_sided(filled):
            return None
        shown = ", ".join(f"{text} ({n:,} rows)" for text, n in list(filled.items())[:4])
        raise DataError(
            f'column "{column.name}" holds {shown}: which of them is normal? give --label'
            f' "{column.name}=VALUE", or --ignore "{column.name}"'
        )
    rows = sum(n for text, n in filled.items() if text not in normal)
    word = " or ".join(sorted(normal))
    label = Label(column.name, frozenset(normal), frozenset(), rows, f"{word} is normal")
    return _checked(label, total)


def _two_sided(filled: dict[str, int]) -> bool:
    return 2 <= len(filled) <= 8


def _normal(filled: dict[str, int]) -> set[str] | None:
    """Return the normal values of a label, None when they cannot be told."""
    words = {text for text in filled if text.lower() in NORMAL_WORDS}
    total = sum(filled.values())
    if "0" in filled and not (len(filled) == 2 and filled["0"] < 0.1 * total):
        return {"0"}
    if words and "0" not in filled:
        return words
    if not filled:
        return {"0"}
    if len(filled) == 1:
        only = next(iter(filled))
        return {"0"} if only == "1" else None
    most = max(filled, key=lambda text: filled[text])
    pair = {"1", "-1"} == set(filled) or "-999" in filled
    return {most} if pair and filled[most] > 0.7 * total else None


def _by_value(name: str, value: str, found: dict[str, int], total: int) -> Label:
    """The value names the normal rows; a rare one beside a common one names the faults instead."""
    if value not in found:
        shown = ", ".join(sorted(found)[:6])
        raise DataError(f"--label {name}={value}: no cell holds it: the column holds {shown}")
    rows = found[value]
    common = max(found.values()) > 0.5 * total
    if value.lower() in NORMAL_WORDS or not (rows < RARE * total and common):
        blank = sum(n for text, n in found.items() if text.lower() in numbers.MISSING)
        return Label(name, frozenset((value,)), frozenset(), total - rows - blank,
                     f"{value} is normal")  # fmt: skip
    return Label(name, frozenset(), frozenset((value,)), rows, f"{value} marks a fault")


def _checked(label: Label, total: int) -> Label:
    if total and label.rows == total:
        raise DataError(
            f'column "{label.column}" labels every row as a fault ({label.why}): nothing normal is'
            f' left to learn from: give --label "{label.column}=VALUE" with the normal value, or'
            f' --ignore "{label.column}"'
        )
    return label
