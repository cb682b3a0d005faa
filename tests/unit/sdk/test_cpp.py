"""C++ calls the C: old and new standards, strict warnings; and a machine that is not supported."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.sdk.tiny import ROOT, user_folder

INCLUDE = ROOT / "sdk" / "include"
STRICT = "-Wall -Wextra -Wold-style-cast -Werror".split()
STANDARDS = ("c++98", "c++17")
COMPILERS = ("g++", "clang++")

# Every call that the generated headers offer, and the scale, which C++ before 17 reads in decimal.
CALLER = r"""
#include "safe/safe.h"
#include "safe_forecaster.h"
#include "safe_forecaster_detector.h"
#include "safe_forecaster_weights.h"
#include <cstdio>

static uint8_t memory[SAFE_FORECASTER_ARENA_BYTES + SAFE_ARENA_ALIGNMENT];
static int8_t window_ring[SAFE_FORECASTER_WINDOW_BYTES];
static int32_t horizon_ring[SAFE_FORECASTER_HORIZON_WORDS];
static float floats[SAFE_FORECASTER_DETECTOR_FLOATS];
static uint16_t counts[SAFE_FORECASTER_DETECTOR_COUNTS];
static bool flags[SAFE_FORECASTER_DETECTOR_FLAGS];
static int8_t output[SAFE_FORECASTER_OUTPUT_ELEMENTS];

int main()
{
    safe_context_t context;
    safe_detector_t detector;
    safe_detector_memory_t buffers = {window_ring, sizeof window_ring,
                                      horizon_ring, SAFE_FORECASTER_HORIZON_WORDS,
                                      floats, SAFE_FORECASTER_DETECTOR_FLOATS,
                                      counts, SAFE_FORECASTER_DETECTOR_COUNTS,
                                      flags, SAFE_FORECASTER_DETECTOR_FLAGS};
    uint8_t *arena = memory;
    while (reinterpret_cast<uintptr_t>(arena) % SAFE_ARENA_ALIGNMENT != 0) { arena++; }
    if (safe_forecaster_init(&context, arena, SAFE_FORECASTER_ARENA_BYTES) != SAFE_STATUS_OK) {
        return 1;
    }
    if (safe_detector_init(&detector, &safe_forecaster_detector, &context, &buffers)
        != SAFE_STATUS_OK) { return 2; }
@CALLS@
    const float scale = SAFE_FORECASTER_OUTPUT_SCALE;
    const safe_tensor_info_t *info = context.model->outputs;
    std::printf("%s %d\n", safe_status_text(SAFE_STATUS_OK), scale == info->scale);
    return 0;
}
"""
WINDOWED = """
    int8_t *input = safe_forecaster_input(&context);
    for (unsigned i = 0; i < SAFE_FORECASTER_INPUT_ELEMENTS; i++) { input[i] = 1; }
    if (safe_forecaster_reset(&context) != SAFE_STATUS_OK) { return 3; }
    if (safe_forecaster_invoke(&context) != SAFE_STATUS_OK) { return 4; }
    static int8_t window[SAFE_FORECASTER_INPUT_ELEMENTS];
    for (unsigned i = 0; i < SAFE_FORECASTER_INPUT_ELEMENTS; i++) { window[i] = 1; }
    if (safe_forecaster_run(window, output) != SAFE_STATUS_OK) { return 5; }
    for (unsigned i = 0; i < SAFE_FORECASTER_OUTPUT_ELEMENTS; i++) {
        if (output[i] != safe_forecaster_output(&context)[i]) { return 6; }
    }
