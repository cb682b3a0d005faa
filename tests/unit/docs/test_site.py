"""The documentation's site: every link leads somewhere, and no page asks the network."""

import re
from html.parser import HTMLParser

import pytest

pytest.importorskip("mkdocs", reason="mkdocs is missing: ./safe setup docs")
pytest.importorskip("selenium", reason="selenium is missing: ./safe setup test")

from mkdocs.exceptions import Abort

from codegen.backends.registry import backends
from codegen.operators.registry import operators
from docs.site import build
from docs.site import operators as operators_module
from docs.site.operators import page as operators_page
from targets.kernels import ISAS
from tests.architecture import tree
from tests.unit.host_tools.report.browser import Browser, installed

LOADS = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
RESOURCES = "return performance.getEntriesByType('resource').map(e => e.name)"
SEARCH = """
document.querySelector("[data-md-toggle=search]").click();
const box = document.querySelector(".md-search__input");
box.value = arguments[0];
box.dispatchEvent(new Event("keyup"));"""


class Loads(HTMLParser):
    """What a page loads."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        value = dict(attrs).get(LOADS.get(tag, ""))
        if value and dict(attrs).get("rel") not in ("canonical", "prev", "next"):
            self.found.append(value)


def test_every_page_is_there_and_loads_files_of_the_site_only(site):
    pages = sorted(site.rglob("*.html"))
    names = {page.relative_to(site).as_posix() for page in pages}
    sources = [*tree.ROOT.glob("*.md"), *tree.ROOT.glob("docs/*.md")]
    sources += tree.ROOT.glob("examples/*/README.md")
    for source in sources:
        name = source.relative_to(tree.ROOT).with_suffix(".html").as_posix()
        assert re.sub(r"README\.html$", "index.html", name) in names
    for page in pages:
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert loads.found, page
        for target in loads.found:
            assert "//" not in target, f"{page}: {target}"
            if page.name != "404.html":
                assert (page.parent / target).resolve().is_file(), f"{page}: {target}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")), style


def test_a_link_that_leads_nowhere_is_an_error(tmp_path, monkeypatch):
    links = "[a page](nowhere.md) [a part](../README.md#no-such-part) [a source](../safe)"
    monkeypatch.setattr(operators_module, "_HEAD", f"# x\n\n{links} {{special}}{{cores}}\n\n")
    with pytest.raises(Abort, match="2 warnings"):
        build.build(tmp_path)


def test_the_table_of_operators_is_whole():
    rows = [re.split(r" \| ", row.strip("| ")) for row in operators_page().split("\n| ")[1:]]
    header, _, *body = rows
    assert header == ["operator", "types", *ISAS, *(f"backend {b}" for b in backends()), "what"]
    kinds = {kind for kind, spec in operators().items() if not spec.internal}
    assert {row[0].strip("`") for row in body} == kinds
    assert len(body) == len(kinds)
    assert all(cell for row in body for cell in row)
    by_kind = {row[0].strip("`"): dict(zip(header, row, strict=True)) for row in body}
    conv, add = by_kind["CONV_2D"], by_kind["ADD"]
    assert (conv["types"], conv["ref"], conv["dsp"]) == ("int8, int16", "plain C", "dsp")
    assert [conv[f"backend {name}"] for name in backends()] == ["yes", "yes", "its tool decides"]
    assert (add["ref"], add["dsp"], add["rv32"]) == ("plain C", "shared", "shared")
    assert (by_kind["TILE"]["backend native"], by_kind["TILE"]["backend tflm"]) == ("yes", "–")
    assert {by_kind["RESHAPE"][isa] for isa in ISAS} == {"no code"}
    assert by_kind["RESHAPE"]["types"] == "any"


@pytest.mark.skipif(not installed(), reason="chromium is missing: ./safe setup test")
def test_pages_fit_and_are_searched_without_a_server(site, tmp_path):
    browser = Browser(tmp_path)
    try:
        for name in ("index.html", "docs/operators.html"):
            for width in (1200, 420):
                browser.open(site / name, width, dark=width < 1000)
                root = "document.documentElement"
                size = browser.read(f"return [{root}.clientWidth, {root}.scrollWidth]")
                assert size == [width, width]
                assert browser.errors() == []
                assert all(url.startswith("file:") for url in browser.read(RESOURCES))
        browser.read(SEARCH, "softmax")
        browser.driver.implicitly_wait(20)
        link = browser.driver.find_element("css selector", "a.md-search-result__link")
        assert link.get_attribute("href").startswith("file:")
    finally:
        browser.close()
