"""The generated C compiles without a warning everywhere and computes what the reference does."""

import json
import subprocess

import numpy as np
import pytest

from codegen import pipeline, reference
from codegen.frontend import tflite
from tests.operators.builder import ModelBuilder, options

RUNNER = """#include <stdio.h>
#include "safe_small.h"
int main(void)
{
    int8_t in[SAFE_SMALL_INPUT_BYTES], out[SAFE_SMALL_OUTPUT_BYTES];
    while (fread(in, 1, sizeof(in), stdin) == sizeof(in)) {
        if (safe_small_run(in, out) != SAFE_STATUS_OK) { return 1; }
        fwrite(out, 1, sizeof(out), stdout);
    }
    return 0;
}
"""


@pytest.fixture(scope="module")
def folder(models, tmp_path_factory):
    out = tmp_path_factory.mktemp("gen") / "small"
    pipeline.generate(models / "small.tflite", name="small", out=out, standalone=True)
    return out


@pytest.mark.parametrize("compiler", ["gcc", "clang", "arm"])
def test_no_warnings(folder, strict, tmp_path, compiler):
    strict(compiler, sorted(folder.rglob("*.c")), folder, out=tmp_path)


def test_standalone_example_runs(folder, tmp_path):
    program = tmp_path / "example"
    sources = sorted(folder.rglob("*.c"))
    command = ["cc", "-std=c99", f"-I{folder}", *sources, "-o", program]
    subprocess.run(command, check=True)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
    assert len(lines) == 6


@pytest.mark.parametrize("flags", [["-O0"], ["-O2", "-fsanitize=address,undefined"]])
def test_bytes_equal_the_reference(folder, small_graph, tmp_path, flags):
    (tmp_path / "run.c").write_text(RUNNER)
    sources = sorted(folder.glob("*.c"))
    program = tmp_path / "run"
    command = ["gcc", "-std=c99", *flags, f"-I{folder}", *sources, tmp_path / "run.c"]
    subprocess.run([*command, "-o", program], check=True)
    x = np.random.default_rng(3).integers(-128, 128, (300, 1, 6, 3)).astype(np.int8)
    done = subprocess.run([program], input=x.tobytes(), capture_output=True, check=True)
    (expected,) = reference.run(small_graph, [x])
    assert done.stdout == expected.tobytes()


def test_every_operator_is_one_symbol(folder, tmp_path):
    manifest = json.loads((folder / "manifest.json").read_text())
    out = tmp_path / "m.o"
    command = ["arm-none-eabi-gcc", "-std=c99", "-O3", "-mcpu=cortex-m4", f"-I{folder}", "-c"]
    subprocess.run([*command, folder / "safe_small.c", "-o", out], check=True)
    found = subprocess.run(["arm-none-eabi-nm", out], capture_output=True, text=True, check=True)
    symbols = {line.split()[-1] for line in found.stdout.splitlines()}
    wanted = {o["symbol"] for o in manifest["operators"]} - {None}
    assert len(wanted) == 3
    assert wanted <= symbols


SEVERAL = """#include <stdio.h>
#include "safe_two.h"
int main(void)
{
    int8_t a[SAFE_TWO_INPUT0_BYTES], b[SAFE_TWO_INPUT1_BYTES];
    int8_t c[SAFE_TWO_OUTPUT0_BYTES], d[SAFE_TWO_OUTPUT1_BYTES];
    while (fread(a, 1, sizeof(a), stdin) == sizeof(a) && fread(b, 1, sizeof(b), stdin) != 0) {
        if (safe_two_run(a, b, c, NULL) != SAFE_STATUS_ARGUMENT) { return 1; }
        if (safe_two_run(a, NULL, c, d) != SAFE_STATUS_ARGUMENT) { return 1; }
        if (safe_two_run(a, b, c, d) != SAFE_STATUS_OK) { return 1; }
        fwrite(c, 1, sizeof(c), stdout);
        fwrite(d, 1, sizeof(d), stdout);
    }
    return 0;
}
"""


def test_several_inputs_and_outputs(tmp_path, strict):
    rng = np.random.default_rng(4)
    m = ModelBuilder()
    for width in (4, 6):
        x = m.input((1, width), "int8", 0.5)
        w = m.constant(rng.integers(-9, 9, (2, width)).astype(np.int8), 0.1)
        y = m.tensor((1, 2), "int8", 2.0)
        m.operator("FULLY_CONNECTED", [x, w, -1], [y], options("FullyConnected"))
        m.output(y)
    path = tmp_path / "two.tflite"
    path.write_bytes(m.build())
    out = tmp_path / "two"
    manifest = pipeline.generate(path, name="two", out=out, standalone=True)
    assert len(manifest["inputs"]) == len(manifest["outputs"]) == 2
    assert "SAFE_TWO_INPUT1_ELEMENTS 6u" in (out / "safe_two.h").read_text()
    strict("gcc", sorted(out.rglob("*.c")), out, out=tmp_path)
    (out / "several.c").write_text(SEVERAL)
    program = tmp_path / "several"
    subprocess.run(["gcc", "-std=c99", f"-I{out}", *out.glob("*.c"), "-o", program], check=True)
    values = [rng.integers(-128, 128, (20, 1, width)).astype(np.int8) for width in (4, 6)]
    given = b"".join(a.tobytes() + b.tobytes() for a, b in zip(*values, strict=True))
    done = subprocess.run([program], input=given, capture_output=True, check=True)
    expected = reference.run(tflite.load(path, "two"), values)
    rows = np.concatenate([array.reshape(20, -1) for array in expected], axis=1)
    assert done.stdout == rows.tobytes()
    assert len(np.unique(rows)) > 20


def test_hostile_tensor_names(small_bytes, tmp_path, strict):
    name = b"StatefulPartitionedCall:0"
    assert name in small_bytes
    path = tmp_path / "hostile.tflite"
    path.write_bytes(
        small_bytes.replace(name, b'*/ #error "\\??/\n\x00\xff*/ int'.ljust(len(name)))
    )
    tflite.load(path, "hostile")
    out = tmp_path / "out"
    pipeline.generate(path, name="hostile", out=out, standalone=True)
    strict("gcc", sorted(out.glob("*.c")), out, out=tmp_path)
