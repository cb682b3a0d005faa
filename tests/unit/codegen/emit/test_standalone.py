"""The runtime of a model is the closure of its includes, and no file more."""

import subprocess
from dataclasses import replace

import pytest

from codegen.emit import standalone
from codegen.errors import VerifierError
from codegen.options import GOALS
from targets import kernels
from targets.errors import SafeError

KERNELS = {"conv_2d", "fully_connected", "unidirectional_sequence_lstm"}


def test_only_what_is_used(small_program):
    found = standalone.runtime(small_program, ['#include "safe/model.h"\n'])
    assert {p.removesuffix(".c") for p in found.sources} == KERNELS | {"model", "status"}
    assert found.kernel_sources == sorted(f"sdk/src/kernel/ref/{k}.c" for k in KERNELS)
    assert "safe/detector.h" not in found.headers
    assert {"safe/model.h", "safe/status.def", "safe/version.h"} <= set(found.headers)


def test_the_detector_brings_its_sources(small_program):
    found = standalone.runtime(small_program, ['#include "safe/detector.h"\n'])
    assert {"detector.c", "scaler.c", "window.c"} <= set(found.sources)


def test_an_isa_without_the_kernel_uses_the_reference(small_program):
    other = replace(small_program, isa="none", sources=(kernels.path("none", "dequantize"),))
    assert standalone.runtime(other, []).kernel_sources == ["sdk/src/kernel/ref/dequantize.c"]


@pytest.mark.parametrize("goal", GOALS)
def test_the_folder_has_its_goal(small_program, goal):
    found = standalone.runtime(small_program, ['#include "safe/model.h"\n'])
    text = standalone.files(found, goal)["safe/kernel/goal.h"]
    chosen = [line for line in text.splitlines() if line.startswith("#define SAFE_GOAL ")]
    assert chosen == [f"#define SAFE_GOAL SAFE_GOAL_{goal.upper()}"]


def test_missing_files(small_program):
    with pytest.raises(VerifierError, match=r"safe/no\.h"):
        standalone.runtime(small_program, ['#include "safe/no.h"\n'])
    with pytest.raises(SafeError, match=r"no\.c"):
        kernels.path("ref", "no")


CONTEXT = r"""
#include "safe_small.h"
#include "safe/compiler.h"
#include <stdio.h>
#define CHECK(x) do { if (!(x)) { printf("line %d: %s\n", __LINE__, #x); return 1; } } while (0)
static SAFE_ALIGNED(16) uint8_t arena[SAFE_SMALL_ARENA_BYTES + 16];
int main(void)
{
    int8_t in[SAFE_SMALL_INPUT_BYTES] = {0}, out[SAFE_SMALL_OUTPUT_BYTES], again[sizeof(out)];
    safe_context_t context = {NULL, NULL};
    safe_model_t other = safe_small_model;
    size_t size = SAFE_SMALL_ARENA_BYTES;
    other.abi++;
    CHECK(safe_context_init(NULL, &other, arena, size) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_context_init(&context, NULL, arena, size) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_context_init(&context, &other, NULL, size) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_context_init(&context, &other, arena, size) == SAFE_STATUS_ABI);
    CHECK(safe_small_init(&context, arena + 4, size) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_small_init(&context, arena, size - 1) == SAFE_STATUS_ARENA_TOO_SMALL);
    CHECK(context.model == NULL && safe_small_input(&context) == NULL);
    CHECK(safe_small_output(&context) == NULL);
    CHECK(safe_small_invoke(&context) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_small_reset(NULL) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_small_init(&context, arena, size) == SAFE_STATUS_OK);
    CHECK(safe_context_input(&context, 1) == NULL && safe_context_output(&context, 1) == NULL);
    CHECK(safe_context_run(&context, in, 1, out, sizeof(out)) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_context_run(&context, in, sizeof(in), out, 1) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_context_run(&context, NULL, sizeof(in), out, sizeof(out)) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_small_run(NULL, out) == SAFE_STATUS_ARGUMENT);
    CHECK(safe_small_run(in, out) == SAFE_STATUS_OK);
    /* The state carries over from invoke to invoke, and a reset clears it. */
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof(in); i++) { safe_small_input(&context)[i] = 0; }
        CHECK(safe_small_invoke(&context) == SAFE_STATUS_OK);
    }
    int differs = 0;
    for (size_t i = 0; i < sizeof(out); i++) {
        differs += safe_small_output(&context)[i] != out[i];
    }
    CHECK(differs > 0);
    CHECK(safe_small_reset(&context) == SAFE_STATUS_OK);
    for (size_t i = 0; i < sizeof(in); i++) { safe_small_input(&context)[i] = 0; }
    CHECK(safe_small_invoke(&context) == SAFE_STATUS_OK);
    for (size_t i = 0; i < sizeof(out); i++) { again[i] = safe_small_output(&context)[i]; }
    for (size_t i = 0; i < sizeof(out); i++) { CHECK(again[i] == out[i]); }
    for (size_t i = size; i < sizeof(arena); i++) { CHECK(arena[i] == 0); }
    return 0;
}
"""


def test_context_calls(models, tmp_path):
    from codegen import pipeline

    out = tmp_path / "gen"
    pipeline.generate(models / "small.tflite", name="small", out=out, standalone=True)
    (tmp_path / "main.c").write_text(CONTEXT)
    program = tmp_path / "main"
    sources = [tmp_path / "main.c", *sorted(out.glob("*.c"))]
    flags = ["-std=c99", "-fsanitize=address,undefined", f"-I{out}"]
    subprocess.run(["gcc", *flags, *sources, "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
