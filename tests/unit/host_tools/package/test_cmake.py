"""CMake: installed, found, linked, in C and C++, on the host and for a Cortex-M in QEMU."""

import pytest

from tests.unit.host_tools.package.board import BOARD, emulated
from tests.unit.host_tools.package.conftest import NAME, STRICT, agrees, call

CORTEX_M4F = "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard"
CROSS = (
    "-DCMAKE_SYSTEM_NAME=Generic",
    "-DCMAKE_SYSTEM_PROCESSOR=arm",
    "-DCMAKE_C_COMPILER=arm-none-eabi-gcc",
    "-DCMAKE_CXX_COMPILER=arm-none-eabi-g++",
    "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY",
    f"-DCMAKE_C_FLAGS={CORTEX_M4F} -ffunction-sections -fdata-sections",
    f"-DCMAKE_CXX_FLAGS={CORTEX_M4F} -fno-exceptions -fno-rtti",
)
CONSUMER = f"""
cmake_minimum_required(VERSION 3.16)
project(consumer LANGUAGES C CXX)
find_package({NAME} 1.2 REQUIRED)
set(EXAMPLE ${{PACKAGE}}/examples/selftest)
set(SELFTEST ${{EXAMPLE}}/selftest.c ${{EXAMPLE}}/selftest_data.c)
add_executable(in_c ${{PACKAGE}}/examples/program/main.c ${{SELFTEST}} ${{BOARD_SOURCES}})
add_executable(in_cpp main.cpp ${{SELFTEST}} ${{BOARD_SOURCES}})
set_target_properties(in_cpp PROPERTIES LINKER_LANGUAGE C)
foreach(program in_c in_cpp)
  target_include_directories(${{program}} PRIVATE ${{PACKAGE}}/examples/selftest)
  target_link_libraries(${{program}} PRIVATE {NAME}::{NAME})
  target_compile_options(${{program}} PRIVATE {STRICT.replace("-Wpedantic ", "")}
      $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>)
endforeach()
"""
CPP = """
#include <stdio.h>
#include "safe_forecaster.h"
#include "safe_forecaster_detector.hpp"
#include "safe_spare.h"
#include "selftest.h"

static safe::Detector<safe::forecaster_model> detector;

int main()
{
    const selftest_t result = selftest_run();
    const float sample[SAFE_FORECASTER_CHANNELS] = {};
    safe_detector_result_t first;
    if (detector.step(sample, first) != SAFE_STATUS_OK || first.state != SAFE_DETECTOR_WARMUP) {
        return 2;
    }
    printf("%lu records compared, %lu differ\\n", static_cast<unsigned long>(result.compared),
                static_cast<unsigned long>(result.differing));
    return safe_spare_model.arena_bytes == SAFE_SPARE_ARENA_BYTES ? 0 : 1;
}
"""


@pytest.fixture
def consumer(tmp_path):
    out = tmp_path / "consumer"
    out.mkdir()
    (out / "CMakeLists.txt").write_text(CONSUMER)
    (out / "main.cpp").write_text(CPP)
    return out


def build(source, out, *options):
    call("cmake", "-S", source, "-B", out, "-DCMAKE_BUILD_TYPE=MinSizeRel", *options)
    call("cmake", "--build", out, "-j2")
    return out


def installed(folder, out, *options):
    call("cmake", "--install", build(folder, out / "library", *options), "--prefix", out / "prefix")
    return out / "prefix"


def test_the_example_agrees(folder, tmp_path):
    spaced = folder.rename(tmp_path / "my own package")
    out = build(spaced / "examples/cmake", tmp_path / "build")
    assert agrees(call(out / "selftest"))
    call("cmake", "--install", out, "--prefix", tmp_path / "prefix")
    assert not (tmp_path / "prefix").exists()  # of a part of a project nothing is installed


def test_an_installed_package_is_found_from_c_and_cpp(folder, consumer, tmp_path):
    prefix = installed(folder, tmp_path, f"-DCMAKE_C_FLAGS={STRICT}")
    assert (prefix / "include" / NAME / "safe" / "status.def").is_file()
    out = build(
        consumer, tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DPACKAGE={folder}"
    )
    assert agrees(call(out / "in_c"))
    assert agrees(call(out / "in_cpp"))
    text = (consumer / "CMakeLists.txt").read_text()
    (consumer / "CMakeLists.txt").write_text(text.replace(" 1.2 REQUIRED", " 2.0 REQUIRED"))
    with pytest.raises(AssertionError, match="compatible with requested"):
        build(consumer, tmp_path / "other", f"-DCMAKE_PREFIX_PATH={prefix}")


def test_on_a_cortex_m4f_from_c_and_cpp(folder, consumer, tmp_path):
    prefix = installed(folder, tmp_path, *CROSS)
    out = build(
        consumer,
        tmp_path / "build",
        *CROSS,
        f"-DCMAKE_FIND_ROOT_PATH={prefix}",
        f"-DPACKAGE={folder}",
        f"-DBOARD_SOURCES={BOARD / 'start.c'}",
        f"-DCMAKE_EXE_LINKER_FLAGS=--specs=rdimon.specs -Wl,--gc-sections -T {BOARD / 'board.ld'}",
    )
    for program in ("in_c", "in_cpp"):
        assert agrees(emulated(out / program))
