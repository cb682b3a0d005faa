"""Arduino: the rules of its library specification, and the sketch on a stand-in of a core."""

import re
import zipfile
from pathlib import Path

import pytest

from tests.unit.host_tools.package.conftest import NAME, agrees, call

STAND_IN = Path(__file__).parent / "standin" / "arduino"
REQUIRED = "name version author maintainer sentence paragraph category url architectures".split()
OPTIONAL = "includes depends dot_a_linkage precompiled ldflags headers".split()
CATEGORIES = {
    *("Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing"),
    *("Data Storage", "Data Processing", "Other"),
}


@pytest.fixture(scope="module")
def properties(packaged):
    text = (packaged / "library.properties").read_text()
    assert text.endswith("\n")
    return dict(line.split("=", 1) for line in text.splitlines())


def test_the_properties_keep_the_specification(properties, packaged):
    assert set(REQUIRED) <= set(properties) <= {*REQUIRED, *OPTIONAL}
    assert all(value.strip() == value and value for value in properties.values())
    assert re.fullmatch(r"[A-Za-z0-9][\w .-]{0,62}", properties["name"])
    assert "arduino" not in properties["name"].lower()
    assert re.fullmatch(r"\d+\.\d+\.\d+", properties["version"])
    assert properties["category"] in CATEGORIES
    assert properties["url"].startswith("https://")
    assert properties["dot_a_linkage"] == "true"
    assert all(re.fullmatch(r"\w+", name) for name in properties["architectures"].split(","))
    for header in properties["includes"].split(","):
        assert (packaged / "src" / header).is_file()


def test_the_folders_keep_the_specification(packaged):
    names = [path.relative_to(packaged).as_posix() for path in packaged.rglob("*")]
    assert all(re.fullmatch(r"[\w.-]+", part) for name in names for part in name.split("/"))
    sketches = [Path(name) for name in names if name.endswith(".ino")]
    assert sketches
    assert all(sketch.stem == sketch.parent.name for sketch in sketches)
    assert not [
        n for n in names if n.split("/")[0] in {"utility", "extras.txt", "example", "Examples"}
    ]
    # No header of a library may take the name of one of the C library's.
    assert not {"math.h", "string.h", "version.h", "status.h"} & {
        path.name for path in (packaged / "src").glob("*.h")
    }


def test_the_archive_is_the_library_in_one_folder(packaged):
    with zipfile.ZipFile(packaged / f"{NAME}-1.2.3.zip") as archive:
        names = archive.namelist()
        assert {name.split("/")[0] for name in names} == {NAME}
        assert f"{NAME}/src/safe/status.def" in names
        for name in names:
            assert archive.read(name) == (packaged.parent / name).read_bytes()


def compiled(folder, out):
    """The sketch as an Arduino core compiles it: all of src, all of the sketch's folder."""
    flags = ["-Os", "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra", "-Werror"]
    include = [f"-I{STAND_IN}", f"-I{folder / 'src'}", "-include", STAND_IN / "Arduino.h"]
    sketch = folder / "examples/selftest"
    (out / "sketch.cpp").write_text(
        f'#include "Arduino.h"\n#include "{sketch / "selftest.ino"}"\n'
        "int main() { setup(); loop(); return 0; }\n"
    )
    sources = [*folder.glob("src/*.c"), *sketch.glob("*.c")]
    call("gcc", "-std=gnu11", *flags, *include, "-c", *sources, cwd=out)
    cpp = ["-std=gnu++11", "-fno-exceptions", "-fno-rtti", f"-I{sketch}"]
    call("g++", *cpp, *flags, *include, "sketch.cpp", *out.glob("*.o"), "-o", "sketch", cwd=out)
    return out / "sketch"


def test_the_sketch_agrees_under_the_macros_of_a_core(folder, tmp_path):
    out = tmp_path / "build"
    out.mkdir()
    assert agrees(call(compiled(folder, out)))


@pytest.mark.parametrize(("language", "compiler"), [("c", "gcc"), ("c++", "g++")])
def test_every_header_stands_the_macros(packaged, tmp_path, language, compiler):
    headers = [
        path.relative_to(packaged / "src").as_posix() for path in packaged.glob("src/**/*.h")
    ]
    source = tmp_path / f"headers.{'c' if language == 'c' else 'cpp'}"
    source.write_text(
        "#include <Arduino.h>\n" + "".join(f'#include "{name}"\n' for name in sorted(headers))
    )
    strict = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
    strict += ["-Wold-style-cast"] if language == "c++" else []
    call(compiler, *strict, f"-I{packaged / 'src'}", "-isystem", STAND_IN, "-fsyntax-only", source)
