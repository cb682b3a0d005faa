"""CONV_STREAM: rows at the borders of the window from products that were made once."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from codegen.backends.native.backend import compile_model
from codegen.frontend import tflite
from codegen.ir.graph import Graph, Operator, Tensor
from codegen.operators.registry import operators
from codegen.options import Goal, KernelChoice
from targets.kernels import ISAS, Isa
from tests.operators import forecaster, kernels, streaming
from tests.operators.stream_models import SAME, VALID, Array, Net
from tests.operators.streaming import differing

NONE, RELU, RELU6 = 0, 1, 3


def network(
    taps: int, depth: int, filters: int, *, window: int = 14, activation: int = RELU
) -> bytes:
    net = Net(window, depth, seed=taps * 100 + filters)
    x = net.conv(net.first, filters, taps, activation=activation)
    return net.model(net.dense(x, 6))


def causal(taps: int, filters: int, window: int = 14) -> bytes:
    net = Net(window, 4, seed=taps)
    return net.model(net.dense(net.causal(net.first, filters, taps), 6))


SUFFIX = {"ref": "", "dsp": "_dsp", "mve": "_dsp", "rv32": "_rv32", "v6m": ""}
"""End of the kernel's name: mve and v6m have none of their own for a sample."""


def kernels_of(program: streaming.Program) -> list[str]:
    return [o["kernel"] for o in program.manifest["operators"] if o["kernel"]]


def same(model: bytes, folder: Path, isa: Isa, steps: int = 60, compiler: str = "gcc") -> str:
    """Return the kernel that took the samples; all outputs are those of the whole window."""
    program = streaming.build(model, folder, compiler, isa=isa, optimize="speed")
    assert differing(program, model, steps) == 0
    used = kernels_of(program)
    assert "conv_stream" in used[0]
    assert "safe_kernel_slide" not in used
    return used[0]


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("taps", [2, 3, 4, 5, 7])
def test_taps(taps: int, isa: Isa, tmp_path: Path) -> None:
    kernel = same(network(taps, 5, 8), tmp_path, isa)
    assert kernel == "safe_kernel_conv_stream_s8" + SUFFIX[isa]


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(("depth", "filters"), [(1, 4), (3, 5), (8, 12), (17, 7), (16, 20)])
def test_channels(depth: int, filters: int, isa: Isa, tmp_path: Path) -> None:
    same(network(3, depth, filters), tmp_path, isa)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("activation", [NONE, RELU6])
def test_activations(activation: int, isa: Isa, tmp_path: Path) -> None:
    same(network(3, 6, 8, activation=activation), tmp_path, isa)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("taps", [2, 3, 5])
def test_causal(taps: int, isa: Isa, tmp_path: Path) -> None:
    """All padding lies before: as many rows wait as there are taps, less one."""
    same(causal(taps, 8), tmp_path, isa)


@pytest.mark.parametrize("window", [3, 4, 5, 40])
@pytest.mark.parametrize("taps", [2, 3])
def test_short_and_long_windows(taps: int, window: int, tmp_path: Path) -> None:
    same(network(taps, 4, 8, window=window), tmp_path, "ref", window + 40)
    if window > taps:
        same(causal(taps, 4, window), tmp_path, "dsp", window + 40)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("compiler", ["clang", "sanitized"])
def test_compilers(compiler: str, isa: Isa, tmp_path: Path) -> None:
    same(network(3, 16, 12), tmp_path, isa, compiler=compiler)
    same(network(5, 3, 9), tmp_path, isa, compiler=compiler)


def few_channels() -> bytes:
    """Too few for the kernels of an instruction set."""
    return network(3, 4, 2)


@pytest.mark.parametrize("isa", ["dsp", "rv32"])
def test_the_reference_where_an_instruction_set_does_not_pay(isa: Isa, tmp_path: Path) -> None:
    assert same(few_channels(), tmp_path, isa) == "safe_kernel_conv_stream_s8"


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """Of a weight, of the bias, and a row that waits one sample less."""
    model = network(3, 8, 8)
    program = streaming.build(model, tmp_path, optimize="speed")
    assert differing(program, model, 60) == 0
    folder = tmp_path / "ref-speed"
    for file, old, new in [
        ("safe_m.c", ".delay = 12", ".delay = 11"),
        ("safe_m_weights.c", None, 32),
    ]:
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(changed(text, old, new), encoding="utf-8")
        streaming.compile_folder(folder, program.executable, "gcc")
        assert differing(program, model, 60) > 0, file
        (folder / file).write_text(text, encoding="utf-8")


