"""safe.toml: defaults below the environment, which is below the options; errors of one line."""

import os

import pytest

from host_tools import cli, settings
from targets.build import runtime_version


def write(folder, text):
    (folder / "safe.toml").write_text(text)


@pytest.fixture
def project(tmp_path, monkeypatch):
    for key in (*settings.KEYS, settings.TOOLS):
        monkeypatch.delenv(f"SAFE_{key.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parsed(project, *words, **environ):
    return cli.parse(words, settings.load(project, environ))


def test_the_file_is_below_the_environment_and_that_below_the_options(project):
    write(project, 'target = "stm32u5"\nmodel = "forecaster"\nport = "COM7"\n')
    assert parsed(project, "build").target == "stm32u5"
    assert parsed(project, "build", SAFE_TARGET="hifive1").target == "hifive1"
    options = ("build", "--target", "stm32f4")
    assert parsed(project, *options, SAFE_TARGET="hifive1").target == "stm32f4"
    assert parsed(project, "bench").port == "COM7"
    assert parsed(project, "bench", "--emulate").emulate is True
    assert not hasattr(parsed(project, "read", "--csv", "x.csv"), "target")


def test_a_required_option_is_given_by_the_file(project):
    with pytest.raises(SystemExit):
        parsed(project, "flash", "--dry-run")
    write(project, 'target = "stm32u5"\n')
    assert parsed(project, "flash", "--dry-run").target == "stm32u5"


def test_an_option_that_means_something_else_is_left_alone(project):
    write(project, 'model = "no-such-folder"\ntarget = "stm32u5"\n')
    assert parsed(project, "train", "--csv", "x.csv", "--out", "y").model == "forecaster"
    assert parsed(project, "perf").target is None
    assert parsed(project, "package", "--out", "x", "--model", "a").model == ["a"]
    assert parsed(project, "package", "--out", "x").model == ["no-such-folder"]


def test_the_file_of_a_folder_above_and_its_paths(project):
    (project / "model").mkdir()
    (project / "boards").mkdir()
    (project / "boards" / "mine.toml").touch()
    (project / "bin").mkdir()
    write(project, 'model = "model"\ntarget = "boards/mine.toml"\ntools = ["bin"]\napp = "bench"\n')
    below = project / "a" / "b"
    below.mkdir(parents=True)
    found = settings.load(below, {"SAFE_TOOLS": os.pathsep.join(["x", "y"])})
    assert found.values["model"] == str(project / "model")
    assert found.values["target"] == str(project / "boards" / "mine.toml")
    assert found.values["app"] == "bench"
    assert found.tools == ("x", "y", str(project / "bin"))
    environ = {"PATH": "z"}
    settings.add_tools(found, environ)
    assert environ["PATH"].split(os.pathsep) == ["x", "y", str(project / "bin"), "z"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('tagret = "x"', r"unknown key 'tagret'; did you mean 'target'\?"),
        (
            "zzzzzzz = 1",
            "unknown key 'zzzzzzz'; known are target, model, app, sensor, backend, port",
        ),
        ("target = 7", "target = 7: must be a text"),
        ('target = ""', "target = '': must be a text"),
        ('tools = "bin"', "tools = 'bin': must be a list of folders"),
        ("tools = [1]", r"tools = \[1\]: must be a list of folders"),
        ('tools = ["nowhere"]', "tools: .*nowhere is no folder"),
        ("target = stm32", "not valid TOML"),
    ],
)
def test_a_bad_file_is_one_line(project, text, said, capsys):
    write(project, text)
    assert cli.main(["targets", "list"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith("host_tools targets: ")
    assert f"{project / 'safe.toml'}: " in told.err
    with pytest.raises(settings.SettingsError, match=said):
        settings.load(project, {})


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"host_tools {runtime_version()}\n"
