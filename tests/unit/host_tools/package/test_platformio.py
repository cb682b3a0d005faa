"""PlatformIO: packed by its own tool, the example built by its own builder; 0 records differ."""

import json
import os
import re
import tarfile

import pytest
from platformio.dependencies import get_core_dependencies

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


# Stands in for the platform "native", which PlatformIO downloads: the compilers of this machine.
PLATFORM = {
    "platform.json": '{"name": "native", "title": "host", "version": "1.0.0", "packages": {}}',
    "platform.py": """
from platformio.public import PlatformBase

class NativePlatform(PlatformBase):
    pass
""",
    "builder/main.py": """
from SCons.Script import AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
for name in ("gcc", "g++", "ar", "gnulink"):
    env.Tool(name)
program = env.BuildProgram()
Default([program])
AlwaysBuild(env.Alias("exec", program, env.VerboseAction("$PROG_PATH", "Running")))
""",
}
SCONS = "import SCons.Script\n\nSCons.Script.main()\n"


def place(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_the_example_agrees(folder, pio, tmp_path):
    """By PlatformIO's own builder, with SCons from this environment instead of its download."""
    version = get_core_dependencies()["tool-scons"].lstrip("~")
    about = {"type": "tool", "name": "tool-scons", "version": version}
    spec = {"owner": "platformio", "name": "tool-scons", "id": None}
    scons = {
        "package.json": json.dumps({"name": "tool-scons", "version": version}),
        ".piopm": json.dumps(about | {"spec": spec | {"requirements": None, "uri": None}}),
        "scons.py": SCONS,
    }
    place(tmp_path / "core/packages/tool-scons", scons)
    place(tmp_path / "native", PLATFORM)
    project = folder / "examples/platformio"
    settings = project / "platformio.ini"
    text = settings.read_text()
    assert "\nplatform = native\n" in text
    settings.write_text(
        text.replace("platform = native\n", f"platform = symlink://{tmp_path / 'native'}\n")
    )
    told = pio("run", "-d", project, "-t", "exec")
    assert f"|-- {NAME} @ 1.2.3" in told
    assert agrees(told)
    compiled = set(re.findall(r"lib\w+/\S+/(\w+)\.o", told))
    assert compiled == {path.stem for path in folder.glob("src/*.c")}
