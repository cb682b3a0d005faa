"""The user's build of TensorFlow Lite Micro: found, checked, and refused in one line."""

import subprocess
from pathlib import Path

import pytest

from codegen.backends.tflm import library
from targets import build
from targets.errors import ExitCode, ExternalError
from targets.load import load

TARGET = load("stm32f4")
HARD = ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
M33 = ("-mcpu=cortex-m33", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard")
SOFT = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft")
PLAIN = "int library;"
PRINTS = "void _Z11MicroPrintfPKcz(void) {}"


def tree(root: Path, *, flatbuffers: bool = True) -> Path:
    """A folder with the headers by which a build is known."""
    headers = ["tensorflow/lite/micro/micro_interpreter.h"]
    if flatbuffers:
        headers.append("third_party/flatbuffers/include/flatbuffers/flatbuffers.h")
    for name in headers:
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("")
    return root


def archive(
    place: Path, text: str = PLAIN, flags: tuple[str, ...] = HARD, prefix: str = ""
) -> None:
    """A small library of one object."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "a.c").write_text(text)
    prefix = prefix or TARGET.toolchain.prefix
    gcc = [f"{prefix}gcc", *flags, "-c", "a.c"]
    subprocess.run(gcc, cwd=place, check=True)
    subprocess.run(
        [f"{prefix}ar", "rcs", "libtensorflow-microlite.a", "a.o"], cwd=place, check=True
    )


def refused(root: Path) -> str:
    with pytest.raises(ExternalError) as caught:
        library.find(TARGET, {"TFLM_DIR": str(root)})
    text = str(caught.value)
    assert "\n" not in text
    assert caught.value.exit_code == ExitCode.BUILD
    return text.replace(str(root), "ROOT")


def test_both_layouts_are_found(tmp_path):
    root = tree(tmp_path / "tree")
    archive(root / "gen/cortex_m_generic_cortex-m4+fp_release_cmsis_nn_gcc/lib")
    found = library.find(TARGET, {"TFLM_DIR": str(root)})
    assert found.flags == ("-DTF_LITE_STATIC_MEMORY", "-DTF_LITE_STRIP_ERROR_STRINGS")
    assert found.includes == (root, root / "third_party/flatbuffers/include")
    own = tmp_path / "own"
    downloads = own / "tensorflow/lite/micro/tools/make/downloads"
    (downloads / "flatbuffers/include/flatbuffers").mkdir(parents=True)
    (downloads / "flatbuffers/include/flatbuffers/flatbuffers.h").write_text("")
    (downloads / "gemmlowp").mkdir()
    (own / "tensorflow/lite/micro/micro_interpreter.h").write_text("")
    archive(own, PRINTS)
    found = library.find(TARGET, {"TFLM_DIR": str(own)})
    assert found.flags == ("-DTF_LITE_STATIC_MEMORY",)
    assert found.includes == (own, downloads / "flatbuffers/include", downloads / "gemmlowp")


@pytest.mark.parametrize(
    ("text", "flags", "message"),
    [
        (PLAIN, M33, "is built for core v8-M.mainline, target stm32f4 is v7E-M (-mcpu=cortex-m4"),
        (PLAIN, SOFT, "passes floats in core registers (soft-float), target stm32f4 in registers"),
        ("int _ZTIN6tflite5ModelE;", HARD, "type information at run time: build it with -fno-rtti"),
        (
            "void __gxx_personality_v0(void); void f(void) { __gxx_personality_v0(); }",
            HARD,
            "has exceptions: build it with -fno-exceptions",
        ),
        (
            "int __cxa_guard_acquire(int *); int f(int *a) { return __cxa_guard_acquire(a); }",
            HARD,
            "has locks around statics: build it with -fno-threadsafe-statics",
        ),
        ("int TfLiteTensorRealloc;", HARD, "build it with -DTF_LITE_STATIC_MEMORY"),
        (
            "void _Z11MicroPrintfPKcz(void); void f(void) { _Z11MicroPrintfPKcz(); }",
            HARD,
            "a part was built with error strings and a part without (-DTF_LITE_STRIP_ERROR",
        ),
    ],
)
def test_an_archive_that_does_not_fit(tmp_path, text, flags, message):
    archive(tree(tmp_path / "tree") / "lib", text, flags)
    told = refused(tmp_path / "tree")
    assert told.startswith("ROOT/lib/libtensorflow-microlite.a: ")
    assert message in told


def test_the_setting_that_helps_is_told(tmp_path):
    archive(tree(tmp_path / "tree") / "lib", PLAIN, M33)
    assert "TARGET_ARCH=cortex-m4+fp" in refused(tmp_path / "tree")


def test_an_archive_of_another_machine(tmp_path):
    archive(tree(tmp_path / "tree") / "lib", PLAIN, (), "x86_64-linux-gnu-")
    assert "is for ELF64" in refused(tmp_path / "tree")


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(ExternalError, match="TFLM_DIR is not set: set TFLM_DIR"):
        library.find(TARGET, {})
    assert refused(tmp_path / "nowhere").startswith("TFLM_DIR=ROOT: no such folder")
    (tmp_path / "empty").mkdir()
    assert "holds no tensorflow/lite/micro/micro_interpreter.h" in refused(tmp_path / "empty")


def test_what_is_missing_inside(tmp_path):
    assert "holds no flatbuffers/include" in refused(tree(tmp_path / "a", flatbuffers=False))
    assert "holds no archive: build the archive for the target" in refused(tree(tmp_path / "b"))
    root = tree(tmp_path / "c")
    (root / "libtensorflow-microlite.a").write_text("no archive")
    assert "libtensorflow-microlite.a: " in refused(root)


def test_of_several_archives_the_one_that_fits(tmp_path):
    root = tree(tmp_path / "tree")
    archive(root / "gen/m33/lib", PLAIN, M33)
    archive(root / "gen/m4/lib")
    found = library.find(TARGET, {"TFLM_DIR": str(root)})
    assert found.archive == root / "gen/m4/lib/libtensorflow-microlite.a"
    archive(root / "gen/other/lib")
    assert "several archives fit stm32f4: gen/m4/lib/" in refused(root)
    host = load("host")
    with pytest.raises(ExternalError, match="none of its archives fits host"):
        library.find(host, {"TFLM_DIR": str(root)})
    assert build.tool(host, "gcc")
