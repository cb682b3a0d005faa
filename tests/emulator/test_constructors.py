"""Constructors of static objects: run where there is C++ (test_tflm.py), refused in C alone."""

import subprocess

import pytest

from codegen.emit import linker
from targets.load import load
from tests.emulator.conftest import build_probe

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize("name", ["stm32f4", "riscv-virt"])
def test_an_image_of_c_alone_refuses_one(name, tmp_path, capfd):
    with pytest.raises(subprocess.CalledProcessError):
        build_probe(load(name), tmp_path, "constructed.c")
    assert "a constructor that nothing would run" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["stm32f4", "riscv-virt"])
def test_scripts_differ_in_that_alone(name):
    plain, cxx = (linker.linker_script(load(name), "0", cxx=cxx) for cxx in (False, True))
    assert "__init_array_start" not in plain
    assert "KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*)))" in cxx
    assert "a constructor that nothing would run" not in cxx
