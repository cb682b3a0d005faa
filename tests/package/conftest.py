"""SAFE as a user installs it: a wheel in a fresh virtual environment, used in an empty folder."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT

SECONDS = 300


EXTRAS = (
    *("tensorflow", "tf_keras", "keras", "sklearn", "scipy", "tflite_micro", "ai_edge_litert"),
    *("unicorn", "pyocd", "cmsis_pack_manager", "modm_devices", "dask", "distributed", "pytest"),
    "pythondata_cpu_ibex",
)
"""Modules of the extras, which a plain installation does not have."""
WITHOUT_EXTRAS = f"""\
import sys


class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Absent())
"""


def run(command, folder, **environment):
    """Return the ended process; nothing of the tests' own settings reaches it."""
    passed = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SAFE_TARGETS")}
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=passed | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def active():
    """Return the PATH of a shell in which the environment of the tests is active."""
    return {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def done(process):
    """Return the standard output of a process that must have succeeded."""
    assert process.returncode == 0, process.stderr + process.stdout
    return process.stdout


def build(kind, source, folder):
    """Build a wheel or an sdist of the folder `source`; return its path."""
    words = ["-m", "hatchling", "build", "--target", kind, "--directory", folder]
    done(run([sys.executable, *words], source))
    (made,) = Path(folder).iterdir()
    return made


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this repository."""
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


class Installed:
    """The commands of a virtual environment that holds the wheel."""

    def __init__(self, folder):
        self.folder = folder
        self.python = folder / "bin" / "python"

    def __call__(self, folder, *words, **environment):
        """Run `host_tools` in `folder`; return what it prints. It must succeed."""
        return done(self.run(folder, *words, **environment))

    def run(self, folder, *words, **environment):
        """Run `host_tools` in `folder`; return the ended process."""
        return run([self.folder / "bin" / "host_tools", *words], folder, **environment)

    @property
    def package(self):
        """Folder of the installed package."""
        (found,) = self.folder.glob("lib/python3*/site-packages/safe_edge")
        return found


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """The wheel, installed without network: what it needs comes from the environment of the tests,
    but the clone itself is not on the path there.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    found = Installed(folder)
    pip = [sys.executable, "-m", "pip", "--python", found.python, "install", "--quiet"]
    done(run([*pip, "--no-deps", "--no-index", "--disable-pip-version-check", wheel], folder))
    (found.package.parent / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (found.package.parent / "sitecustomize.py").write_text(WITHOUT_EXTRAS)
    return found
