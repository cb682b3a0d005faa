"""The chain is exact in a user's build: default contraction, -std=gnuNN, FMA hardware, LTO.

The sources must defend themselves (safe/exact_float.h), because a library cannot set the flags of
the project that compiles it. Every check is made a second time on a copy of the folder without the
guard, and must fail there: a comparison that cannot fail proves nothing.
"""

import re
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest

from codegen import reference
from codegen.frontend import tflite
from host_tools.detection import replay
from host_tools.formats.record import HAS_FORECAST, RECORD
from tests.architecture import tree
from tests.unit.sdk.c_config import words_to_record
from tests.unit.sdk.tiny import MODEL, user_folder

MAIN = Path(__file__).with_name("chain_main.c")
ROWS = 260
RECORD_WORDS, OUTPUT_BYTES = 23, 160
PRAGMAS = re.compile(r"^#pragma .*(?:FP_CONTRACT|fp-contract).*$", re.MULTILINE)

CORES = {
    "cortex-m4f": (
        "arm-none-eabi",
        "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
        "--target=arm-none-eabi -fshort-enums",
        re.compile(r"\bvfn?m[as]\.f32\b"),
    ),
    "rv32imafc": (
        "riscv64-unknown-elf",
        "-march=rv32imafc -mabi=ilp32f",
        "--target=riscv32-unknown-elf",
        re.compile(r"\bfn?m(?:add|sub)\.s\b"),
    ),
}
LEVELS = ("-O2", "-O3", "-O2 -flto", "-O3 -flto")

