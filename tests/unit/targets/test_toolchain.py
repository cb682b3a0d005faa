"""The compilers of a target: who may build it, with which flags and headers."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from targets import build, every, load, toolchain
from targets.errors import BuildError, TargetError
from targets.make import make
from targets.options import Options

GCC_ONLY = 'compilers = ["gcc"]'


def only_gcc(target):
    return replace(target, toolchain=replace(target.toolchain, compilers=("gcc",)))


def scons(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "SCons", "-Q", *arguments],
        cwd=build.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("name", [n for n in load.available() if n != "riscv-virt-b"])
def test_gcc_is_the_default_and_clang_is_listed(name):
    target = load.load(name)
    assert toolchain.choose(target, "") == "gcc"
    assert toolchain.choose(target, "clang") == "clang"


def test_the_first_of_the_description_is_the_default():
    target = load.load("host")
    first = replace(target, toolchain=replace(target.toolchain, compilers=("clang", "gcc")))
    assert toolchain.choose(first, "") == "clang"


def test_a_description_that_does_not_list_clang_refuses_it():
    with pytest.raises(BuildError, match=r"target stm32f4 is not built with clang: .* TOML lists"):
        toolchain.choose(only_gcc(load.load("stm32f4")), "clang")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("compilers = []", "must name one of gcc, clang"),
        ('compilers = ["icc"]', "'icc' is not one of gcc, clang"),
    ],
)
def test_a_description_names_known_compilers(line, message):
    text = (load.TARGETS_DIR / "stm32f4.toml").read_text()
    with pytest.raises(TargetError, match=rf"stm32f4.toml.toolchain.compilers: {message}"):
        load.parse(text.replace('compilers = ["gcc", "clang"]', line), "stm32f4")


def test_gcc_keeps_its_flags():
    target = load.load("riscv-virt")
    assert toolchain.cflags(target, "gcc") == (*target.cpu.flags, *target.toolchain.cflags)
    assert toolchain.ldflags(target, "gcc") == (*target.cpu.flags, *target.toolchain.ldflags)
    assert toolchain.system_includes(target, "gcc") == ()


def test_clang_gets_a_triple_and_no_flag_of_gcc_alone():
    flags = toolchain.cflags(load.load("riscv-virt"), "clang")
    assert flags == ("--target=riscv32-unknown-elf", "-march=rv32imac", "-mabi=ilp32")
    assert "-misa-spec=2.2" in toolchain.ldflags(load.load("riscv-virt"), "clang")


@pytest.mark.parametrize("name", ["stm32f4", "riscv-virt"])
def test_the_headers_are_those_of_the_c_library_that_is_linked(name):
    (folder,) = toolchain.system_includes(load.load(name), "clang")
    assert (Path(folder) / "string.h").is_file()


def test_an_unknown_c_library_is_refused():
    target = load.load("stm32f4")
    other = replace(target, toolchain=replace(target.toolchain, prefix="m68k-elf-"))
    with pytest.raises(BuildError, match=r"toolchain=clang knows .* not of m68k-elf-"):
        toolchain.cflags(other, "clang")


def test_missing_clang_names_the_package(monkeypatch):
    monkeypatch.setattr(build.shutil, "which", lambda name: None if name == "clang" else name)
    with pytest.raises(BuildError, match="clang is not installed: apt-get install clang"):
        toolchain.programs(load.load("stm32f4"), "clang")
    assert every.missing_tool("stm32f4", "") is None
    assert "clang is not installed" in every.missing_tool("stm32f4", "clang")


def test_link_time_optimization_is_gccs():
    with pytest.raises(BuildError, match=r"lto=1 links with GCC, which cannot read clang's files"):
        Options(lto=True, compiler="clang")
    assert Options(compiler="clang").suffix == "-clang"
    assert Options("3", compiler="clang").variables == {"toolchain": "clang", "opt": "3"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["toolchain=icc"], "unknown toolchain 'icc'; known are gcc, clang"),
        (["toolchain=clang", "lto=1"], "lto=1 links with GCC, which cannot read clang's files"),
        (["toolchian=clang"], "unknown variable 'toolchian'; known are target, model,"),
        (["target=all", "toolchain=icc"], "unknown toolchain 'icc'; known are gcc, clang"),
    ],
)
def test_a_mistake_is_one_line(arguments, message, tmp_path):
    result = scons(*arguments, f"out={tmp_path}")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"scons: {message}")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_target_of_ones_own_without_clang(tmp_path):
    text = (load.TARGETS_DIR / "stm32f4.toml").read_text()
    text = text.replace('compilers = ["gcc", "clang"]', GCC_ONLY)
    path = tmp_path / "pump.toml"
    path.write_text(text.replace('name = "stm32f4"', 'name = "pump"'))
    result = scons(f"target={path}", "toolchain=clang", f"out={tmp_path / 'out'}")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("scons: target pump is not built with clang: ")


def test_clang_builds_beside_gcc(once):
    out = once("image", lambda _: None)
    built = {
        name: make("stm32f4", "forecaster", out=out, options=Options(compiler=name))
        for name in load.COMPILERS
    }
    assert built["clang"].folder.name == "native-clang"
    sizes = {name: image.size() for name, image in built.items()}
    assert sizes["clang"]["model_bytes"] == sizes["gcc"]["model_bytes"]
    assert sizes["clang"]["code_bytes"] != sizes["gcc"]["code_bytes"]
    assert built["clang"].manifest() == built["gcc"].manifest()
