"""Targets that are not the project's own, described from a pack or copied, run by their path."""

import json
import re

import pytest

from host_tools.cli import main
from targets import emulate, load
from tests.emulator.conftest import build_probe

pytest.importorskip("unicorn")
pytestmark = pytest.mark.emulator


@pytest.mark.parametrize(
    ("part", "mhz"),
    [
        ("STM32F411RETx", 100),
        pytest.param("STM32F429ZITx", 168, marks=pytest.mark.slow),
        ("STM32U5A5ZJTxQ", 160),
    ],
)
def test_a_new_part_is_described_built_and_benched(part, mhz, shared_data, tmp_path, capsys):
    pack = shared_data / "packs" / f"Keil.{part[:7]}xx_DFP.pdsc"
    assert main(["targets", "new", part, "--pack", str(pack), "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    path = tmp_path / f"{part.lower()}.toml"
    arguments = ["--target", str(path), "--windows", "1", "--samples", "32", "--json"]
    assert main(["bench", "--emulate", *arguments]) == 0
    output = capsys.readouterr()
    facts = json.loads(output.out)
    assert (facts["mismatched_bytes"], facts["chain_mismatches"]) == (0, 0)
    assert facts["link"]["device"]["clock_hz"] == mhz * 1_000_000
    assert facts["link"]["device_status"] == []
    assert "board:" not in output.err


@pytest.fixture
def mine(tmp_path):
    """A board of the user's own: an STM32F407 with the memories of an STM32F405RG."""
    text = (load.TARGETS_DIR / "stm32f4.toml").read_text(encoding="utf-8")
    text = text.replace('name = "stm32f4"', 'name = "mine"')
    text = text.replace("STM32F405RGTx", "STM32F407VGTx")
    text = re.sub(r"\[emulator\](.|\n)*?\n\n", '[emulator]\nkind = "board"\n\n', text)
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("by", ["path", "name"])
def test_a_description_elsewhere_is_emulated(by, mine, monkeypatch, connect):
    if by == "name":
        monkeypatch.setenv(load.SEARCH_VARIABLE, str(mine.parent))
    target = load.load(str(mine) if by == "path" else "mine")
    image = build_probe(target, mine.parent)
    with emulate.start(target, image, conditions=emulate.STRICT) as running:
        line = connect(running)
        assert line.line() == "boot=00000000"
        assert line.ask(b"S") == 0
        assert "board:" not in running.messages
