"""Resource variables of streaming models: their state goes on from call to call."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tflite_micro import runtime

from codegen import pipeline, reference
from codegen.errors import ModelInvalidError, ModelUnsupportedError
from codegen.frontend.tflite import load
from tests.operators.builder import ModelBuilder, options
from tests.operators.cases import ALL_CASES

CALLS = 200
CHANNELS = 4
STEPS = 3
SCALE, ZERO_POINT = 0.05, 3


class Streaming:
    """A model that keeps the last samples in one variable and joins them with the newest."""

    def __init__(self, start: int | None = ZERO_POINT, name: str = "kept") -> None:
        self.m = ModelBuilder()
        self.start = start
        self.x = self.m.input((1, 1, CHANNELS), "int8", SCALE, ZERO_POINT)
        if start is not None:
            self.m.operator("CALL_ONCE", [], [], options("CallOnce", initSubgraphIndex=1))
        self.handle = self._handle(self.m, name)

    @staticmethod
    def _handle(m: ModelBuilder, name: str) -> int:
        handle = m.resource()
        m.operator("VAR_HANDLE", [], [handle], options("VarHandle", container="", sharedName=name))
        return handle

    def build(self, *, late: bool = False, first: np.ndarray | None = None) -> bytes:
        """With `late` what was read before the assignment is read after it, too."""
        m = self.m
        kept, joined, rest = (
            m.tensor((1, n, CHANNELS), "int8", SCALE, ZERO_POINT)
            for n in (STEPS - 1, STEPS, STEPS - 1)
        )
        m.operator("READ_VARIABLE", [self.handle], [kept], options("ReadVariable"))
        m.operator("CONCATENATION", [kept, self.x], [joined], options("Concatenation", axis=1))
        limits = [m.constant(np.array(v, np.int32)) for v in ([0, 1, 0], [1, STEPS, CHANNELS])]
        ones = m.constant(np.ones(3, np.int32))
        m.operator("STRIDED_SLICE", [joined, *limits, ones], [rest], options("StridedSlice"))
        m.operator("ASSIGN_VARIABLE", [self.handle, rest], [], options("AssignVariable"))
        y = m.tensor((1, STEPS, CHANNELS), "int8", 0.2, -5)
        m.operator("QUANTIZE", [joined], [y])
        m.output(y)
        if late:
            z = m.tensor((1, STEPS - 1, CHANNELS), "int8", 0.2, -5)
            m.operator("QUANTIZE", [kept], [z])
            m.output(z)
        if self.start is not None:
            other = ModelBuilder()
            handle = self._handle(other, "kept")
            values = np.full((1, STEPS - 1, CHANNELS), self.start, np.int8)
            values = values if first is None else first
            value = other.constant(values, SCALE, ZERO_POINT)
            other.operator("ASSIGN_VARIABLE", [handle, value], [], options("AssignVariable"))
            m.add_subgraph(other)
        return m.build()


def samples() -> np.ndarray:
    rng = np.random.default_rng(2)
    return rng.integers(-128, 128, (CALLS, 1, 1, CHANNELS)).astype(np.int8)


def tflm(model: bytes, values: np.ndarray, outputs: int = 1) -> list[np.ndarray]:
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=100_000)
    found: list[list[np.ndarray]] = [[] for _ in range(outputs)]
    for value in values:
        interpreter.set_input(value, 0)
        interpreter.invoke()
        for n in range(outputs):
            found[n].append(np.array(interpreter.get_output(n)))
    return [np.stack(rows) for rows in found]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("start", [ZERO_POINT, 77])
def test_consecutive_calls_are_those_of_tflm(start: int, *, late: bool) -> None:
    model = Streaming(start).build(late=late)
    found = reference.run_in_a_row(load(model, "m"), [samples()])
    for own, expected in zip(found, tflm(model, samples(), 1 + late), strict=True):
        assert np.array_equal(own, expected)
    assert len(np.unique(found[0][:, 0, 0])) > CALLS // 4, "the state never reached the output"


def test_the_state_of_svdf_goes_on_from_call_to_call() -> None:
    for seed in range(5):
        case = ALL_CASES["SVDF"](np.random.default_rng([seed, 3]))
        (found,) = reference.run_in_a_row(load(case.model, "m"), case.inputs)
        assert np.array_equal(found, tflm(case.model, case.inputs[0])[0])
        (windows,) = reference.run(load(case.model, "m"), case.inputs)
    assert not np.array_equal(found, windows), "the state does not matter"


def test_the_generated_program_keeps_its_state(tmp_path: Path) -> None:
    """`step` goes on, `run` begins anew, each as the integer reference says."""
    source = tmp_path / "m.tflite"
    source.write_bytes(Streaming(77).build())
    pipeline.generate(source, name="m", out=tmp_path / "gen", isa="ref", standalone=True)
    manifest = json.loads((tmp_path / "gen" / "manifest.json").read_text())
    assert manifest["keeps_state"] is True
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "safe_m.h"\n'
        "int main(void)\n{\n    int8_t in[4], out[12];\n"
        "    for (int n = 0; fread(in, 1, 4, stdin) == 4; n++) {\n"
        "        if ((n == 100 ? safe_m_run(in, out) : safe_m_step(in, out)) != SAFE_STATUS_OK) {\n"
        "            return 1;\n        }\n        fwrite(out, 1, 12, stdout);\n    }\n"
        "    return safe_m_step(NULL, out) == SAFE_STATUS_ARGUMENT ? 0 : 2;\n}\n"
    )
    sources = [str(p) for p in (tmp_path / "gen").glob("*.c")]
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=address"]
    command = ["cc", *flags, f"-I{tmp_path / 'gen'}", *sources, str(tmp_path / "main.c")]
    subprocess.run([*command, "-o", str(tmp_path / "m")], check=True)
    data = samples()
    done = subprocess.run([tmp_path / "m"], input=data.tobytes(), capture_output=True, check=True)
    graph = load(source, "m")
    parts = [reference.run_in_a_row(graph, [part])[0] for part in (data[:100], data[100:])]
    assert done.stdout == np.concatenate(parts).tobytes()


def test_refusals_name_the_cause(tmp_path: Path) -> None:
    first = np.arange(8, dtype=np.int8).reshape(1, STEPS - 1, CHANNELS)
    with pytest.raises(ModelUnsupportedError, match="starts with different values"):
        load(Streaming().build(first=first), "m")
    source = tmp_path / "m.tflite"
    source.write_bytes(Streaming().build())
    with pytest.raises(ModelUnsupportedError, match=r"READ_VARIABLE.*its own state"):
        pipeline.generate(
            source, name="m", out=tmp_path / "g", isa="ref", standalone=True, stream=True
        )
    broken = ModelBuilder()
    x = broken.input((1, 4), "int8", SCALE, ZERO_POINT)
    broken.operator("ASSIGN_VARIABLE", [x], [])
    broken.output(x)
    with pytest.raises(ModelInvalidError, match="ASSIGN_VARIABLE: has 1 inputs"):
        load(broken.build(), "m")


def test_a_second_subgraph_that_nothing_calls_once_is_refused() -> None:
    model = Streaming(None)
    other = ModelBuilder()
    x = other.input((1, 4), "int8", SCALE, ZERO_POINT)
    other.output(x)
    model.m.add_subgraph(other)
    with pytest.raises(ModelUnsupportedError, match="2 subgraphs"):
        load(model.build(), "m")
