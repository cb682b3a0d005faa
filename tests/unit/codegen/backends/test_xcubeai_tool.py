"""The run of ST's tool: artifacts count, not the status; each failure is one line."""

import json

import pytest

from codegen.backends.xcubeai import tool
from codegen.backends.xcubeai.version import Version
from codegen.errors import NetworkInvalidError
from host_tools.cli import main
from targets import load
from targets.build import ROOT
from targets.errors import BuildError, ExitCode, ExternalError
from tests import processes
from tests.standin.xcubeai.install import Kind, archive, install

MODEL = ROOT / "models" / "forecaster" / "model_int8.tflite"
M4, M33 = load.load("stm32f4"), load.load("stm32u5")


def generate(folder, **about):
    seconds = about.pop("seconds", 60.0)
    core = tool.Installation(install(folder, Kind(**about), archives=False))
    return core.generate(MODEL, "safe_forecaster_st", M4, "size", seconds)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An installation with archives."""
    return install(tmp_path_factory.mktemp("core"))


def test_what_the_tool_wrote_counts_not_its_status(tmp_path):
    network = generate(tmp_path, status=7)
    assert (network.name, network.api) == ("safe_forecaster_st", "stai")
    assert str(network.version) == "12.0.1 (ST Edge AI Core 4.0.1)"
    assert tool.Installation(tmp_path).version() == network.version


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("refuses", "ended with 2 and wrote no whole network: E010(InvalidModelError): layer type"),
        ("half", "ended with 0 and wrote no whole network: "),
        ("hangs", "stedgeai did not end within 3 s"),
    ],
)
def test_a_tool_that_fails_or_hangs_is_one_line(tmp_path, fault, text):
    with pytest.raises(BuildError) as caught:
        generate(tmp_path, fault=fault, seconds=3.0 if fault == "hangs" else 60.0)
    assert text in str(caught.value)
    child = tmp_path / "Utilities" / "linux" / "child"
    if child.is_file():
        processes.wait_for(lambda: not processes.lives(int(child.read_text())), 5)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_installation_is_told(tmp_path, whole):
    with pytest.raises(ExternalError, match="STEDGEAI_CORE_DIR is not set"):
        tool.installation({})
    with pytest.raises(ExternalError, match="no such folder"):
        tool.installation({tool.VARIABLE: str(tmp_path / "none")})
    (tmp_path / "LICENSE.txt").write_text("SLA0044")
    with pytest.raises(ExternalError, match="holds no Middlewares/ST/AI"):
        tool.installation({tool.VARIABLE: str(tmp_path)})
    assert tool.installation({tool.VARIABLE: str(whole)}).folder == whole.resolve()


def test_a_tool_that_is_missing_or_no_program_is_told(tmp_path):
    core = tool.Installation(install(tmp_path, archives=False))
    core.tool.chmod(0o644)
    with pytest.raises(BuildError, match="cannot be started: Permission denied"):
        core.generate(MODEL, "safe_forecaster_st", M4, "size")
    core.tool.unlink()
    with pytest.raises(ExternalError, match="holds no Utilities/linux/stedgeai"):
        core.generate(MODEL, "safe_forecaster_st", M4, "size")


def test_the_archive_is_that_of_the_core_and_of_its_float_abi(tmp_path, whole):
    core = tool.Installation(whole)
    assert core.archive(M4).name == "NetworkRuntime1201_CM4_GCC.a"
    assert core.archive(M33).name == "NetworkRuntime1201_CM33_GCC.a"
    for name in ("riscv-virt", "host"):
        with pytest.raises(ExternalError, match="ST's runtime is for STM32"):
            core.archive(load.load(name))
    project = tmp_path / "project" / "Middlewares" / "ST" / "AI" / "Lib"  # as CubeMX has it
    project.mkdir(parents=True)
    flat = project / core.archive(M4).name
    flat.write_bytes(core.archive(M4).read_bytes())
    assert tool.Installation(tmp_path / "project").archive(M4) == flat
    other = install(tmp_path)
    library = core.archive(M4)
    wrong = other / library.relative_to(whole)
    for flags, text in (
        (["-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"], "is built for core v8-M"),
        (["-mcpu=cortex-m4", "-mfloat-abi=soft"], "passes floats in core registers"),
    ):
        wrong.unlink()
        archive(wrong, "M4", flags)
        with pytest.raises(ExternalError, match=text):
            tool.Installation(other).archive(M4)
    wrong.unlink()
    with pytest.raises(ExternalError, match=r"holds no NetworkRuntime\*_CM4_GCC.a"):
        tool.Installation(other).archive(M4)


def test_versions_of_code_and_archive_are_compared(whole):
    library = tool.Installation(whole).archive(M4)
    tool.check_versions(Version.of_tool("4", "0", "1"), library)
    tool.check_versions(None, library)
    nine = library.with_name("NetworkRuntime910_CM4_GCC.a")
    tool.check_versions(Version.of_tool("1", "0", "0"), nine)
    with pytest.raises(NetworkInvalidError) as caught:
        tool.check_versions(Version.of_tool("2", "2", "0"), library)
    assert "is of X-CUBE-AI 12.0.1 (ST Edge AI Core 4.0.1), the generated code of 10.2.0" in str(
        caught.value
    )


def test_versions_count_as_x_cube_ai_and_archives_tell_theirs():
    assert (
        Version.of_tool("7", "1", "0")
        == Version(7, 1, 0)
        == Version.of_archive("NetworkRuntime710_CM4_GCC.a")
    )
    assert Version.of_tool("1", "0", "0") == Version.of_archive("NetworkRuntime900_CM33_GCC.a")
    assert Version.of_archive("libother.a") is None
    assert str(Version(8, 1, 0)) == "8.1.0"


def test_what_ends_a_generation_is_one_line_with_its_own_code(tmp_path, monkeypatch, capsys):
    arguments = ["generate", "--backend", "xcubeai", "--target", "stm32f4"]
    arguments += ["--out", str(tmp_path / "out")]
    folder = install(tmp_path / "core", Kind(fault="refuses"))
    monkeypatch.setenv(tool.VARIABLE, str(folder))
    assert main(arguments) == ExitCode.BUILD
    error = capsys.readouterr().err
    assert "E010(InvalidModelError): layer type UNIDIRECTIONAL is not supported" in error
    assert len(error.splitlines()) == 1
    install(folder, Kind(version="3.0.0"), archives=False)
    assert main(arguments) == ExitCode.MODEL_INVALID
    error = capsys.readouterr().err
    assert "NetworkRuntime1201_CM4_GCC.a is of X-CUBE-AI 12.0.1" in error
    assert len(error.splitlines()) == 1
    assert main([*arguments[:-2], "--backend", "native", "--from", str(folder)]) == ExitCode.USAGE
    assert "leave --from out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    install(folder, Kind(), archives=False)
    assert main([*arguments, "--json"]) == ExitCode.OK
    manifest = json.loads(capsys.readouterr().out)
    assert manifest["backend"] == "xcubeai"
    text = (tmp_path / "out" / "safe_forecaster.c").read_text()
    assert "(uintptr_t)0x40023830u |= 1u << 12" in text
