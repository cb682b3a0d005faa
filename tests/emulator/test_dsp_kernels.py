"""The dsp kernels on emulated Cortex-M4 and Cortex-M33: assembly, instructions, random shapes."""

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from codegen import reference
from codegen.emit import linker
from codegen.frontend.tflite import load as load_model
from host_tools.perf import standalone
from targets import build
from targets.emulate import bare
from targets.load import load
from tests.operators.cases import CASES

TARGETS = ("mps2-an386", "mps2-an505")
KINDS = ("CONV_2D", "FULLY_CONNECTED", "UNIDIRECTIONAL_SEQUENCE_LSTM")
KERNELS = build.ROOT / "sdk/src/kernel/dsp"
IMAGE = Path(__file__).parent / "images/tiles.c"


def tiles(target, folder, *flags):
    """Build the image that compares the tiles with plain sums."""
    names = ("dot8_dsp.c", "gemm4x2_dsp.c", "lstm_terms_dsp.c")
    sources = [IMAGE, *(KERNELS / name for name in names)]
    include = f"-I{build.ROOT / 'sdk/include'}"
    objects = bare.compile_objects(target, sources, folder, ("-O2", "-std=c99", include, *flags))
    (folder / "tiles.h").write_text("int safe_tiles_run(const void *input, void *output);\n")
    (folder / "safe_target.h").write_text(linker.target_header(target, "0"))
    (folder / "linker.ld").write_text(linker.linker_script(target, "0"))
    interface = bare.Interface("tiles.h", "safe_tiles_run", 4, 1)
    return bare.link(target, objects, interface, folder, include=folder, calls=12)


@pytest.mark.parametrize("flags", [(), ("-DSAFE_NO_ASM",), ("-DSAFE_DSP_EMULATED",)])
@pytest.mark.parametrize("name", TARGETS)
def test_tiles(name, flags, tmp_path):
    """In assembly, in C with the instructions, and in plain C: run raises for a difference."""
    target = load(name)
    assert len(bare.run(target, tiles(target, tmp_path, *flags))) == 12


def symmetric(model):
    """Return the model with weights in [-127, 127], as the converter makes them."""
    table = schema.ModelT.InitFromPackedBuf(model, 0)
    for tensor in table.subgraphs[0].tensors:
        buffer = table.buffers[tensor.buffer]
        if tensor.type == schema.TensorType.INT8 and buffer.data is not None:
            values = np.asarray(buffer.data, dtype=np.uint8).view(np.int8)
            buffer.data = np.maximum(values, np.int8(-127)).view(np.uint8)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(table.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("optimize", ["balanced", "speed"])
@pytest.mark.parametrize("name", TARGETS)
def test_random_shapes(name, optimize, tmp_path):
    target = load(name)
    chosen = 0
    for kind in KINDS:
        for seed in range(3):
            work = tmp_path / f"{kind.lower()}{seed}"
            work.mkdir()
            path = work / "case.tflite"
            path.write_bytes(symmetric(CASES[kind](np.random.default_rng([seed, 31])).model))
            built = standalone.build(path, target, work, optimize=optimize)
            graph = load_model(path, "case")
            shape = graph.tensor(graph.inputs[0]).shape
            raw = bare.inputs(built.interface.input_bytes, standalone.CALLS)
            values = np.stack([np.frombuffer(r, np.int8).reshape(shape) for r in raw])
            expected = reference.run(graph, [values])[0]
            outputs = [call.output for call in bare.run(target, built.elf)]
            assert outputs == [row.tobytes() for row in expected], (kind, seed)
            kernels = (o["kernel"] or "" for o in built.manifest["operators"])
            chosen += any(kernel.endswith("_dsp") for kernel in kernels)
    assert chosen >= len(KINDS) + 2
