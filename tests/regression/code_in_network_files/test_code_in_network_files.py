"""A network file that carries code is refused by name, and the code does not run."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools import cli
from tests.architecture import tree

pytestmark = pytest.mark.train
LAMBDA = r'"evil" is Lambda: known are Activation, .*; the file was not loaded'


@pytest.fixture(scope="module")
def said(root, once):
    """What was said of each file, and whether code ran; the files lie in `folder`."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed (extra `train`)")

    def make(folder):
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("make.py")), str(folder)],
            env={**os.environ, "PYTHONPATH": str(root), "CUDA_VISIBLE_DEVICES": "-1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        (folder / "said.json").write_text(done.stdout.rpartition("SAID ")[2])

    folder = once("code", make)
    return json.loads((folder / "said.json").read_text()) | {"folder": folder}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("evil.keras", LAMBDA),
        ("evil.h5", LAMBDA),
        ("evil_old.h5", LAMBDA),
        ("evil_hdf5.keras", LAMBDA),
        ("evil_saved", LAMBDA),
        ("evil_graph", "is WriteFile: a network that reaches files"),
        ("elsewhere.keras", "its Dense comes from antigravity, which is not Keras"),
        ("huge.keras", r"its config.json unpacks to 68\d+ bytes"),
        ("deep.keras", "not a readable network: maximum recursion depth"),
    ],
)
def test_refused_without_running_it(said, name, text):
    message, ran = said[name]
    assert re.search(text, message), message
    assert not ran


@pytest.mark.parametrize("name", ["good.keras", "good.h5", "good_old.h5", "good_saved"])
def test_harmless_networks_are_loaded(said, name):
    assert said[name] == ["loaded", False]


def test_the_verb_says_so_and_ends_with_12(said, capsys):
    folder = said["folder"]
    (folder / "ran").unlink(missing_ok=True)
    out = folder / "out"
    assert cli.main(["export", "--from", str(folder / "evil_saved"), "--outdir", str(out)]) == 12
    assert re.search(LAMBDA, capsys.readouterr().err)
    assert not (folder / "ran").exists()
    assert not any(out.glob("*"))


def test_networks_are_loaded_in_checked_places_only():
    """Each of these files checks first; another one that loads would have to."""
    calls = re.compile(r"\bload_model\(|saved_model\.load\(|pickle\.load|marshal\.load")
    found = {
        path.name
        for path in tree.python_files("codegen", "host_tools", "targets")
        if calls.search(tree.text(path))
    }
    assert found == {"network.py", "saved_graph.py", "score_worker.py", "pool.py"}