"""
STREAMED = """
    static int8_t sample[SAFE_FORECASTER_SAMPLE_ELEMENTS];
    for (unsigned i = 0; i < SAFE_FORECASTER_WINDOW; i++) {
        if (safe_forecaster_push(&context, sample) != SAFE_STATUS_OK) { return 3; }
        const safe_status_t status = safe_forecaster_step(sample, output);
        if (status != SAFE_STATUS_OK && status != SAFE_STATUS_NOT_READY) { return 4; }
    }
    if (!safe_forecaster_is_ready(&context)) { return 5; }
    if (safe_forecaster_invoke(&context) != SAFE_STATUS_OK) { return 6; }
    for (unsigned i = 0; i < SAFE_FORECASTER_OUTPUT_ELEMENTS; i++) {
        if (output[i] != safe_forecaster_output(&context)[i]) { return 7; }
    }
    if (safe_forecaster_reset(&context) != SAFE_STATUS_OK) { return 8; }
"""


@pytest.fixture(scope="module", params=[False, True], ids=["windowed", "streaming"])
def folder(request, tmp_path_factory):
    """A standalone folder with a detector, its C compiled, and the calls that it offers."""
    out = tmp_path_factory.mktemp("cpp") / "gen"
    user_folder(out, *(["--streaming"] if request.param else []))
    frame = ROOT / "sdk" / "src" / "frame.c"  # of safe.h, which no generated file includes
    run(["gcc", "-c", f"-I{INCLUDE}", frame, "-o", out / "frame.o"])
    for source in out.glob("*.c"):
        run(["gcc", "-c", f"-I{out}", source, "-o", source.with_suffix(".o")])
    return out, STREAMED if request.param else WINDOWED


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("standard", STANDARDS)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_caller_in_cpp(folder, compiler, standard, tmp_path):
    out, calls = folder
    caller = tmp_path / "caller.cpp"
    caller.write_text(CALLER.replace("@CALLS@", calls))
    flags = [f"-std={standard}", *STRICT, f"-I{out}", f"-I{INCLUDE}"]
    program = tmp_path / "caller"
    run([compiler, *flags, caller, *sorted(out.glob("*.o")), "-o", program])
    assert run([program]) == "ok 1\n"


@pytest.mark.parametrize("standard", STANDARDS)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_every_header_is_cpp(compiler, standard, tmp_path):
    sources = []
    for name in sorted(p.relative_to(INCLUDE).as_posix() for p in INCLUDE.rglob("*.h")):
        sources.append(tmp_path / f"{name.replace('/', '_')}.cpp")
        sources[-1].write_text(f'#include "{name}"\n')
    flags = [f"-std={standard}", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}"]
    run([compiler, *flags, "-fsyntax-only", *sources])


def declares(text):
    """Whether anything is left of a header but comments and directives."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return bool(re.sub(r"^#(?:[^\n]*\\\n)*[^\n]*$", "", text, flags=re.MULTILINE).strip())


def guarded(text):
    """Whether all of a header that declares anything has C linkage in C++."""
    before, opened, rest = text.partition('#ifdef __cplusplus\nextern "C" {\n#endif\n')
    inside, closed, after = rest.partition("#ifdef __cplusplus\n}\n#endif\n")
    return bool(
        opened
        and closed
        and not declares(before)
        and not declares(after)
        and "#include <" not in inside
    )


def test_every_header_has_c_linkage(folder):
    headers = [*INCLUDE.rglob("*.h"), *folder[0].glob("*.h")]
    assert len(headers) > 80
    wrong = [p.name for p in headers if declares(p.read_text()) and not guarded(p.read_text())]
    assert wrong == []


@pytest.mark.parametrize(
    "command",
    [
        ["arm-none-eabi-gcc", "-mcpu=cortex-r5", "-mbig-endian"],
        ["clang", "--target=armeb-none-eabi", "-ffreestanding"],
        ["gcc", "-U__BYTE_ORDER__", "-D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__"],
    ],
    ids=["gcc", "clang", "define"],
)
@pytest.mark.parametrize("source", ["model.c", "safe_forecaster.c", "safe_forecaster_weights.c"])
def test_a_big_endian_build_stops(folder, command, source):
    path = Path(folder[0], source)
    done = subprocess.run(
        [*command, f"-I{folder[0]}", "-fsyntax-only", path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "only little-endian machines" in done.stderr
