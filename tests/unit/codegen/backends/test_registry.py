"""Backends: found by a scan; unknown, empty, raising, incomplete or doubled ones are told."""

import importlib
import sys

import pytest

from codegen import command
from codegen.backends import base, registry
from codegen.backends.native.backend import Native
from codegen.errors import BackendInvalidError
from host_tools.device import protocol
from targets import build
from targets.errors import BackendUnknownError, ExitCode

KNOWN = ", ".join(registry.backends())
WHOLE = """
from codegen.backends.native.backend import Native


class Other(Native):
    name = "other"
    code = 9


BACKEND = Other()
"""


PART = """
class Part:
    name = "other"
    code = 9

BACKEND = Part()
"""
REFUSES = """
Other.refuses = lambda self, request: "no streaming" if request.streaming else None
"""


@pytest.fixture
def other(monkeypatch, tmp_path):
    """Return a function that puts `other/backend.py` beside the native backend."""
    package = importlib.import_module("codegen.backends")
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    registry.backends.cache_clear()

    def write(text: str, name: str = "other") -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        (tmp_path / name / "backend.py").write_text(text)
        importlib.invalidate_caches()

    yield write
    for name in [n for n in sys.modules if n.startswith("codegen.backends.other")]:
        del sys.modules[name]
    registry.backends.cache_clear()


def test_the_native_backend_is_there_and_scons_lists_the_same():
    assert list(registry.backends()) == sorted(build.backends())
    assert build.backends()[0] == "native"
    assert isinstance(registry.backend("native"), Native)


def test_every_backend_has_the_name_that_hello_gives_it():
    for backend in registry.backends().values():
        assert protocol.BACKENDS[backend.code] == backend.name


def test_an_unknown_backend():
    with pytest.raises(
        BackendUnknownError, match=f"unknown backend 'nonsense'; known are {KNOWN}$"
    ):
        registry.backend("nonsense")


def test_a_whole_one_is_found(other):
    other(WHOLE)
    assert list(registry.backends()) == ["other"]
    assert registry.backend("other").code == 9
    assert registry.backend("other").needs(None, {}) == base.Needs()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "defines no BACKEND"),
        ("import nothing_of_that_name", "cannot be loaded: ModuleNotFoundError: No module"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("def broken(:", "cannot be loaded: SyntaxError"),
        (PART, "lacks compile, exact, files, measures_arena, needs"),
        (WHOLE.replace('name = "other"', 'name = "native"'), "calls itself 'native'"),
        (WHOLE.replace("code = 9", "code = 16"), "has code 16, expected 0 to 15"),
    ],
)
def test_a_broken_one_is_an_error_of_one_line(other, text, message):
    other(text)
    with pytest.raises(BackendInvalidError) as caught:
        registry.backends()
    assert str(caught.value).startswith("codegen/backends/other/backend.py: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_with_one_number(other):
    other(WHOLE)
    other(WHOLE.replace('"other"', '"other2"'), "other2")
    with pytest.raises(BackendInvalidError, match="has code 9, which is that of backend other"):
        registry.backends()


def test_a_broken_one_fails_every_generation(other, capsys, models, tmp_path):
    """Also one of another backend: a tree with a broken file is not to be trusted."""
    other("1 / 0")
    arguments = [str(models / "small.tflite"), "--name", "small", "--out", str(tmp_path / "o")]
    assert command.main(arguments) == ExitCode.INTERNAL
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "o").exists()


def test_the_command_names_the_known_ones(capsys, models, tmp_path):
    arguments = [str(models / "small.tflite"), "--name", "small", "--out", str(tmp_path / "o")]
    assert command.main([*arguments, "--backend", "nonsense"]) == ExitCode.USAGE
    assert capsys.readouterr().err == f"codegen: unknown backend 'nonsense'; known are {KNOWN}\n"


def test_a_refusal_names_backend_and_reason(other, capsys, models, tmp_path):
    other(WHOLE + REFUSES)
    arguments = [str(models / "small.tflite"), "--name", "small", "--backend", "other"]
    out = str(tmp_path / "o")
    assert command.main([*arguments, "--out", out, "--streaming"]) == ExitCode.USAGE
    assert capsys.readouterr().err == "codegen: backend other: no streaming\n"
    assert command.main([*arguments, "--out", out]) == 0