def changed(text: str, old: str | None, new: object) -> str:
    """Return the text with `old` replaced, or with a bit of the first weight flipped."""
    if old is not None:
        assert old in text
        return text.replace(old, str(new))
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if "_weights[" in line) + 1
    first, rest = lines[at].strip().split(",", 1)
    lines[at] = f"    {int(first) ^ 32},{rest}"
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("optimize", "window", "shared"),
    [("speed", 200, True), ("balanced", 20, True), ("balanced", 200, False), ("size", 20, False)],
)
def test_memory_is_weighed(optimize: Goal, window: int, *, shared: bool) -> None:
    """`balanced`: rows wait for the whole window, a product saved must be worth their bytes."""
    graph = tflite.load(network(3, 8, 16, window=window), "m")
    program = compile_model(graph, target="host", isa="ref", optimize=optimize, stream=True)
    assert ("CONV_STREAM" in [o.kind for o in program.graph.operators]) == shared
    assert program.stream is not None
    (border_rows,) = {s.border_rows for s in program.stream.streamed if s.kind == "CONV_2D"}
    assert border_rows == (0 if shared else 2)


def test_what_it_leaves_alone() -> None:
    def kinds(net: Net, x: int) -> list[str]:
        graph = tflite.load(net.model(net.dense(x, 4)), "m")
        program = compile_model(graph, target="host", isa="ref", optimize="speed", stream=True)
        return [o.kind for o in program.graph.operators]

    net = Net(20, 4)
    assert "CONV_STREAM" not in kinds(net, net.conv(net.first, 4, 3, padding=VALID))
    net = Net(20, 4)
    assert "CONV_STREAM" not in kinds(net, net.conv(net.first, 4, 3, dilation=2))
    net = Net(20, 4)
    assert "CONV_STREAM" not in kinds(net, net.unary(net.conv(net.first, 4, 3), "TANH", 1 / 128, 0))
    net = Net(20, 4)
    x = net.conv(net.first, 4, 3, padding=VALID)
    assert kinds(net, net.conv(x, 4, 3, padding=SAME)).count("CONV_STREAM") == 1
    net = Net(20, 4)
    x = net.conv(net.first, 4, 3)
    assert "CONV_STREAM" not in kinds(net, net.conv(x, 4, 3))


def test_the_shipped_forecaster_has_no_border_left(tmp_path: Path) -> None:
    program = streaming.build(forecaster.model(), tmp_path)
    assert program.manifest["streaming"]["borders"] == []


def first_sample(seed: int, taps: int, before: int, after: int) -> tuple[Graph, Operator]:
    """Return a graph of one CONV_STREAM, and a view of what it keeps."""
    net = Net(9, 3, seed)
    net.conv(net.first, 8, taps)
    net.builder.output(max(net.shapes))
    graph = tflite.load(net.builder.build(), "m")
    (conv,) = [o for o in graph.operators if o.kind == "CONV_2D"]
    tensors = dict(graph.tensors)
    source, output = (tensors[i] for i in (conv.inputs[0], conv.outputs[0]))
    at = max(tensors) + 1
    sample = replace(source, index=at, shape=(1, 1, 1, 3))
    shape = (1, 1, before + 4 + after, 8)
    kept = replace(output, index=at + 1, shape=shape, is_variable=True)
    seen = replace(output, index=at + 2, shape=shape)
    tensors |= {t.index: t for t in (sample, kept, seen)}
    options = {"fused_activation": "NONE", "before": before, "inside": 4, "after": after}
    options |= {"counts": True}
    made = Operator(1, "CONV_STREAM", (at + 1, at, *conv.inputs[1:]), (), MappingProxyType(options))
    view = Operator(2, "RESHAPE", (at + 1,), (at + 2,))
    graph = replace(
        graph,
        tensors=MappingProxyType(tensors),
        operators=(made, view),
        inputs=(at,),
        outputs=(at + 2,),
    )
    return graph, made


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(("taps", "before", "after"), [(3, 1, 1), (4, 1, 2), (3, 2, 0), (2, 0, 1)])
def test_the_reference_is_the_kernel_after_a_reset(
    taps: int, before: int, after: int, isa: Isa
) -> None:
    graph, made = first_sample(3, taps, before, after)
    spec = operators()["CONV_STREAM"]
    spec.check(graph, made)
    rng = np.random.default_rng(2)
    values = rng.integers(-128, 128, (20, 1, 1, 1, 3)).astype(np.int8)
    kept: Tensor = graph.tensor(made.inputs[0])
    assert kept.quantization is not None
    start: Array = np.full((20, *kept.shape), kept.quantization.zero_point, np.int8)
    (expected,) = spec.reference(graph, made, [start, values])
    (found,) = kernels.library("gcc-O3").run(graph, [values], KernelChoice(isa))
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(expected)) > 20
