"""Files and devices of earlier releases: each is read, or refused in one line that says what helps.

The fixtures are what the named versions wrote, from the project's history; a release adds those of
its own formats and never edits the ones that are there.
"""

import ctypes
import json
import re
import shutil
import subprocess

import pytest

from codegen.emit import detector as generated
from host_tools import cli
from host_tools.data.reading import options
from host_tools.device import link as link_module
from host_tools.device import protocol
from host_tools.device.frame import Frame
from host_tools.device.link import Link
from host_tools.device.protocol import Message
from host_tools.errors import DataError, DeviceVersionError
from host_tools.formats import description, detector, scaler
from host_tools.package import package
from tests.architecture import tree
from tests.unit.host_tools.device.scripted import Port, reply
from tests.unit.sdk.tiny import Tiny, build_library

FORMATS = tree.ROOT / "tests" / "fixtures" / "formats"
SNAPSHOT = tree.ROOT / "tests" / "snapshot"
FIT = "fit the detector again with `host_tools fit --model DIR`, the network stays"
OLD_DETECTORS = {
    "detector_1.json": "has version 1, .* needs 3",
    "detector_2.json": "has version 2, .* needs 3",
    "detector_3_without_pace.json": "has no period_us, which an earlier release did not write",
    "detector_3_without_band.json": "has no stuck_band, which an earlier release did not write",
}
OK, ABI, CORRUPT = 0, 3, 15


def fixture(name):
    return (FORMATS / name).read_text(encoding="utf-8")


def hexadecimal(name):
    return bytes.fromhex(fixture(name))


@pytest.fixture
def model(tmp_path):
    """A product without a network: the files of the first release, and today's detector."""
    folder = tmp_path / "model"
    folder.mkdir()
    text = re.sub(r"window = 30\nhorizon = 10\n", 'network = "none"\n', fixture("model_1.toml"))
    text = text.partition("[architecture]")[0].replace("rate_hz = 1.0", "rate_hz = 0.5")
    (folder / "model.toml").write_text(text)
    shutil.copy(FORMATS / "scaler_1.json", folder / "scaler.json")
    today = json.loads((SNAPSHOT / "detector.json").read_text())
    without_network = {"residual_channels": [], "residual_factor": [], "residual_prior": []}
    (folder / "detector.json").write_text(json.dumps(today | without_network))
    return folder


def generate(model, out, capsys):
    """Return the exit code of `generate`, and what it says on standard error."""
    code = cli.main(["generate", "--model", str(model), "--out", str(out)])
    return code, capsys.readouterr().err


def test_every_fixture_is_read_by_a_test():
    text = (tree.ROOT / "tests/compatibility/test_formats.py").read_text(encoding="utf-8")
    for path in FORMATS.iterdir():
        stem = re.sub(r"_\d\.", "_", path.name.partition(".")[0] + ".")
        assert path.name in text or stem in text, path.name


def test_the_first_description_is_read(tmp_path):
    shutil.copy(FORMATS / "model_1.toml", tmp_path / "model.toml")
    found = description.load(tmp_path)
    assert (found.name, found.window, found.horizon) == ("forecaster", 30, 10)
    assert found.has_network
    assert found.channels == ("pump_speed", "pump_current", "pump_vibration")
    assert found.architecture == {"conv_filters": 32, "conv_kernel": 3, "lstm_units": 80}


def test_the_first_scaler_is_read_and_generated(model, tmp_path, capsys):
    found = scaler.load(FORMATS / "scaler_1.json")
    assert (found.channels, found.centre_rows) == (("a", "b", "c"), 0)
    code, said = generate(model, tmp_path / "gen", capsys)
    assert (code, said) == (0, "")


def test_the_first_kept_reading_is_read():
    found = options.load(FORMATS / "reading_1.toml")
    assert found.text() == fixture("reading_1.toml")
    assert (found.rate, found.decimal, found.state) == (0.5, ",", ("Zustand",))


@pytest.mark.parametrize(("name", "why"), OLD_DETECTORS.items())
def test_a_detector_of_earlier_is_refused_and_the_remedy_told(model, tmp_path, capsys, name, why):
    shutil.copy(FORMATS / name, model / "detector.json")
    code, said = generate(model, tmp_path / "gen", capsys)
    assert (code, said.count("\n")) == (20, 1)
    assert re.search(f"detector.json: {why}: {re.escape(FIT)}$", said.strip())
    assert not (tmp_path / "gen").exists()
    with pytest.raises(DataError, match=r'json: has (version \d, this|no "\w+", which)') as refused:
        detector.load(model / "detector.json", 3)
    assert str(refused.value).endswith(FIT)


def test_the_detector_of_0_2_0_is_read(model):
    told = json.loads(fixture("detector_3.json"))
    found = detector.load(FORMATS / "detector_3.json", 3)
    assert (found.rows, found.learn_samples) == (told["rows"], told["learn_samples"])


def test_a_detector_of_today_has_every_key_that_is_asked_for(model):
    assert detector.load(model / "detector.json", 3).rows == 4
    assert detector.VERSION == generated.DETECTOR_VERSION == 3


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_device_of_an_earlier_protocol_is_refused(monkeypatch, version):
    told = hexadecimal(f"hello_{version}.hex.txt")

    def answer(frame: Frame):
        assert frame.type == Message["HELLO"]
        return reply(frame, told[:4] + frame.payload + told[8:])

    port = Port(answer, 0.0)
    monkeypatch.setattr(link_module, "time", port)
    with pytest.raises(DeviceVersionError) as refused:
        Link(port).connect()
    words = str(refused.value)
    assert f"speaks protocol version {version}, this host {protocol.PROTOCOL_VERSION}" in words
    assert "write an image of this release (`host_tools flash`)" in words
    assert refused.value.exit_code == 43
    assert "\n" not in words


@pytest.mark.parametrize("abi", [1, 2])
def test_c_of_an_earlier_generator_is_refused_by_the_compiler(tmp_path, abi):
    for end in ("c", "h"):
        shutil.copy(FORMATS / f"generated_{abi}.{end}.txt", tmp_path / f"safe_small.{end}")
    (tmp_path / "safe_small_weights.h").touch()
    command = ["cc", "-std=c99", "-fsyntax-only", "-I", tree.ROOT / "sdk" / "include"]
    done = subprocess.run(
        [*command, tmp_path / "safe_small.c"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"was generated for SAFE_MODEL_ABI {abi}: generate it again" in done.stderr


def test_what_the_first_image_with_a_memory_has_learned_is_refused(tmp_path):
    """Format 1 knows no credit: the device learns anew, and its image tells the status."""
    library = build_library(Tiny(), "gcc", "-O0", tmp_path / "sdk.so")
    content = hexadecimal("saved_1.hex.txt")
    given = (ctypes.c_uint8 * len(content))(*content)
    assert library.shim_start(3) == OK
    assert library.shim_restore(given, len(content)) == ABI
    given[0] += 1
    assert library.shim_restore(given, len(content)) == CORRUPT


def test_a_package_of_earlier_is_replaced_and_other_files_stay(tmp_path):
    (tmp_path / "manifest.json").write_text(fixture("package_1.json"))
    (tmp_path / "notes.txt").write_text("mine")
    listed = package._earlier(tmp_path)
    assert listed == {
        *("LICENSE", "README.md", "sbom.cdx.json"),
        *("src/safe_forecaster.c", "src/window.c"),
    }
