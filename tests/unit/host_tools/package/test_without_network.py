"""A trained product without a network: each of the eight formats builds, and 0 records differ."""

import json
import os
from pathlib import Path

import pytest
from lxml import etree

from host_tools.cli import main
from host_tools.package import request
from targets.build import runtime_version
from tests.unit.host_tools.package.board import BOARD, emulated
from tests.unit.host_tools.package.conftest import STRICT, agrees, call

STAND_IN = Path(__file__).parent / "standin"
RULES = etree.RelaxNG(etree.parse(Path(__file__).with_name("pack.rng")))
NAME = "safe_plain"
RECORDS = 40
CORTEX_M4F = "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard -std=gnu11 -Os".split()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Trained on the synthetic plant; its baseline is learned on the device."""
    out = tmp_path_factory.mktemp("models") / "plain"
    assert main(["train", "--network", "none", "--baseline", "learned", "--out", str(out)]) == 0
    description = out / "model.toml"
    description.write_text(description.read_text().replace('"forecaster"', '"plain"', 1))
    return out


@pytest.fixture(scope="module")
def package(model, tmp_path_factory):
    """All formats in one folder; tests build outside of it."""
    out = tmp_path_factory.mktemp("package") / NAME
    assert main(["package", "--model", str(model), "--format", "all", "--out", str(out)]) == 0
    return out


def built(example, out, *definitions, **environment):
    """Configure and build an example by CMake."""
    strict = f"-DCMAKE_C_FLAGS=-O1 {STRICT}"
    environment = {**os.environ, **environment}
    call("cmake", "-S", example, "-B", out, strict, *definitions, env=environment)
    call("cmake", "--build", out, "-j2", env=environment)
    return out


def test_nothing_of_a_network_is_in_it(package):
    manifest = json.loads((package / "manifest.json").read_text())
    assert tuple(manifest["formats"]) == request.FORMATS
    names = {path.name for path in package.glob("src/*.c")}
    assert not {"safe_model.c", "safe_window.c", "safe_stream.c", "safe_detector_network.c"} & names
    assert not list(package.glob("src/README.md"))
    readme = (package / "README.md").read_text()
    assert "There is no network" in readme
    assert "kernels" not in readme


def test_cmake(package, tmp_path):
    assert agrees(call(built(package / "examples/cmake", tmp_path) / "selftest"), RECORDS)


def test_zephyr(package, tmp_path):
    values = tmp_path / "config.cmake"
    values.write_text(f"set(CONFIG_{NAME.upper()} y)\n")
    words = (f"-DCONFIG_FILE={values}", f"-DZephyr_DIR={STAND_IN / 'zephyr'}")
    assert agrees(call(built(package / "examples/zephyr", tmp_path / "b", *words) / "app"), RECORDS)


def test_esp_idf(package, tmp_path):
    idf = str(STAND_IN / "esp_idf")
    out = built(package / "examples/esp-idf", tmp_path, IDF_PATH=idf)
    assert agrees(call(out / f"{NAME}_selftest"), RECORDS)


@pytest.mark.parametrize("name", ["make", "platformio"])
def test_all_sources_of_src(package, tmp_path, name):
    """What Make lists and what PlatformIO and Arduino take, everything in src, is the same."""
    if name == "make":
        listed = call("make", "-C", package / "examples/make", "-n", f"BUILD={tmp_path}")
        assert all(path.name in listed for path in package.glob("src/*.c"))
    example = [*package.glob("examples/selftest/*.c"), package / "examples/program/main.c"]
    include = [f"-I{package / 'src'}", f"-I{package / 'examples/selftest'}"]
    program = tmp_path / "selftest"
    flags = ["-std=c99", "-O1", *STRICT.split()]
    call("cc", *flags, *include, *package.glob("src/*.c"), *example, "-o", program)
    assert agrees(call(program), RECORDS)


def test_arduino(package, tmp_path):
    sketch = package / "examples/selftest"
    arduino = STAND_IN / "arduino"
    include = [f"-I{arduino}", f"-I{package / 'src'}", f"-I{sketch}", "-include", "Arduino.h"]
    main_file = tmp_path / "sketch.cpp"
    main_file.write_text('#include "selftest.ino"\nint main() { setup(); loop(); return 0; }\n')
    sources = [*package.glob("src/*.c"), *sketch.glob("*.c")]
    call("gcc", "-std=gnu11", "-Os", *include, "-Werror", "-c", *sources, cwd=tmp_path)
    call("g++", "-std=gnu++11", *include, main_file, *tmp_path.glob("*.o"), "-o", tmp_path / "s")
    assert agrees(call(tmp_path / "s"), RECORDS)


def test_cmsis_pack_and_cubeide_on_a_cortex_m4(package, tmp_path):
    """The sources that the description lists, with the flags of both tools."""
    description = etree.parse(package / f"SAFE.{NAME}.pdsc")
    assert RULES.validate(description), RULES.error_log
    assert (package / f"SAFE.{NAME}.{runtime_version()}.pack").is_file()
    files = [f.get("name") for f in description.iterfind(".//component/files/file")]
    sources = [package / name for name in files if name.endswith(".c")]
    assert {s.name for s in sources} >= {path.name for path in package.glob("src/*.c")}
    include = [f"-I{package / 'src'}", f"-I{package / 'examples/selftest'}"]
    link = ["--specs=rdimon.specs", "-Wl,--gc-sections", "-T", BOARD / "board.ld"]
    example = [package / "examples/program/main.c", *package.glob("examples/selftest/*.c")]
    every = sorted({*sources, *example, BOARD / "start.c"})
    call("arm-none-eabi-gcc", *CORTEX_M4F, *include, *every, *link, "-o", tmp_path / "app.elf")
    assert agrees(emulated(tmp_path / "app.elf", "mps2-an386"), RECORDS)


def test_every_verb_says_in_one_line_why_not(model, tmp_path, capsys):
    out = str(tmp_path / "out")
    for words, reason in [
        (["export", "--from", str(model), "--out", out], "without a network"),
        (["generate", "--model", str(model), "--backend", "tflm", "--out", out], "no network"),
        (["profile", str(model)], "no network"),
        (["golden", "--model", str(model), "--target", "stm32f4", "--emulate"], "no network"),
        (["count", str(model), "--backend", "native,tflm"], "no network"),
    ]:
        assert main(words) in (2, 10, 20), words
        (line,) = capsys.readouterr().err.splitlines()
        assert reason in line
        assert "scons" not in line
    assert not (tmp_path / "out").exists()
