"""The self-test's records: of golden.npz and of the specification, for every kind of model."""

import re

import numpy as np
import pytest

from host_tools.cli import main
from host_tools.formats import golden
from host_tools.package import package
from targets.places import ROOT
from tests.unit.host_tools.package.conftest import (
    STRICT,
    agrees,
    asked,
    call,
    copied_model,
    without_network,
)

GOLDEN = ROOT / "models/forecaster/golden.npz"


def ran(out, *models, **options):
    """What the self-test of a package says."""
    package.write(asked(*models, formats=("make",), **options), out)
    return call("make", "-C", out / "examples/make", "run", f"CFLAGS=-std=c99 -O1 {STRICT}")


def test_the_windows_are_those_of_the_golden_file(packaged):
    text = (packaged / "examples/selftest/selftest_data.c").read_text()
    kept = golden.load(GOLDEN).first(4)
    for name, expected in (("input0", kept.windows), ("output0", kept.outputs)):
        body = re.search(rf"selftest_forecaster_{name}\[\d+\] = {{(.*?)}};", text, re.DOTALL)[1]
        found = np.array([int(word) for word in body.split(",") if word.strip()], np.int8)
        assert found.tobytes() == expected.tobytes()


def test_a_product_without_a_network_alone_and_beside_another(tmp_path):
    plain = without_network(copied_model(tmp_path / "plain", "plain"))
    assert agrees(ran(tmp_path / "out", plain), 40)
    assert not (tmp_path / "out/src/safe_model.c").exists()
    assert agrees(ran(tmp_path / "both", "forecaster", plain), 84 + 40)


def test_a_streamed_detector(tmp_path):
    assert agrees(ran(tmp_path / "out", "forecaster", streaming=True), 84)


def test_a_product_without_a_network_cannot_be_streamed(capsys, tmp_path):
    plain = without_network(copied_model(tmp_path / "plain", "plain"))
    out = tmp_path / "out"
    assert main(["package", "--model", str(plain), "--streaming", "--out", str(out)]) != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "no network" in line
    assert not out.exists()


@pytest.mark.parametrize("changed", ["windows", "outputs"])
def test_a_golden_file_of_another_model_is_refused(capsys, tmp_path, changed):
    model = copied_model(tmp_path / "model", "pump")
    arrays = dict(np.load(GOLDEN))
    if changed == "windows":
        arrays |= {name: arrays[name][:, :-1] for name in ("windows", "float_inputs")}
    else:
        arrays["outputs"] = arrays["outputs"] ^ np.int8(1)
    golden.save(model / "golden.npz", arrays)
    out = tmp_path / "out"
    assert main(["package", "--model", str(model), "--out", str(out)]) == 10
    (line,) = capsys.readouterr().err.splitlines()
    assert f"golden.npz: its {changed} are not" in line
    assert not out.exists()
