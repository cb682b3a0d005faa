"""PlatformIO: packed by its own tool, the example's project read by it, built from its filters."""

import json
import os
import shlex
import tarfile

import pytest

from tests.unit.host_tools.package.conftest import NAME, agrees, call, tool


@pytest.fixture
def pio(tmp_path):
    """Return run(arguments): PlatformIO without network or settings of its own."""
    environment = {
        **os.environ,
        "PLATFORMIO_CORE_DIR": str(tmp_path / "core"),
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "HOME": str(tmp_path),
    }

    def run(*arguments):
        return call(tool("pio"), *arguments, cwd=tmp_path, env=environment)

    return run


def test_the_packed_library_has_every_file(packaged, pio, tmp_path):
    pio("pkg", "pack", "-o", "library.tar.gz", packaged)
    with tarfile.open(tmp_path / "library.tar.gz") as archive:
        names = {member.name for member in archive.getmembers() if member.isfile()}
    found = {p.relative_to(packaged).as_posix() for p in packaged.rglob("*") if p.is_file()}
    assert found - names <= {f"{NAME}-1.2.3.zip"}


def test_a_wrong_description_is_found(folder, pio):
    described = json.loads((folder / "library.json").read_text())
    (folder / "library.json").write_text(json.dumps(described | {"version": "new"}))
    with pytest.raises(AssertionError, match="version"):
        pio("pkg", "pack", "-o", "library.tar.gz", folder)


def test_the_example_agrees(folder, pio, tmp_path):
    """By the sources and flags that library.json and platformio.ini name."""
    library = json.loads((folder / "library.json").read_text())
    filters = library["build"]["srcFilter"]
    assert filters[0] == "-<*>"
    sources = [folder / library["build"]["srcDir"] / rule[2:-1] for rule in filters[1:]]
    assert sorted(sources) == sorted(folder.glob("src/*.c"))
    project = folder / "examples/platformio"
    sections = dict(json.loads(pio("project", "config", "-d", project, "--json-output")))
    environment = dict(sections["env:native"])
    assert environment["lib_deps"] == ["symlink://../.."]
    assert json.loads((project / "../../library.json").read_text())["name"] == NAME
    main = project / dict(sections["platformio"])["src_dir"]
    flags = shlex.split(" ".join(environment["build_flags"]))
    include = f"-I{folder / library['build']['includeDir']}"
    example = [*main.glob("*.c"), *(main / "../selftest").glob("*.c")]
    call("gcc", *flags, include, *example, *sources, "-o", tmp_path / "program", cwd=project)
    assert agrees(call(tmp_path / "program"))
