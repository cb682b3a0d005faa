"""Pictures that are files: names in any script, the same bytes each time."""

import warnings

import pytest
from matplotlib.figure import Figure

from host_tools.report import figures

NAMES = ["flow", "насос", "مضخة", "温度", "cost $x$"]


def picture(names: list[str]) -> tuple[bytes, str]:
    with figures.style():
        figure = Figure(figsize=(4, 2), layout="constrained")
        figure.subplots().barh(names, range(len(names)))
        return figures.png(figure), figures.svg(figure)


def test_pictures_are_repeatable() -> None:
    assert picture(["a", "b"]) == picture(["a", "b"])


def test_no_name_is_drawn_as_boxes_with_or_without_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matplotlib warns of a glyph that it does not have; that would be a box."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture(figures.labels(NAMES))
        bare = figures.fonts()[:1]
        monkeypatch.setattr(figures, "fonts", lambda: bare)
        shown = figures.labels(NAMES)
        picture(shown)
    assert shown == ["flow", "насос", "مضخة", "column 4", "cost $x$"]


def test_words_of_an_svg_stay_text() -> None:
    assert "温度</text>" in picture(["温度", "b"])[1]
