"""README's picture of the report: it shows what the page shows today, and is made by a command."""

import json
from dataclasses import replace

import pytest
from PIL import Image

from docs.site import build, picture
from host_tools.report import report_page
from tests.architecture import tree
from tests.unit.host_tools.report.browser import installed

AGAIN = "make it anew: ./safe demo && ./safe docs --picture build/demo/report.html"


def test_the_picture_is_of_a_page_like_todays(report, series):
    page = report_page.render(report, series)
    assert picture.kept(picture.FILE) == picture.kind(page), AGAIN
    kind = picture.kind(page)
    assert kind["verdict"] == "identical to the last bit"
    assert kind["chart"] == picture.CHART
    assert len(kind["labels"]) == 9
    assert picture.kind(report_page.render(replace(report, alarm_episodes=1), series)) == kind


@pytest.mark.parametrize("word", ["bytes of flash", "identical to the last bit", picture.CHART])
def test_another_page_is_found(report, series, word):
    page = report_page.render(report, series).replace(word, "another")
    assert picture.kept(picture.FILE) != picture.kind(page)


def test_readme_shows_it_small_on_its_first_screen():
    readme = tree.text(tree.Path("README.md"))
    assert readme.index("](docs/img/report.png)") < readme.index("## In your product")
    assert picture.FILE.stat().st_size < 60_000
    with Image.open(picture.FILE) as image:
        assert image.width == picture.WIDTH
        assert image.height < 1100


@pytest.mark.skipif(not installed(), reason="chromium is missing: ./safe setup test")
def test_the_command_makes_one(report, series, tmp_path, monkeypatch, capsys):
    (tmp_path / "report.html").write_text(report_page.render(report, series), encoding="utf-8")
    monkeypatch.setattr(picture, "FILE", tmp_path / "made.png")
    monkeypatch.setattr(picture.make, "__defaults__", (tmp_path / "made.png",))
    assert build.main(["--picture", str(tmp_path / "report.html")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'made.png'}\n"
    with Image.open(tmp_path / "made.png") as image:
        assert (image.width, image.mode) == (picture.WIDTH, "P")
        assert 500 < image.height < 1100
        assert "labels" in json.loads(image.info["safe-page"])


def test_what_is_no_report_ends_with_one_line(tmp_path, capsys):
    assert build.main(["--picture", str(tmp_path / "none.html")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "other.html").write_text("<html></html>")
    assert build.main(["--picture", str(tmp_path / "other.html")]) == 1
    assert "is no report of a demo" in capsys.readouterr().err
