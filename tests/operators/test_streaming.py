"""Streaming against the whole window: every step's output, to the last bit, on generated C.

The whole window is computed by the integer reference and by TensorFlow Lite Micro.
"""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from codegen.backends.native.backend import compile_model
from codegen.errors import ModelUnsupportedError
from codegen.frontend import tflite
from tests.operators import forecaster, oracle, streaming
from tests.operators.stream_models import SAME, VALID, Net, drawn
from tests.operators.streaming import differing

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "models" / "forecaster" / "model_int8.tflite"


def stacked() -> bytes:
    net = Net(24, 3)
    x = net.conv(net.first, 8, 3, padding=VALID)
    x = net.conv(x, 4, 5, padding=VALID)
    return net.model(net.dense(net.conv(x, 6, 2, padding=VALID), 7))


def stacked_same() -> bytes:
    net = Net(24, 8)
    x = net.conv(net.first, 8, 3)
    x = net.conv(x, 4, 4)
    return net.model(net.dense(net.conv(x, 5, 5), 7))


def dilated() -> bytes:
    net = Net(40, 4)
    x = net.conv(net.first, 8, 3, dilation=2, padding=VALID)
    return net.model(net.dense(net.conv(x, 4, 3, dilation=4), 6))


def causal() -> bytes:
    net = Net(48, 8)
    x = net.causal(net.first, 8, 3)
    x = net.causal(x, 8, 3, dilation=2)
    return net.model(net.mean(net.causal(x, 8, 2, dilation=4)))


def separable() -> bytes:
    net = Net(30, 5)
    x = net.conv(net.depthwise(net.first, 3), 8, 1)
    return net.model(net.dense(net.depthwise(x, 3, dilation=2, padding=VALID), 4))


def residual() -> bytes:
    net = Net(32, 8)
    x = net.conv(net.first, 8, 3)
    return net.model(net.dense(net.add(x, net.conv(x, 8, 3, activation=0)), 4))


def residual_of_the_input() -> bytes:
    net = Net(20, 4)
    x = net.conv(net.first, 4, 3, activation=0)
    x = net.add(net.first, net.unary(x, "TANH", 1 / 128, 0))
    return net.model(net.mean(net.add(x, net.conv(x, 4, 2))))


def pointwise() -> bytes:
    net = Net(16, 3)
    x = net.unary(net.first, "LOGISTIC", 1 / 256, -128)
    return net.model(net.dense(net.rows(x, 6), 4))


def pooled_and_joined() -> bytes:
    net = Net(28, 4)
    x = net.conv(net.first, 6, 3)
    one = net.pool(x, 3)
    other = net.conv(x, 5, 3, padding=VALID)
    return net.model(net.mean(net.join(one, other, net.pool(x, 3, "AVERAGE_POOL_2D"))))


def rows_out() -> bytes:
    """The output is the whole window itself."""
    net = Net(12, 3)
    return net.model(net.conv(net.first, 2, 3))


def two_readers_of_the_whole() -> bytes:
    net = Net(20, 4)
    x = net.conv(net.first, 4, 3)
    y = net.mean(net.conv(x, 5, 3, padding=VALID))
    z = net.dense(x, 5)
    return net.model(net.add(y, z))


NETS = {
    f.__name__: f
    for f in (
        stacked,
        stacked_same,
        dilated,
        causal,
        separable,
        residual,
        residual_of_the_input,
        pointwise,
        pooled_and_joined,
        rows_out,
        two_readers_of_the_whole,
    )
}


@pytest.mark.parametrize("compiler", ["gcc", "clang", "sanitized"])
def test_the_shipped_forecaster(compiler: str, tmp_path: Path) -> None:
    model = SHIPPED.read_bytes()
    program = streaming.build(model, tmp_path, compiler)
    assert differing(program, model, 300) == 0


@pytest.mark.parametrize("isa", ["dsp", "rv32"])
def test_the_shipped_forecaster_by_instruction_set(isa: str, tmp_path: Path) -> None:
    model = SHIPPED.read_bytes()
    assert differing(streaming.build(model, tmp_path, isa=isa), model, 150) == 0


@pytest.mark.parametrize("name", NETS)
def test_networks(name: str, tmp_path: Path) -> None:
    model = NETS[name]()
    for isa in ("ref", "dsp", "rv32"):
        assert differing(streaming.build(model, tmp_path, isa=isa), model, 240) == 0, isa


