"""Deviations from MISRA C:2012 are those that docs/misra.md lists, no more and no fewer."""

import re
import shutil
import subprocess
from collections import Counter

import pytest

from targets.places import ROOT
from tests import checks
from tests.unit.sdk.test_generated_detector import small_folder

PAGE = ROOT / "docs" / "misra.md"
ROW = re.compile(r"^\| ([\d., ]+) \| (\d+) \| (yes|) ?\| \S", re.MULTILINE)
FOUND = re.compile(r"^(\S+):(\d+):misra-c2012-(\d+\.\d+)$", re.MULTILINE)


def listed():
    """Rules as they stand together in a row: the runtime's figure, and whether kernels may."""
    rows = {tuple(r.split(", ")): (int(n), k == "yes") for r, n, k in ROW.findall(PAGE.read_text())}
    assert len(rows) > 20
    return rows


@pytest.fixture(
    scope="module",
    params=[False, pytest.param(True, marks=pytest.mark.slow)],
    ids=["runtime", "kernels"],
)
def found(request, tmp_path_factory):
    """File, line and rule of each deviation: of runtime and generated C, or of all."""
    whole = small_folder(tmp_path_factory.mktemp("misra") / "whole")
    gen = whole.with_name("gen")  # without the copies of the runtime's headers, which count once
    gen.mkdir()
    for file in whole.glob("safe_*.[ch]"):
        shutil.copy(file, gen)
    source = ROOT / "sdk" / "src"
    folders = (".", "kernel/ref", "kernel/shared") if request.param else (".", "kernel/shared")
    files = [path for folder in folders for path in sorted((source / folder).glob("*.c"))]
    files += sorted(gen.glob("safe_small*.c"))
    command = ["cppcheck", "--addon=misra", "--std=c99", "--quiet", "-j2", *checks.MACHINE]
    command += [f"-I{ROOT}/sdk/include", f"-I{gen}", "--template={file}:{line}:{id}"]
    done = subprocess.run(
        [*command, *map(str, files)], capture_output=True, text=True, check=True, timeout=600
    )
    places = set(FOUND.findall(done.stderr))
    assert len(places) > (900 if request.param else 500), done.stderr[-2000:]
    assert "error" not in FOUND.sub("", done.stderr).lower()
    return places


def is_runtime(path):
    return "/sdk/" in path and "/kernel/" not in path


def test_every_deviation_is_listed(found):
    runtime = {rule for rules in listed() for rule in rules}
    kernels = {rule for rules, (_, kernels) in listed().items() if kernels for rule in rules}
    wrong = sorted(
        f"{path}:{line}: rule {rule}"
        for path, line, rule in found
        if rule not in (runtime if is_runtime(path) else kernels)
    )
    assert wrong == [], "write it otherwise, or add the rule to docs/misra.md with the reason"


def test_the_figures_are_right(found):
    counts = Counter(rule for path, _, rule in found if is_runtime(path))
    for rules, (figure, _) in listed().items():
        count = sum(counts[rule] for rule in rules)
        places = sorted(f"{p}:{n}" for p, n, r in found if r in rules and is_runtime(p))
        text = "\n".join(places)
        assert count <= figure, (
            f"rule {', '.join(rules)}: {count}, docs/misra.md has {figure}\n{text}"
        )
        assert count >= figure, f"rule {', '.join(rules)}: lower the figure in the page to {count}"
