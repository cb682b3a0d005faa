"""Float arithmetic and division of cores without them give what the host's give."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
FRACTIONS = (0, 1, 2, 3, 0x3FFFFF, 0x400000, 0x400001, 0x7FFFFE, 0x7FFFFF)
EXPONENTS = (0, 1, 2, 23, 24, 25, 102, 103, 104, 126, 127, 128, 150, 151, 157, 158, 253, 254, 255)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    out = tmp_path_factory.mktemp("soft") / "soft_float.so"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    flags += ["-ffp-contract=off", "-DSAFE_SOFT_FLOAT_TEST", "-Isdk/include"]
    flags += ["-Itargets/arch/cortex_m"]
    compiler = shutil.which("gcc") or "cc"
    subprocess.run(
        [compiler, *flags, HERE / "soft_float.c", "-o", out], check=True, cwd=HERE.parents[2]
    )
    return ctypes.CDLL(str(out))


def test_every_operation_gives_what_the_host_gives(library):
    special = np.array(
        [s << 31 | e << 23 | f for s in (0, 1) for e in EXPONENTS for f in FRACTIONS], np.uint32
    )
    found = library.count_differences(
        special.ctypes.data_as(ctypes.c_void_p), len(special), 2_000_000
    )
    assert found == 0


def test_a_nan_that_comes_in_stays(library):
    for name in ("fadd", "fsub", "fmul", "fdiv"):
        call = getattr(library, f"__aeabi_{name}")
        call.restype = ctypes.c_uint32
        for nan in (0x7FC12345, 0xFFC00001):
            for other in (0, 0x3F800000, 0xFF800000):
                assert call(ctypes.c_uint32(nan), ctypes.c_uint32(other)) == nan
                assert call(ctypes.c_uint32(other), ctypes.c_uint32(nan)) == nan
