"""One package of all formats for all tests: a detector, and a model alone."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.package import package, request
from targets.build import find_model
from targets.places import ROOT

NAME = "safe_forecaster_spare"
RECORDS = 4 + 80 + 4
"""Windows and samples of the forecaster, windows of the model alone."""
STRICT = "-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror"


def copied_model(out, name, *, detector=True, golden=True):
    """A model directory of the shipped network under another name."""
    folder = Path(shutil.copytree(ROOT / "models" / "forecaster", out))
    description = folder / "model.toml"
    text = description.read_text()
    description.write_text(re.sub('^name = "forecaster"', f'name = "{name}"', text, flags=re.M))
    for file in [] if detector else ["scaler.json", "detector.json"]:
        (folder / file).unlink()
    if not golden:
        (folder / "golden.npz").unlink()
    return folder


def asked(*models, **options):
    """A request for models by name or folder."""
    found = tuple(find_model(str(model)) for model in models)
    values = {"name": request.default_name(found), "version": "1.2.3", "formats": request.FORMATS}
    return request.Request(models=found, target="stm32f4", **(values | options))


def without_network(folder):
    """The same directory as a product without a network."""
    (folder / "model_int8.tflite").unlink()
    description = folder / "model.toml"
    text = re.sub(r"^(window|horizon) = \d+\n", "", description.read_text(), flags=re.M)
    text = text.partition("[architecture]")[0]
    description.write_text(text.replace("rate_hz", 'network = "none"\nrate_hz', 1))
    rules = json.loads((folder / "detector.json").read_text())
    rules |= {name: [] for name in ("residual_channels", "residual_factor", "residual_prior")}
    (folder / "detector.json").write_text(json.dumps(rules))
    return folder


@pytest.fixture(scope="session")
def spare(tmp_path_factory):
    """A model without detector, whose windows are drawn."""
    out = tmp_path_factory.mktemp("models") / "spare"
    return copied_model(out, "spare", detector=False, golden=False)


@pytest.fixture(scope="session")
def packaged(tmp_path_factory, spare):
    """The package; no test changes it."""
    out = tmp_path_factory.mktemp("package") / NAME
    package.write(asked("forecaster", spare), out)
    return out


@pytest.fixture
def folder(packaged, tmp_path):
    """A copy of the package, to build in."""
    return Path(shutil.copytree(packaged, tmp_path / NAME))


def call(*command, cwd=None, **options):
    """What a command prints; it must succeed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        **options,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def tool(name):
    """A program of this environment."""
    return Path(sys.executable).with_name(name)


def agrees(printed, records=RECORDS):
    """Whether a self-test compared all records, and found none that differs."""
    return f"{records} records compared, 0 differ" in printed