# Where only bits of a float are moved and nothing is computed.
NO_ARITHMETIC = {"root.c", "server_stream.c", "sensing.c", "watching.c", "line_only.c", "logger.c"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The standalone folder of the shipped model with its detector, as a user gets it."""
    out = tmp_path_factory.mktemp("user") / "gen"
    return user_folder(out)


@pytest.fixture(scope="module")
def unguarded(folder, tmp_path_factory):
    """The same folder without the pragmas."""
    out = tmp_path_factory.mktemp("unguarded") / "gen"
    shutil.copytree(folder, out)
    header = out / "safe" / "exact_float.h"
    text, count = PRAGMAS.subn("", header.read_text())
    assert count == 2
    header.write_text(text)
    return out


@pytest.fixture(scope="module")
def samples():
    """Raw samples, float32 [ROWS, channels]: quiet ones, a fault in one channel, a gap."""
    scaler = replay.load(MODEL).adapter.scaler
    random = np.random.default_rng(5)
    drift = np.cumsum(random.normal(0, 0.1, (ROWS, len(scaler.mean))), axis=0)
    z = drift + random.normal(0, 0.3, drift.shape)
    z[ROWS // 2 :, 3] += 6
    values = (scaler.mean + z / scaler.inv_std).astype(np.float32)
    values[60, 1] = np.nan
    return values


@pytest.fixture(scope="module")
def expected(samples):
    graph = tflite.load((MODEL / "model_int8.tflite").read_bytes(), "forecaster")
    records = replay.run_chain(
        replay.load(MODEL),
        samples,
        lambda windows: reference.run(graph, [windows[:, None]])[0][:, 0],
    )
    assert ((records["flags"] & HAS_FORECAST) != 0).sum() > ROWS // 2
    return records


def call(command, **options):
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def user(folder, samples, tmp_path):
    """Return build(compiler, flags, folder): chain.RECORD of a program around the sources."""

    def build(compiler, flags, sources=folder):
        program = tmp_path / "user"
        files = [MAIN, *sorted(sources.glob("*.c"))]
        call([compiler, *flags.split(), f"-I{sources}", *files, "-o", program])
        return records(call([program], input=samples.tobytes()))

    return build


def records(raw):
    """What `chain_main.c` wrote, as chain.RECORD."""
    size = 4 * RECORD_WORDS + OUTPUT_BYTES
    assert len(raw) == size * ROWS
    found = np.zeros(ROWS, RECORD)
    for row in range(ROWS):
        words = np.frombuffer(raw, np.uint32, RECORD_WORDS, row * size)
        output = raw[row * size + 4 * RECORD_WORDS : (row + 1) * size]
        found[row] = words_to_record(words[:22].tolist(), words[22])
        found[row]["forecast_crc"] = zlib.crc32(output) if words[2] else 0
    return found


def needs_fma():
    if "fma" not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip("this processor has no fused multiply-add")


@pytest.mark.parametrize("flags", ["-O2", "-O3", "-O3 -flto"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_records_equal_the_specification(user, expected, compiler, flags):
    needs_fma()
    assert user(compiler, f"-std=gnu11 -mfma {flags}").tobytes() == expected.tobytes()


@pytest.mark.parametrize("flags", ["-O2", "-O3 -flto"])
def test_without_the_guard_records_differ(user, unguarded, expected, flags):
    needs_fma()
    found = user("gcc", f"-std=gnu11 -mfma {flags}", unguarded)
    differing = sum(a.tobytes() != b.tobytes() for a, b in zip(found, expected, strict=True))
    assert differing > ROWS // 2


def test_contraction_that_gcc_is_asked_for_is_undone(user, expected):
    needs_fma()
    found = user("gcc", "-std=gnu11 -mfma -O2 -ffp-contract=fast")
    assert found.tobytes() == expected.tobytes()


def fused(folder, core, compiler, level, out):
    """Number of fused multiply-adds in all files with float arithmetic, linked into one."""
    prefix, cpu, target, pattern = CORES[core]
    specs = ["--specs=picolibc.specs"] if core == "rv32imafc" else []
    gcc = [f"{prefix}-gcc", *cpu.split()]
    if compiler == "gcc":
        command = [*gcc, *specs, *level.split()]
    else:
        command = ["clang", *target.split(), *cpu.split(), *level.split()]
        command.append(f"-isystem{headers([*gcc, *specs])}")
    objects = []
    for source in sorted(folder.glob("*.c")):
        if not re.search(r"\bfloat\b", source.read_text()):
            continue
        objects.append(out / f"{source.stem}.o")
        call([*command, "-std=gnu11", f"-I{folder}", "-c", source, "-o", objects[-1]])
    lto = []
    if "-flto" in level and compiler == "gcc":
        lto = [*level.split(), "-flinker-output=nolto-rel"]
    elif "-flto" in level:
        objects = [native(command, bitcode) for bitcode in objects]
    call([*gcc, *lto, "-nostdlib", "-r", *objects, "-o", out / "all.o"])
    listing = call([f"{prefix}-objdump", "-d", out / "all.o"]).decode()
    assert "<safe_detector_step>:" in listing
    return len(pattern.findall(listing))


def native(command, bitcode):
    """Compile what clang keeps for the link: no linker here takes it for another core."""
    out = bitcode.with_suffix(".native.o")
    call([*(f for f in command if f != "-flto"), "-xir", "-c", bitcode, "-o", out])
    return out


def headers(gcc):
    """Folder of the C library's headers of a cross compiler."""
    listed = call([*gcc, "-xc", "-M", "-"], input=b"#include <string.h>\n").decode()
    return min(re.findall(r"(\S+)/string\.h", listed), key=len)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("core", CORES)
def test_no_fused_instruction(folder, core, compiler, level, tmp_path):
    assert fused(folder, core, compiler, level, tmp_path) == 0


# Clang 14 multiplies and adds apart on this Cortex-M, whatever it is allowed.
@pytest.mark.parametrize(
    ("core", "compiler"), [("cortex-m4f", "gcc"), ("rv32imafc", "gcc"), ("rv32imafc", "clang")]
)
def test_without_the_guard_instructions_are_fused(unguarded, core, compiler, tmp_path):
    assert fused(unguarded, core, compiler, "-O2", tmp_path) > 0


# Clang does not tell a program of the parts that allow another order of operations.
@pytest.mark.parametrize(
    ("compiler", "flag"),
    [
        ("gcc", "-ffast-math"),
        ("gcc", "-fassociative-math -fno-signed-zeros -fno-trapping-math"),
        ("gcc", "-freciprocal-math"),
        ("gcc", "-ffinite-math-only"),
        ("clang", "-ffast-math"),
        ("clang", "-ffinite-math-only"),
    ],
)
def test_other_arithmetic_stops_the_build(folder, compiler, flag, tmp_path):
    command = [compiler, "-O2", *flag.split(), f"-I{folder}", "-c", folder / "quadratic.c"]
    done = subprocess.run(
        [*command, "-o", tmp_path / "x.o"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "compile without -ffast-math" in done.stderr


def test_every_file_with_float_arithmetic_is_guarded():
    missing = [
        path
        for path in tree.c_files("sdk")
        if path.suffix == ".c"
        and re.search(r"\bfloat\b", tree.text(path))
        and '#include "safe/exact_float.h"' not in tree.text(path)
    ]
    assert {path.name for path in missing} == NO_ARITHMETIC
