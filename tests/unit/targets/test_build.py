"""Sources, flags and model directories of an image."""

import pytest

from targets import apps, build
from targets.errors import BuildError, ExitCode, ModelError, TargetError
from targets.load import load, parse


def model_folder(root, name="m", files=("model_int8.tflite",), toml=None):
    folder = root / "models" / name
    folder.mkdir(parents=True)
    for file in files:
        (folder / file).write_bytes(b"")
    if toml is not None:
        (folder / "model.toml").write_text(toml)
    return folder


def test_model_by_name_and_by_path(tmp_path):
    folder = model_folder(tmp_path)
    by_name = build.find_model("m", tmp_path)
    assert by_name == build.find_model(str(folder), tmp_path)
    assert (by_name.name, by_name.scaler, by_name.detector) == ("m", None, None)
    assert build.models(tmp_path) == ("m",)


def test_model_name_comes_from_its_description(tmp_path):
    model_folder(tmp_path, "some-Folder", toml='name = "pump"')
    assert build.find_model(str(tmp_path / "models/some-Folder")).name == "pump"


@pytest.mark.parametrize(
    ("files", "toml", "message"),
    [
        ((), None, "holds no model_int8.tflite: make it with host_tools train"),
        (("model_int8.tflite", "scaler.json"), None, "detector.json is missing"),
        (("model_int8.tflite", "detector.json"), None, "scaler.json is missing"),
        (("model_int8.tflite",), 'name = "two words"', "cannot be part of a C name"),
        (("model_int8.tflite",), "name = ", "not valid TOML"),
    ],
)
def test_bad_models(tmp_path, files, toml, message):
    model_folder(tmp_path, "m", files, toml)
    with pytest.raises(ModelError, match=message) as caught:
        build.find_model("m", tmp_path)
    assert caught.value.exit_code == ExitCode.MODEL_INVALID


def test_unknown_model(tmp_path):
    model_folder(tmp_path)
    with pytest.raises(ModelError, match=r"unknown model 'x': neither .* \(m\) nor a folder$"):
        build.find_model("x", tmp_path)
    model_folder(tmp_path, "pump_7")
    with pytest.raises(ModelError, match=r"; did you mean 'pump_7'\?$"):
        build.find_model("pump7", tmp_path)


def test_an_image_has_one_application():
    target = load("stm32f4")
    for app in apps.APPS:
        names = [p.name for p in build.sources(target, app) if p.parent.name == "app"]
        assert f"{app}.c" in names
        assert not {f"{a}.c" for a in apps.APPS if a != app} & set(names)


def test_a_kernel_of_the_own_isa_shadows_the_reference(tmp_path):
    for path in ("sdk/src/kernel/ref/a.c", "sdk/src/kernel/ref/b.c", "sdk/src/kernel/dsp/b.c"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "targets/arch/host").mkdir(parents=True)
    target = parse(
        '[target]\nname="t"\ndescription="d"\narch="host"\nisa="dsp"\n[cpu]\nname="c"', "t"
    )
    found = [p.relative_to(tmp_path).as_posix() for p in build.sources(target, "bench", tmp_path)]
    assert found == ["sdk/src/kernel/ref/a.c", "sdk/src/kernel/dsp/b.c"]


def test_missing_driver_folder(tmp_path):
    text = '[target]\nname="t"\ndescription="d"\narch="host"\ndriver="x"\n[cpu]\nname="c"'
    (tmp_path / "targets/arch/host").mkdir(parents=True)
    with pytest.raises(TargetError, match=r"t.toml: no folder targets/driver/x"):
        build.code_folders(parse(text, "t"), tmp_path)


def test_missing_compiler(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BuildError, match="arm-none-eabi-gcc is not installed: apt-get install"):
        build.tool(load("stm32f4"), "gcc")


def test_generator_sources_hold_templates_and_python():
    names = {p.name for p in build.generator_sources()}
    assert {"linker_cortex_m.ld.j2", "pipeline.py", "load.py", "version.h"} <= names
