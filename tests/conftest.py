"""What every test shares: real data when it is there, no silent skips, slow tests apart.

Environment:
SAFE_SHARED_DATA     folder of the shared data (default: `../shared/data` beside the repository)
SAFE_REQUIRE_SHARED  1: a test that needs shared data fails when there is none
TFLM_DIR             a build of TensorFlow Lite Micro; tests of the real one are left out without
SAFE_FORBID_SKIP     1: any other skip is a failure (a missing tool must not look like success)
"""

import faulthandler
import os
import sys
import tomllib
from collections.abc import Callable, Generator, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("SAFE_SHARED_DATA", str(ROOT.parent / "shared" / "data")))
NO_SHARED = "shared data are absent"
FULL_ONLY = Path(__file__).with_name("full_only.toml")
SLOW_SECONDS = 7200
"""After which a slow test ends its worker as one that hangs."""

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _on(variable: str) -> bool:
    return os.environ.get(variable, "") == "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--full`, which runs the tests marked slow too."""
    parser.addoption("--full", action="store_true", help="run the tests marked slow, too")


def is_full_only(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a test's name, with its parameters, fits to one of the patterns.

    A pattern is `test_name`, with `[pattern of the parameters]` or `*` behind it.
    """
    test, _, parameters = name.partition("[")
    for pattern in patterns:
        wanted, _, form = pattern.partition("[")
        fits = (
            test == wanted and fnmatchcase(parameters, form) if form else fnmatchcase(name, wanted)
        )
        if fits:
            return True
    return False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect (and so count) slow tests unless `--full` is given, and those of a library that a
    user builds unless its variable names one.
    """
    left_out = set() if config.getoption("--full") else {"slow"}
    left_out |= set() if os.environ.get("TFLM_DIR") else {"tflm"}
    listed = tomllib.loads(FULL_ONLY.read_text(encoding="utf-8"))
    for item in items:
        if is_full_only(item.name, listed.get(item.nodeid.partition("::")[0], ())):
            item.add_marker("slow")
    kept: list[pytest.Item] = []
    gone: list[pytest.Item] = []
    for item in items:
        (gone if any(item.get_closest_marker(m) for m in left_out) else kept).append(item)
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = kept


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a slow test more time than `faulthandler_timeout` before it counts as hanging."""
    if item.get_closest_marker("slow"):
        faulthandler.dump_traceback_later(SLOW_SECONDS, exit=True, file=sys.__stderr__)


def _forbid(report: Any) -> None:
    """Turn a skip into a failure when skips are forbidden and shared data are not the reason."""
    if not (_on("SAFE_FORBID_SKIP") and report.skipped) or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if NO_SHARED in reason or "shared" in reason.lower():
        return
    report.outcome = "failed"
    report.longrepr = f"skipping is forbidden here (SAFE_FORBID_SKIP=1): {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Watch each test's report."""
    report = yield
    _forbid(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """Watch modules that skip themselves as a whole."""
    report = yield
    _forbid(report)
    return report


@pytest.fixture(scope="session")
def once(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str, Callable[[Path], object]], Path]:
    """Return once(name, make) → folder: `make` fills it, in one of the processes that run tests.

    The others wait for it. A test may read in the folder, and no test may write there.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = shared / f"once-{name}", shared / f"once-{name}.done"
        with FileLock(shared / f"once-{name}.lock"):
            if not done.exists():
                folder.mkdir(exist_ok=True)
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The shared real data; skips (or fails, see the module) when they are absent."""
    if not SHARED.is_dir():
        message = f"{NO_SHARED}: no folder {SHARED} (set SAFE_SHARED_DATA)"
        if _on("SAFE_REQUIRE_SHARED"):
            pytest.fail(message)
        pytest.skip(message)
    return SHARED
