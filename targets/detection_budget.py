"""Limits of `[budget]` in model.toml that the detector's last evaluation must keep.

The figures lie in `detector_evaluation.json` of the model directory, with the hash of the
detector.json that they are of: `host_tools evaluate --detection RUNS --model DIR` writes all of
them, `train` and `fit` the one that quiet held-out rows give.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from targets import toml_file
from targets.errors import BudgetError, BuildError

FILE = "detector_evaluation.json"
VERSION = 1
DETECTOR = "detector.json"
EVALUATE = "`host_tools evaluate --detection RUNS --model DIR`"


@dataclass(frozen=True)
class Limit:
    """A key of `[budget]`: its range, and whether the figure may not be larger or smaller."""

    low: float
    high: float
    most: bool
    unit: str = ""

    def words(self, key: str, figure: float, limit: float) -> str:
        """Return the sentence about a figure that falls short."""
        side = "more" if self.most else "less"
        return f"{key} is {figure:.4g}{self.unit}, {side} than the budget of {limit:g}{self.unit}"


LIMITS = {
    "quiet_alarm_share": Limit(0.0, 100.0, most=True, unit="%"),
    "f1": Limit(0.0, 1.0, most=False),
    "missed": Limit(0.0, 1e9, most=True),
}


def limits(budget: Mapping[str, Any], where: str) -> dict[str, float]:
    """Return the limits of a `[budget]` table by key.

    Raises:
        BuildError: One is no number of its range.
    """
    found = {}
    for key, about in LIMITS.items():
        value = budget.get(key)
        if value is None:
            continue
        is_number = type(value) is int or type(value) is float
        if not is_number or not about.low <= value <= about.high:
            raise BuildError(
                f"{where}: budget.{key} is {value!r}, expected {about.low:g} to {about.high:g}"
            )
        found[key] = float(value)
    return found


def short(limit: Mapping[str, float], figures: Mapping[str, Any]) -> list[str]:
    """Return what falls short, a sentence each; a figure that is None is not judged."""
    return [
        LIMITS[key].words(key, figures[key], value)
        for key, value in limit.items()
        if figures.get(key) is not None
        and (figures[key] > value if LIMITS[key].most else figures[key] < value)
    ]


def hash_of(text: str) -> str:
    """Return the SHA-256 of a detector.json."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def check(folder: Path) -> list[str]:
    """Hold the last evaluation of a model directory to its budget.

    Returns:
        What cannot be judged, a sentence each: no figure, or one of another detector.

    Raises:
        BudgetError: A figure of this detector falls short; the message has all of them.
        BuildError: A limit or the record is malformed.
    """
    about = folder / "model.toml"
    if not about.is_file() or not (folder / DETECTOR).is_file():
        return []
    budget = toml_file.read(about, BuildError).get("budget", {})
    limit = limits(budget, str(about)) if isinstance(budget, dict) else {}
    if not limit:
        return []
    names = ", ".join(limit)
    figures = _record(folder / FILE)
    if figures is None:
        return [f"{about}: budget of {names}: the detector was not evaluated: run {EVALUATE}"]
    by = figures.get("by")
    present = hash_of((folder / DETECTOR).read_text(encoding="utf-8"))
    if figures.get("detector_sha256") != present:
        return [
            f"{about}: budget of {names}: the last evaluation ({by}) is of another detector.json"
            f" than the present one: run {EVALUATE} again"
        ]
    if wrong := short(limit, figures):
        raise BudgetError(
            f"{about}: {'; '.join(wrong)} (last evaluation: {by}): fit another detector, or"
            " correct the budget"
        )
    unknown = [key for key in limit if figures.get(key) is None]
    if not unknown:
        return []
    return [f"{about}: budget of {', '.join(unknown)}: {by} does not tell: run {EVALUATE}"]


def _record(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BuildError(f"{path}: cannot be read as JSON: {error}: {EVALUATE} writes it") from None
    numbers = [found.get(key) for key in LIMITS] if isinstance(found, dict) else [""]
    plain = all(n is None or type(n) in (int, float) for n in numbers)
    if not plain or found.get("version") != VERSION:
        raise BuildError(f"{path}: is no evaluation of version {VERSION}: {EVALUATE} writes it")
    return dict(found)
