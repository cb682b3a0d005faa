"""Images that compare tiles with plain sums, and random models on emulated cores."""

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from codegen import reference
from codegen.emit import linker
from codegen.frontend.tflite import load as load_model
from host_tools.perf import standalone
from targets import build
from targets.emulate import bare
from tests.operators.cases import CASES

IMAGES = Path(__file__).parent / "images"


def link(target, sources, folder, *flags, calls=12):
    """Build an image whose `safe_tiles_run` counts the differences for a seed of 4 bytes."""
    include = f"-I{build.ROOT / 'sdk/include'}"
    objects = bare.compile_objects(target, sources, folder, ("-O2", "-std=c99", include, *flags))
    (folder / "tiles.h").write_text("int safe_tiles_run(const void *input, void *output);\n")
    (folder / "safe_target.h").write_text(linker.target_header(target, "0"))
    (folder / "linker.ld").write_text(linker.linker_script(target, "0"))
    interface = bare.Interface("tiles.h", "safe_tiles_run", 4, 1)
    return bare.link(target, objects, interface, folder, include=folder, calls=calls)


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


def kernels_of(kind, seed, target, folder, optimize="balanced"):
    """Assert that a random model gives the reference's bytes; return the kernels that it took."""
    work = folder / f"{kind.lower()}{seed[0]}"
    work.mkdir()
    model = symmetric(CASES[kind](np.random.default_rng(seed)).model)
    return compare(model, target, work, optimize)


def compare(model, target, folder, optimize="balanced"):
    """Assert that a model of one input and output is exact; return its kernels."""
    path = folder / "case.tflite"
    path.write_bytes(model)
    built = standalone.build(path, target, folder, optimize=optimize)
    graph = load_model(path, "case")
    shape = graph.tensor(graph.inputs[0]).shape
    raw = bare.inputs(built.interface.input_bytes, standalone.CALLS)
    values = np.stack([np.frombuffer(r, np.int8).reshape(shape) for r in raw])
    expected = reference.run(graph, [values])[0]
    outputs = [call.output for call in bare.run(target, built.elf)]
    assert outputs == [row.tobytes() for row in expected], folder.name
    return [o["kernel"] or "" for o in built.manifest["operators"]]
