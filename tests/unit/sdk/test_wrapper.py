"""The C++17 wrapper: the records of the C, strict warnings, nothing of a C++ runtime."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from host_tools.formats import golden
from tests.unit.sdk.tiny import MODEL, user_folder

HERE = Path(__file__).parent
STRICT = (
    "-std=c++17 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wold-style-cast "
    "-Wshadow -Wuseless-cast -Werror -fno-exceptions -fno-rtti"
).split()
BARE = """
#include "safe_forecaster_detector.hpp"
safe::Detector<safe::forecaster_model> detector;
extern "C" int run(const float (&sample)[SAFE_FORECASTER_CHANNELS])
{
    safe_detector_result_t result;
    return detector.step(sample, result) == SAFE_STATUS_OK && result.state == SAFE_DETECTOR_ALARM;
}
"""


def call(*command, **options):
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """A standalone folder, and its C as objects."""
    out = user_folder(tmp_path_factory.mktemp("wrapper") / "gen")
    for source in out.glob("*.c"):
        call("gcc", "-std=c99", "-O2", f"-I{out}", "-c", source, "-o", source.with_suffix(".o"))
    return out


@pytest.fixture(scope="module")
def samples():
    found = golden.load(MODEL / "golden.npz").samples[:300].copy()
    found[200:, 3] += 40 * np.ptp(found[:, 3])
    found[100, 5] = np.nan
    return found.astype(np.float32).tobytes()


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_records_are_those_of_c(objects, samples, compiler, tmp_path):
    flags = [flag for flag in STRICT if compiler == "g++" or flag != "-Wuseless-cast"]
    linked = sorted(objects.glob("*.o"))
    wrapper = [HERE / "chain_main.cpp", *linked, "-o", tmp_path / "wrapper"]
    call(compiler, *flags, f"-I{objects}", *wrapper)
    plain = [HERE / "chain_main.c", *linked, "-o", tmp_path / "plain"]
    call("gcc", "-std=c99", f"-I{objects}", *plain)
    expected = call(tmp_path / "plain", input=samples)
    assert len(expected) > 300 * 92
    assert call(tmp_path / "wrapper", input=samples) == expected


def test_nothing_runs_before_main_and_no_runtime_is_needed(objects, tmp_path):
    """A bare machine without C++ headers, libraries and initializers takes it."""
    source, out = tmp_path / "bare.cpp", tmp_path / "bare.o"
    source.write_text(BARE)
    compiler = ["arm-none-eabi-g++", "-mcpu=cortex-m4", "-mthumb", *STRICT, "-nostdinc++"]
    call(*compiler, f"-I{objects}", "-c", source, "-o", out)
    sections = call("arm-none-eabi-objdump", "-h", out).decode()
    assert "init_array" not in sections
    needed = call("arm-none-eabi-nm", "-u", out).decode().split()[1::2]
    assert set(needed) <= {"safe_detector_step", "safe_forecaster_instance_init"}


def test_a_detector_is_not_copied(objects, tmp_path):
    wrong = tmp_path / "wrong.cpp"
    wrong.write_text(BARE + "safe::Detector<safe::forecaster_model> copy(detector);\n")
    done = subprocess.run(
        ["g++", *STRICT, f"-I{objects}", "-fsyntax-only", wrong],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "use of deleted function" in done.stderr


def test_older_cpp_is_told(objects, tmp_path):
    source = tmp_path / "old.cpp"
    source.write_text('#include "safe/safe.hpp"\n')
    done = subprocess.run(
        ["g++", "-std=c++14", f"-I{objects}", "-fsyntax-only", source],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "safe/safe.hpp needs C++17" in done.stderr
