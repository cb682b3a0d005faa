"""Misses of the flash's caches: simulated on the executed stream, told by operator."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from host_tools.cli import main
from host_tools.perf import operators, standalone, waits
from targets import chip_flash, hot
from targets.build import find_model
from targets.chip_flash import FlashCache
from targets.errors import EmulatorError, ExitCode, TargetError
from targets.load import Target, load
from tests.json_page import differences

pytestmark = pytest.mark.emulator

LEAST = {"fetches": 5_000, "loads": 80_000}
"""Lines that the forecaster may miss in one call on an STM32F4."""


def with_cache(instruction_lines: int, data_lines: int) -> Target:
    """Return the STM32F4 with caches of other sizes."""
    target = load("stm32f4")
    assert target.flash is not None
    cache = FlashCache(16, instruction_lines, data_lines)
    return replace(target, flash=replace(target.flash, cache=cache))


def test_the_forecaster_fits_small_caches(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = ["--picture", str(tmp_path / "p.svg")]
    arguments = ["--target", "stm32f4", "--windows", "1", "--wait-states", "--json", *picture]
    assert main(["profile", *arguments]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert differences("profile", facts, "--wait-states") == set()
    assert facts["flash"]["fetches"] <= LEAST["fetches"]
    assert facts["flash"]["loads"] <= LEAST["loads"]
    lines = facts["flash"]["fetches"] + facts["flash"]["loads"]
    assert facts["flash"]["cycles"] == pytest.approx(5 * lines, abs=10)
    whole = facts["cycles_estimated"] + facts["flash"]["cycles"]
    assert facts["cycles_with_flash_estimated"] == whole
    assert "estimate" in facts["flash_estimate"]
    rows = sum(row["flash"]["loads"] for row in facts["operators"])
    assert rows == pytest.approx(facts["flash"]["loads"], abs=100)


def test_count_estimates_what_profile_shows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told = {}
    for verb in (["count", "--cycles"], ["profile", "--wait-states"]):
        picture = ["--picture", str(tmp_path / "p.svg")] if verb[0] == "profile" else []
        assert main([*verb, "--target", "stm32f4", "--json", *picture]) == 0
        told[verb[0]] = json.loads(capsys.readouterr().out)
    counted, shown = told["count"], told["profile"]
    # Calls, and so the random bytes among their inputs, differ in number.
    for key in ("cycles_estimated", "cycles_with_flash_estimated"):
        assert counted[key] == pytest.approx(shown[key], rel=0.005)
    assert counted["cycles_estimate"] == shown["cycles_estimate"]
    assert counted["cycles_uncertainty_percent"] == shown["cycles_uncertainty_percent"] == 15
    rows = counted["operators"]  # with what runs outside of operators
    assert [row["index"] for row in rows] == [-1, 1, 3, 5]
    assert sum(row["cycles_estimated"] for row in rows) == counted["cycles_estimated"]
    lines = sum(row["flash"]["fetches"] + row["flash"]["loads"] for row in rows)
    assert 5 * lines == pytest.approx(counted["flash"]["cycles"], abs=20)
    assert counted["instructions"] >= counted["instructions_least"]


def test_an_estimate_tells_its_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["count", "--windows", "1", "--target"]
    assert main([*arguments, "mps2-an505", "--cycles"]) == 0
    text = capsys.readouterr().out
    whole = re.search(r"one call +([\d,]+) +– +([\d,]+) +\d\.\d\d", text)
    bounds = re.search(r"between ([\d,]+) and ([\d,]+)", text)
    assert whole is not None
    assert bounds is not None
    core, both = (int(figure.replace(",", "")) for figure in whole.groups())
    low, high = (int(figure.replace(",", "")) for figure in bounds.groups())
    assert core == both  # this target does not describe its flash
    assert (low, high) == (round(0.85 * both), round(1.15 * both))
    assert "a guess for cortex-m33" in text
    assert main([*arguments, "mps2-an505", "--flash-of", "stm32u5"]) == 0
    assert "waits: estimate: caches by [flash.cache]" in capsys.readouterr().out
    assert main([*arguments, "mps2-m0plus", "--cycles"]) == ExitCode.EMULATOR
    assert "no estimate of cycles for a cortex-m0plus" in capsys.readouterr().err
    assert main([*arguments, "stm32f4", "--cycles", "--backend", "native,tflm"]) != 0
    assert "backend tflm: --cycles estimates SAFE's own kernels" in capsys.readouterr().err


def test_what_waits_goes_to_ram(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The choice is written as a file that an image takes, and the waits are counted without it."""
    facts = {}
    for size in (1, 40_960):
        picture = ["--picture", str(tmp_path / f"{size}.svg"), "--hot-ram", str(size)]
        assert main(["profile", "--target", "stm32f4", "--windows", "1", "--json", *picture]) == 0
        facts[size] = json.loads(capsys.readouterr().out)
        assert differences("profile", facts[size], "--hot-ram") == set()
    least, most = facts[1], facts[40_960]
    assert least["hot"]["symbols"] == []
    names = {row["symbol"] for row in most["hot"]["symbols"]}
    assert {"safe_forecaster_op3_lines", "safe_forecaster_op3_recurrent"} <= names
    assert most["hot"]["ram_bytes"] <= 40_960
    saved = least["flash"]["loads"] - most["flash"]["loads"]
    told = sum(row["lines_missed"] for row in most["hot"]["symbols"] if row["kind"] == "data")
    assert saved > 0.9 * told
    assert most["cycles_with_flash_estimated"] / most["macs"] <= 1.9
    assert "safe_forecaster_op3_recurrent" in hot.read(Path(most["hot"]["file"])).data
    assert most["instructions"] == least["instructions"]


