"""`host_tools targets` from outside: files, exit codes, warnings."""

import json

import pytest

from host_tools import cli
from targets import load
from targets.make import make
from tests.unit.targets import packs


@pytest.fixture
def verb(capsys):
    """Return verb(*words) → (exit code, output, errors)."""

    def run(*words):
        code = cli.main(["targets", *(str(word) for word in words)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_list(verb):
    code, text, errors = verb("list")
    assert (code, errors) == (0, "")
    assert all(name in text for name in load.available())
    rows = {row["name"]: row for row in json.loads(verb("list", "--json")[1])}
    assert rows["stm32f4"]["flash_bytes"] == 1 << 20
    assert rows["stm32f4"]["emulator"] == "qemu"
    assert rows["host"]["flash"] == []


def test_new_writes_both_files_and_keeps_what_is_there(verb, tmp_path):
    words = ("new", "made1", "--pack", packs.pdsc(tmp_path), "--out", tmp_path / "boards")
    assert verb(*words)[0] == 30  # nobody knows the interrupts
    assert not (tmp_path / "boards").exists()
    code, text, errors = verb(*words, "--interrupts", "40", "--clock-hz", "64000000")
    assert (code, errors) == (0, "")
    assert "made1.toml" in text
    assert "--uart" in text
    script = (tmp_path / "boards/made1.ld").read_text()
    assert "RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 0x00010000" in script
    assert load.load(str(tmp_path / "boards/made1.toml")).clock.hz == 64_000_000
    code, _, errors = verb(*words, "--interrupts", "40")
    assert code == 32
    assert "give --force" in errors
    assert verb(*words, "--interrupts", "41", "--force")[0] == 0


@pytest.mark.parametrize("name", ["stm32f4", "Made One"])
def test_new_refuses_a_name(verb, tmp_path, name):
    words = ("new", "made1", "--pack", packs.pdsc(tmp_path), "--interrupts", "40")
    code, _, errors = verb(*words, "--name", name, "--out", tmp_path / "boards")
    assert code == 30
    assert "name" in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "boards").exists()


def test_show_tells_sources(verb, tmp_path):
    verb("new", "made1", "--pack", packs.pdsc(tmp_path), "--out", tmp_path, "--interrupts", "40")
    path = tmp_path / "made1.toml"
    fields = json.loads(verb("show", path, "--json")[1])
    sources = {row["key"]: row["source"] for row in fields["facts"]}
    assert sources["memory.1.size"] == "Test.Made_DFP 1.2.3"
    assert sources["cpu.interrupts"] == "asked for"
    assert fields["compared"] == []  # no pack given, and nobody else knows the part
    code, text, errors = verb("show", path, "--pack", packs.pdsc(tmp_path))
    assert (code, errors) == (0, "")
    assert "asked for" in text


def test_show_warns_when_the_pack_disagrees(verb, tmp_path):
    verb("new", "made1", "--pack", packs.pdsc(tmp_path), "--out", tmp_path, "--interrupts", "40")
    path = tmp_path / "made1.toml"
    path.write_text(path.read_text().replace("size = 0x0001_0000", "size = 0x0001_8000"))
    code, _, errors = verb("show", path, "--pack", packs.pdsc(tmp_path))
    assert code == 0
    assert "warning: ram size: 0x0001_8000 here, 0x0001_0000 in Test.Made_DFP 1.2.3" in errors


def test_show_needs_a_part(verb, tmp_path):
    code, _, errors = verb("show", "mps2-an386", "--pack", packs.pdsc(tmp_path))
    assert code == 30
    assert "no [device] part" in errors


def test_our_targets_agree_with_their_packs(verb, shared_data):
    """Each target whose pack is among the shared data equals it."""
    agreed = []
    for name in load.available():
        device = load.load(name).device
        path = shared_data / "packs" / f"{device.pack if device else ''}.pdsc"
        if not path.is_file():
            continue
        code, _, errors = verb("show", name, "--pack", path)
        assert (code, errors) == (0, ""), name
        agreed.append(name)
    assert {"stm32f4", "stm32f446", "stm32u5"} <= set(agreed)


@pytest.mark.parametrize(
    "part",
    [
        "STM32F411RETx",
        pytest.param("STM32F401RETx", marks=pytest.mark.slow),
        pytest.param("STM32F429ZITx", marks=pytest.mark.slow),
        pytest.param("STM32F446RETx", marks=pytest.mark.slow),
        pytest.param("STM32F410TBYx", marks=pytest.mark.slow),
        pytest.param("STM32U535CETx", marks=pytest.mark.slow),
        pytest.param("STM32U585AIIx", marks=pytest.mark.slow),
        pytest.param("STM32U5G9ZJTxQ", marks=pytest.mark.slow),
    ],
)
def test_a_described_chip_builds_both_apps(verb, shared_data, tmp_path, part):
    path = shared_data / f"packs/Keil.{part[:7]}xx_DFP.pdsc"
    assert verb("new", part, "--pack", path, "--out", tmp_path)[0] == 0
    for app in ("bench", "detector"):
        name = f"{part.lower()}.toml"
        built = make(str(tmp_path / name), "forecaster", app=app, out=tmp_path / "build")
        assert built.size()["flash_bytes"] < load.load(str(tmp_path / name)).region("flash").size
        assert (built.generated / "linker.ld").read_text() == (tmp_path / name).with_suffix(
            ".ld"
        ).read_text()