@pytest.mark.parametrize("name", ["stacked_same", "residual_of_the_input", "pooled_and_joined"])
@pytest.mark.parametrize("compiler", ["clang", "sanitized"])
def test_networks_by_compiler(name: str, compiler: str, tmp_path: Path) -> None:
    model = NETS[name]()
    assert differing(streaming.build(model, tmp_path, compiler), model, 240) == 0


@pytest.mark.parametrize("every", [2, 7, 50])
def test_outputs_only_when_asked(every: int, tmp_path: Path) -> None:
    model = stacked_same()
    assert differing(streaming.build(model, tmp_path), model, 300, every=every) == 0


def attempt(model: bytes, steps: int) -> str:
    """Return "equal", or why the model cannot be streamed."""
    with tempfile.TemporaryDirectory(prefix="safe_stream_") as folder:
        try:
            program = streaming.build(model, Path(folder))
        except ModelUnsupportedError as error:
            return "refused" if "nothing can be computed per sample" in str(error) else str(error)
        # Drawn scales may leave a network one value: equal all the same.
        assert differing(program, model, steps, gap=False, fewest=1) == 0
    return "equal"


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize("window", [1, 2, 3, 4, 5, 7, 16, 31, 64])
def test_windows(window: int, padding: int) -> None:
    net = Net(window, 8)
    taps = 1 if window < 3 and padding == VALID else 3
    model = net.model(net.dense(net.conv(net.first, 8, taps, padding=padding), 6))
    expected = "refused" if padding == SAME and window < 3 else "equal"
    assert attempt(model, window + 40) == expected


@pytest.mark.parametrize("seed", range(8))
def test_drawn(seed: int) -> None:
    assert attempt(drawn(seed), 100) in ("equal", "refused")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 108))
def test_many_drawn(seed: int) -> None:
    assert attempt(drawn(seed), 130) in ("equal", "refused")


def test_run_takes_a_whole_window(tmp_path: Path) -> None:
    model = forecaster.model()
    program = streaming.build(model, tmp_path)
    values = forecaster.windows(6)
    expected = oracle.run(model, [values])[0]
    answers = streaming.run(program, [b"W" + v.tobytes() for v in values])
    assert all(status == 0 for status, _ in answers)
    np.testing.assert_array_equal(np.stack([o for _, o in answers if o is not None]), expected)


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """The comparison sees one bit of one constant, and one byte that does not move."""
    model = stacked_same()
    program = streaming.build(model, tmp_path)
    assert differing(program, model, 100) == 0
    folder = tmp_path / "ref-balanced"
    text = (folder / "safe_m.c").read_text(encoding="utf-8")
    keep = next(line for line in text.splitlines() if ".keep_bytes" in line)
    count = int(keep.split("=")[1].strip(" ,"))
    changed = text.replace(keep, keep.replace(str(count), str(count - 1)), 1)
    (folder / "safe_m.c").write_text(changed, encoding="utf-8")
    assert differing(rebuilt(folder, program), model, 100) > 0
    (folder / "safe_m.c").write_text(text, encoding="utf-8")
    weights = folder / "safe_m_weights.c"
    lines = weights.read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if "_weights[" in line) + 1
    first, rest = lines[at].strip().split(",", 1)
    lines[at] = f"    {int(first) ^ 32},{rest}"
    weights.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert differing(rebuilt(folder, program), model, 100) > 0


def rebuilt(folder: Path, program: streaming.Program) -> streaming.Program:
    streaming.compile_folder(folder, program.executable, "gcc")
    return program


def test_nothing_to_stream_names_the_operator() -> None:
    net = Net(20, 4)
    graph = tflite.load(net.model(net.dense(net.first, 3)), "m")
    with pytest.raises(ModelUnsupportedError, match=r"operator 1 RESHAPE.*no rows are left"):
        compile_model(graph, target="host", isa="ref", stream=True)
    net = Net(20, 4)
    graph = tflite.load(net.model(net.mean(net.conv(net.first, 3, stride=2))), "m")
    with pytest.raises(ModelUnsupportedError, match=r"operator 1 CONV_2D.*stride.* is 2"):
        compile_model(graph, target="host", isa="ref", stream=True)
