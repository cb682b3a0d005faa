"""`./safe test` runs everything, and zero tests are a failure."""

import subprocess
import sys

import pytest

from tests import checks


def test_pytest_is_the_last_step_and_slow_tests_are_asked_for():
    steps = checks.steps(full=True, pytest_arguments=["-k", "x"])
    assert [step.name for step in steps][:3] == ["ruff check", "ruff format", "mypy"]
    assert steps[-1].name == "pytest"
    assert "--full" in steps[-1].command
    assert steps[-1].command[-2:] == ("-k", "x")
    assert "--full" not in checks.steps(full=False, pytest_arguments=[])[-1].command


def test_the_slowest_tests_are_told_and_nothing_is_compiled_twice(tmp_path, monkeypatch):
    assert "--durations=10" in checks.steps(full=False, pytest_arguments=[])[-1].command
    monkeypatch.setattr(checks, "CCACHE", tmp_path)
    assert checks.environment({"PATH": "/bin"})["PATH"] == f"{tmp_path}:/bin"
    monkeypatch.setattr(checks, "CCACHE", tmp_path / "none")
    assert checks.environment({"PATH": "/bin"})["PATH"] == "/bin"


def test_a_test_that_hangs_fails_and_the_next_one_runs(tmp_path, pytestconfig):
    assert pytestconfig.getini("faulthandler_timeout") >= 120
    assert pytestconfig.getini("faulthandler_exit_on_timeout") is True
    (tmp_path / "test_a.py").write_text(
        "import time\ndef test_hangs():\n    time.sleep(600)\ndef test_next():\n    pass\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nfaulthandler_exit_on_timeout = true\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n1", "-o", "faulthandler_timeout=2", "test_a.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "line 3 in test_hangs" in done.stderr


def test_continuous_integration_forbids_skips():
    assert "SAFE_FORBID_SKIP" not in checks.environment({})
    assert "SAFE_FORBID_SKIP" not in checks.environment({"CI": "false"})
    assert checks.environment({"CI": "true"})["SAFE_FORBID_SKIP"] == "1"
    assert checks.environment({"CI": "true", "SAFE_FORBID_SKIP": "0"})["SAFE_FORBID_SKIP"] == "0"


def test_a_failing_or_missing_step_fails(capfd):
    assert checks.run(checks.Step("x", (sys.executable, "-c", "exit(3)")), {}).code == 3
    assert checks.run(checks.Step("x", ("no-such-program",)), {}).code == 127
    assert "safe setup test" in capfd.readouterr().out


def test_zero_tests_are_a_failure(capfd):
    assert checks.main(["tests/unit/test_launcher", "-k", "no_such_test_at_all", "-n0"]) == 1
    assert "no test ran" in capfd.readouterr().out


@pytest.mark.parametrize(("variable", "code"), [("0", 0), ("1", 1)])
def test_a_skip_is_a_failure_when_forbidden(tmp_path, variable, code):
    for name in ("conftest.py", "full_only.toml"):
        (tmp_path / name).write_text((checks.ROOT / "tests" / name).read_text())
    (tmp_path / "test_a.py").write_text(
        "import pytest\ndef test_a():\n    pytest.skip('no such tool')\n"
        "def test_b():\n    pytest.skip('shared data are absent: none')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env={"SAFE_FORBID_SKIP": variable, "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
