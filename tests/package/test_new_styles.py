"""`host_tools new` for the ecosystems: built by stand-ins of their build systems, and run here.

The checksum that each prints is the one of the specification in Python. None of the ecosystems
itself is on the machine of the tests.
"""

import re
from pathlib import Path

import pytest
import yaml

from host_tools.project.styles import STYLES
from tests.conftest import ROOT
from tests.package.conftest import active, done, run
from tests.package.test_new import check, checksum, new

STAND_IN = ROOT / "tests/unit/host_tools/package/standin"
ZEPHYR = ROOT / "tests/unit/examples/zephyr"
IDF = Path(__file__).parent / "standin"
STRICT = ["-O1", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Werror"]
__all__ = ["checksum"]


def made(folder, style, *words):
    """A project, whose README names the commands that `new` told."""
    project = new(folder, "--style", style, *words)
    readme = (project / "README.md").read_text()
    for command in STYLES[style].commands:
        assert command.replace("{name}", project.name) in readme
    return project


def take_out(sensor_header):
    text = sensor_header.read_text()
    assert text.count("#define REPLAY\n") == 1
    sensor_header.write_text(text.replace("#define REPLAY\n", ""))


def test_zephyr(tmp_path, checksum):
    project = made(tmp_path, "zephyr")
    manifest = yaml.safe_load((project / "west.yml").read_text())["manifest"]
    assert manifest["projects"][0]["name"] == "zephyr"
    symbol = re.search(r"^config (\w+)$", (project / "safe/zephyr/Kconfig").read_text(), re.M)[1]
    settings = (project / "prj.conf").read_text().splitlines()
    assert settings[:2] == [f"CONFIG_{symbol}=y", "CONFIG_MAIN_STACK_SIZE=4096"]
    (tmp_path / "config.cmake").write_text(f"set(CONFIG_{symbol} y)\n")
    calls = tmp_path / "calls.o"
    done(run(["gcc", f"-I{ZEPHYR}", "-c", ZEPHYR / "standin.c", "-o", calls], tmp_path))
    flags = f"-DCMAKE_C_FLAGS=-std=gnu11 -I{ZEPHYR} {' '.join(STRICT)}"
    words = [f"-DZephyr_DIR={STAND_IN}/zephyr", f"-DCONFIG_FILE={tmp_path}/config.cmake", flags]
    out = tmp_path / "build"
    done(run(["cmake", "-B", out, *words, f"-DCMAKE_EXE_LINKER_FLAGS={calls}"], project))
    done(run(["cmake", "--build", out], project))
    check(done(run([out / "app"], project)).replace("\r", ""), checksum)
    take_out(project / "src/sensor.h")
    done(run(["cmake", "--build", out], project))


def test_esp_idf(tmp_path, checksum):
    project = made(tmp_path, "esp-idf")
    idf = {"IDF_PATH": str(STAND_IN / "esp_idf")}
    flags = f"-DCMAKE_C_FLAGS=-std=gnu17 -I{IDF} {' '.join(STRICT)}"
    out = tmp_path / "build"
    done(run(["cmake", "-B", out, flags], project, **idf))
    done(run(["cmake", "--build", out], project, **idf))
    check(done(run([out / project.name], project)).replace("\r", ""), checksum)
    take_out(project / "main/sensor.h")
    words = ["-std=gnu17", *STRICT, f"-I{IDF}", "-Isafe/src", "-fsyntax-only"]
    done(run(["gcc", *words, *project.glob("main/*.c")], project))


def linked(project, out, sources, *flags):
    """Compile everything in safe/src with some sources; return what the program says."""
    out.mkdir()
    include = [f"-I{project / 'safe/src'}", *flags]
    code = [*project.glob("safe/src/*.c"), *(s for s in sources if s.suffix == ".c")]
    done(run(["gcc", "-std=gnu11", *STRICT, *include, "-c", *code], out))
    more = [s for s in sources if s.suffix == ".cpp"]
    done(run(["g++", "-std=gnu++17", *include, *more, *out.glob("*.o"), "-o", "program"], out))
    return done(run([out / "program"], out)).replace("\r", "")


def sketch(project, name, folder):
    """A file that runs a sketch as an Arduino core does, until its recording has long ended."""
    path = folder / "sketch.cpp"
    loops = "int main() { setup(); for (int i = 0; i < 300; i++) { loop(); } return 0; }\n"
    path.write_text(f'#include <Arduino.h>\n#include "{project / name}"\n{loops}')
    return path


def test_arduino(tmp_path, checksum):
    project = made(tmp_path, "arduino")
    main = sketch(project, "my-product.ino", tmp_path)
    flags = [f"-I{STAND_IN / 'arduino'}"]
    check(linked(project, tmp_path / "out", [*project.glob("*.c"), main], *flags), checksum)
    take_out(project / "sensor.h")
    words = ["-std=gnu++11", *flags, f"-I{project / 'safe/src'}", "-fsyntax-only", "-Wall"]
    done(run(["g++", *words, "-Werror", main], project))


@pytest.fixture
def settings(tmp_path):
    """Return PlatformIO's own reading of a project's environments."""

    def read(project):
        home = {"PLATFORMIO_CORE_DIR": str(tmp_path / "core"), "HOME": str(tmp_path)}
        told = done(run(["pio", "project", "config"], project, **active(), **home))
        return re.sub(r"\x1b\[\d*m", "", told)

    return read


def test_platformio(tmp_path, checksum, settings):
    """On this machine as `native` selects the files, and as a board of Arduino's does."""
    project = made(tmp_path, "platformio")
    told = settings(project)
    assert "env:native" in told
    assert "symlink://safe" in told
    code = [p for p in project.glob("src/*.c") if p.name != "host.c"]
    check(linked(project, tmp_path / "a", [*code, project / "src/host.c"]), checksum)
    board = sketch(project, "src/main.cpp", tmp_path)
    flags = [f"-I{STAND_IN / 'arduino'}"]
    check(linked(project, tmp_path / "b", [*code, board], *flags), checksum)
