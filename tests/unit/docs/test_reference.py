"""The reference of the site: every public function of the headers and modules, with its text."""

import html
import inspect
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module

import pytest

pytest.importorskip("mkdocstrings", reason="mkdocstrings is missing: ./safe setup docs")

from docs.site import headers, python
from host_tools.data import plant
from tests.architecture import tree

PROTOTYPE = re.compile(r"^(?!#|typedef|\s)[\w *]*?\b(safe_\w+)\((?=[^;{]*\)[;\n])", re.MULTILINE)
METHOD = re.compile(
    r"^    \[\[nodiscard\]\].*?\b(\w+)\([^()]*\)(?: const)? noexcept$", re.MULTILINE
)
FLAGS = re.MULTILINE | re.DOTALL
REMARK = re.compile(r"/\*.*?\*/", re.DOTALL)


def functions(source):
    """What a header declares or defines, found by another way than the page's."""
    return PROTOTYPE.findall(REMARK.sub("", source))


def told(text):
    """Heading → what stands below it, before the declaration."""
    parts = re.split(r"^### (\S+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (p.partition("```")[0].strip() for p in parts[2::2]), strict=True))


def test_the_c_interface_has_every_function_and_type_with_its_text():
    text = headers.page()
    found = told(text)
    assert len(found) == len(re.findall(r"^### ", text, re.MULTILINE))
    for path in headers.FOLDER.glob("*.h"):
        source = path.read_text(encoding="utf-8")
        types = re.findall(r"^\} (safe_\w+_t);", REMARK.sub("", source), re.MULTILINE)
        for name in functions(source) + types:
            assert found.get(name), f"{path.name}: {name} has no text on the page"
        for name in re.findall(r"^/\*\*(?:(?!\*/|@file).)*\*/\n#define (\w+)", source, FLAGS):
            assert found.get(name), f"{path.name}: {name}"
    assert "- `sample`: \\[channels\\] to be filled" in text
    assert "static inline int32_t safe_clamp(int32_t value, int32_t low, int32_t high);" in text


def test_the_cpp_interface_has_every_method_and_nothing_private():
    text = headers.cpp_page()
    found = told(text)
    source = (headers.FOLDER / "safe.hpp").read_text(encoding="utf-8")
    public, private = source[source.index("class Detector") :].split("private:")
    methods = re.findall(r"^    \[\[nodiscard\]\][^;{]*?\b(\w+)\(", public, re.MULTILINE)
    assert len(methods) > 8
    for name in methods:
        assert found.get(f"safe::Detector::{name}"), f"{name} has no text on the page"
    assert "ensure" in private
    assert "ensure" not in text
    assert "```cpp\ntemplate <typename Model> class Detector;\n```" in text
    assert "    static safe::Detector<safe::forecaster_model> detector;" in text


def test_generated_headers_are_read_whole(tmp_path):
    found = told(headers.generated_page())
    for name in ("init", "invoke", "run", "detector_init", "detector_step", "instance_init"):
        assert found.get(f"safe_forecaster_{name}"), name
    bad = tmp_path / "bad.h"
    bad.write_text("/** A. */\nint f(no_such_type_t x);\n")
    with pytest.raises(ValueError, match=r"bad.h: unknown type name 'no_such_type_t'"):
        headers.read(bad, tmp_path)


def test_the_site_has_the_docstrings_of_every_public_name(site):
    text = (site / "docs" / "python.html").read_text(encoding="utf-8")
    plain = " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())
    for modules in python.PARTS.values():
        for module, names in modules:
            assert f'id="{module}"' in text, module
            for name in names:
                assert f'id="{module}.{name}"' in text, f"{module}.{name}"
                value = getattr(import_module(module), name)
                if inspect.isclass(value) or inspect.isfunction(value):
                    words = inspect.getdoc(value).split("\n")[0].replace("`", "").split()
                    assert " ".join(words[:4]) in plain, f"{module}.{name}"
    assert 'id="safe_detector_step"' in (site / "docs" / "api.html").read_text(encoding="utf-8")


def test_the_example_runs_as_a_script_of_a_user(tmp_path):
    shutil.copytree(tree.ROOT / "models" / "forecaster", tmp_path / "mymodel")
    (tmp_path / "measurements.csv").write_text(plant.csv_text(3, 400))
    (tmp_path / "script.py").write_text(python.EXAMPLE)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tree.ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\d+ of \d+ samples in alarm\n", done.stdout)
