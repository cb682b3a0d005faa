"""A product without a network on the emulated board: its detector is all there is."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from host_tools import cli
from host_tools.data import plant
from host_tools.detection import replay
from host_tools.device import protocol
from host_tools.device.bench import run_bench
from host_tools.device.link import Link, StatusError
from host_tools.device.serial_port import SerialPort
from host_tools.formats import golden as golden_file
from targets import emulate
from targets.make import make

pytestmark = pytest.mark.emulator

MOST_FLASH, MOST_INSTRUCTIONS = 24_000, 5_600
"""The row in which a block is followed is the dearest one."""


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """A product of six channels that learns its baseline."""
    folder = tmp_path_factory.mktemp("product")
    keep = (0, 1, 4, 8, 9, 12, 13, 17)
    lines = plant.csv_text(3, 4200).splitlines()
    csv = folder / "plant.csv"
    csv.write_text("\n".join(",".join(line.split(",")[c] for c in keep) for line in lines) + "\n")
    made = ["train", "--network", "none", "--csv", str(csv), "--out", str(folder / "pump")]
    assert cli.main([*made, "--baseline", "learned", "--max-quiet-alarms", "100"]) == 0
    return folder / "pump"


def records(stm32f4, image, samples):
    with emulate.start(stm32f4, image.elf) as running, SerialPort(running.url) as port:
        return run_bench(Link(port), np.zeros((0, 0, 6), np.int8), samples)


def test_bench_reports_no_difference(product, tmp_path, capsys):
    out = tmp_path / "bench.json"
    verb = ["bench", "--model", str(product), "--target", "stm32f4", "--emulate", "--out", str(out)]
    assert cli.main(verb) == 0
    found = json.loads(out.read_text())
    assert (found["exact"], found["network"], found["windows"]) == (True, "none", 0)
    assert (found["chain_samples"], found["chain_mismatches"]) == (600, 0)
    assert 0 < found["instructions_per_step"] < MOST_INSTRUCTIONS
    assert found["instructions_per_inference"] is None
    assert "no network" in capsys.readouterr().out


def test_a_flipped_bit_of_the_detector_is_noticed(stm32f4, product, tmp_path):
    other = Path(shutil.copytree(product, tmp_path / "other"))
    content = json.loads((other / "detector.json").read_text())
    factor = np.array(content["innovation_factor"], np.float32)
    factor.view(np.uint32)[0] ^= 1
    content["innovation_factor"] = factor.astype(np.float64).tolist()
    (other / "detector.json").write_text(json.dumps(content))
    samples = golden_file.load(product / "golden.npz").samples
    expected = replay.run_chain(replay.load(product), samples, None)
    answers = records(stm32f4, make("stm32f4", str(other)), samples).records
    assert answers.tobytes() != expected.tobytes()
    assert (answers["state"] == expected["state"]).mean() > 0.9


def test_product_says_that_there_is_no_network(stm32f4, product):
    image = make("stm32f4", str(product), app="detector")
    size, manifest = image.size(), image.manifest()
    assert manifest["network"] == "none"
    assert size["flash_bytes"] < MOST_FLASH
    names = {part["name"] for part in size["parts"]}
    assert "detector" in names
    assert not {"model", "stream", "window"} & names
    assert not [part for part in size["parts"] if part["group"] == "kernel"]
    with emulate.start(stm32f4, image.elf) as running, SerialPort(running.url) as port:
        link = Link(port)
        info = link.connect()
        assert (info.input_bytes, info.output_bytes, info.arena_bytes) == (0, 0, 0)
        assert (info.channels, info.window, info.horizon) == (6, 0, 0)
        assert info.features & protocol.FEATURE_STREAM
        assert not info.features & protocol.FEATURE_WINDOW
        assert info.model_sha256 == manifest["model_sha256"]
        with pytest.raises(StatusError, match="UNSUPPORTED"):
            link.request("WINDOW", protocol.chunk(1, 0, b"x"))


def test_sixteen_learned_channels_in_level_and_innovations_fit(tmp_path, capsys):
    """The most that a learned baseline of the shipped plant scores; nothing reads sensors."""
    folder = tmp_path / "most"
    made = ["train", "--network", "none", "--baseline", "learned", "--out", str(folder)]
    assert cli.main(made) == 0
    rules = json.loads((folder / "detector.json").read_text())
    assert len(rules["innovation_channels"]) == len(rules["low"]) == 16
    rules["level_channels"] = rules["innovation_channels"]
    rules["level_factor"] = rules["innovation_factor"]
    (folder / "detector.json").write_text(json.dumps(rules))
    size = make("stm32f4", str(folder), app="detector").size()
    assert size["flash_bytes"] < MOST_FLASH
    names = {part["name"] for part in size["parts"]}
    assert "line_only" in names
    assert not {"sensing", "ticker"} & names
    assert not {"strlen", "memmove", "memcmp"} & {row["name"] for row in size["symbols"]}
    capsys.readouterr()
    assert cli.main(["count", "--model", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["instructions_per_step"] < 10_000


def test_the_smallest_core_holds_it_in_20_and_4_kib(product):
    size = make("stm32g0", str(product), app="detector").size()
    assert size["flash_bytes"] <= 20_480
    assert size["static_ram_bytes"] + size["stack_reserved_bytes"] <= 4_096
    libraries = {part["name"] for part in size["parts"] if part["group"] == "library"}
    assert not libraries  # neither float arithmetic, division nor copies of the toolchain


def test_count(product, capsys):
    assert cli.main(["count", "--model", str(product), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 < found["instructions_per_step"] < MOST_INSTRUCTIONS