def test_a_cache_of_everything_misses_each_line_once(tmp_path: Path) -> None:
    model = find_model("forecaster").network
    missed = []
    for lines in (1, 4096):
        target = with_cache(lines, lines)
        folder = tmp_path / str(lines)
        folder.mkdir()
        built = standalone.build(model, target, folder, calls=3)
        missed.append(standalone.trace(built, tmp_path / "plugin", waits=True))
    least, most = (
        [sum(getattr(m, name) for m in trace.misses.values()) for trace in reversed(missed)]
        for name in ("fetches", "loads")
    )
    # 52,224 bytes of weights are 3,264 lines; of three calls only the first one loads them.
    assert 3_264 <= most[0] < 4_000
    assert most[1] > 3 * 60_000
    assert least[0] < 600
    assert least[1] > 100_000


def test_a_target_without_caches_is_told(tmp_path: Path) -> None:
    model = find_model("forecaster").network
    built = standalone.build(model, load("mps2-an386"), tmp_path, calls=1)
    with pytest.raises(EmulatorError, match=r"mps2-an386 does not say .* \[flash\.cache\]"):
        operators.profile(built, tmp_path, flash=True)


def test_the_cache_of_an_stm32u5(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One cache of 512 lines in two ways for both: the LSTM's weights do not fit."""
    picture = ["--picture", str(tmp_path / "p.svg"), "--windows", "1", "--json"]
    assert main(["profile", "--target", "mps2-an505", "--flash-of", "stm32u5", *picture]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert differences("profile", facts, "--flash-of") == set()
    lines = facts["flash"]["fetches"] + facts["flash"]["loads"]
    assert 3_264 <= lines <= 80_000  # 52,224 bytes of weights; 30 steps read most of them anew
    assert facts["flash"]["cycles"] == pytest.approx(4 * lines, abs=10)
    with pytest.raises(TargetError, match="mps2-an386 does not describe its flash"):
        waits.with_flash_of(load("mps2-an505"), load("mps2-an386"))


@pytest.mark.parametrize("lines", [0, 4097])
def test_sizes_are_checked(lines: int) -> None:
    target = with_cache(lines, 8)
    assert target.flash is not None
    with pytest.raises(TargetError, match=r"instruction_lines: must be in \[1, 4096\]"):
        chip_flash.check(target.flash, "x.toml")
    ways = replace(target.flash, cache=FlashCache(16, 64, 8, 3))
    with pytest.raises(TargetError, match="3 does not divide instruction_lines"):
        chip_flash.check(ways, "x.toml")
    odd = replace(target.flash, cache=FlashCache(24, 64, 8))
    with pytest.raises(TargetError, match="24 is no power of two"):
        chip_flash.check(odd, "x.toml")
