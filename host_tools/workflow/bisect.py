"""Search for the operator where a difference begins: the model is cut behind one after the other.

A cut model's output is that operator's, so that it can be compared like any other, on a device or
on the host, with whatever backend. Halving finds two neighbours: all that comes before the operator
is equal, its own output is not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codegen.errors import CodegenError
from codegen.frontend import cut, tflite
from codegen.ir.graph import DType
from host_tools.detection import replay
from host_tools.workflow import images
from host_tools.workflow.run import Emulated, MeasuredRun
from targets.load import Target, load
from targets.options import Options

Array = NDArray[np.generic]
Run = Callable[[bytes], Array]
"""Function that returns what a cut model answers to the windows in question."""
_TAKEN = {DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32}
"""Types that an output of an image can have."""


@dataclass(frozen=True)
class Beginning:
    """The first operator whose output differs."""

    index: int
    kind: str
    name: str
    differing_bytes: int
    output_bytes: int

    @property
    def text(self) -> str:
        """Return it in words."""
        return (
            f'the difference begins at operator {self.index} {self.kind}, "{self.name}":'
            f" {self.differing_bytes:,} of {self.output_bytes:,} bytes of its output"
        )


def find(content: bytes, windows: Array, run: Run) -> Beginning | None:
    """Return where answers begin to differ from the integer reference; None when nowhere."""
    cuts = _cuts(content)
    equal, different, found = -1, len(cuts), None
    while different - equal > 1:
        # The whole model first: whether it differs at all.
        middle = len(cuts) - 1 if different == len(cuts) else (equal + different) // 2
        here = _compare(cuts[middle], windows, run)
        if here is None and found is None:
            return None
        if here is None:
            equal = middle
        else:
            different, found = middle, here
    return found


def on_device(content: bytes, windows: Array, target: Target, options: Options) -> Beginning | None:
    """Bisect with bench images in the target's emulator; raises the errors of build and bench."""

    def run(model: bytes) -> Array:
        built = images.build(target, images.stage(model, "cut"), options)
        return images.answers(target, built, windows).outputs

    return find(content, windows, run)


def locate(content: bytes, windows: Array, target: Target, options: Options) -> Beginning | None:
    """Bisect on the first of many windows whose answer differs; None when none does.

    On target `host` the image is a process, so that the generated C of the host is searched.
    """
    built = images.build(target, images.stage(content, "cut"), options)
    found = np.ascontiguousarray(images.answers(target, built, windows).outputs)
    wanted = np.ascontiguousarray(images.reference_of(content, windows))
    rows = [values.view(np.uint8).reshape(len(windows), -1) for values in (found, wanted)]
    bad = np.flatnonzero(np.any(rows[0] != rows[1], axis=1))
    return on_device(content, windows[bad[:1]], target, options) if len(bad) else None


def of_run(result: MeasuredRun) -> Beginning | None:
    """Bisect what the device of an emulated run answered.

    It is searched on the golden windows, and where all of these agree on those that the detector
    made of the raw samples. None where nothing differs, or a board would have to be flashed.
    """
    place, golden, answers = result.plan.place, result.plan.golden, result.bench
    if not isinstance(place, Emulated) or golden is None or answers is None:
        return None
    model = result.plan.model / "model_int8.tflite"
    if result.exact is None or place.streaming or not model.is_file():
        return None
    content, options = model.read_bytes(), place.options or Options()
    target = load(place.target)
    found = locate(content, golden.windows, target, options) if len(golden.windows) else None
    if found is None:
        windows = _windows_of_chain(result.plan.model, content, golden.samples)
        found = locate(content, windows, target, options) if len(windows) else None
    return found


def _windows_of_chain(directory: Path, content: bytes, samples: NDArray[np.float32]) -> Array:
    """Return the windows [N, …] that the model gets while the detector takes raw samples."""
    seen: dict[bytes, Array] = {}

    def forecast(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        seen.update({window.tobytes(): window for window in windows})
        outputs = images.reference_of(content, windows)
        return outputs.reshape(len(windows), *outputs.shape[-2:]).astype(np.int8)

    replay.run_chain(replay.load(directory), samples, forecast)
    return np.array([*seen.values()], dtype=np.int8)


def _cuts(content: bytes) -> list[tuple[int, bytes]]:
    """Return the models that end behind an operator, where an image can have its output."""
    graph = tflite.load(content, "model")
    found = []
    for operator in graph.source_operators:
        model = cut.behind(content, operator.index)
        try:
            shorter = tflite.load(model, "model")
        except CodegenError:
            continue
        result = shorter.tensor(shorter.outputs[0])
        if result.dtype in _TAKEN and result.data is None:
            found.append((operator.index, model))
    return found


def _compare(one: tuple[int, bytes], windows: Array, run: Run) -> Beginning | None:
    index, model = one
    graph = tflite.load(model, "model")
    wanted = np.ascontiguousarray(images.reference_of(model, windows)).view(np.uint8).reshape(-1)
    answer = np.ascontiguousarray(run(model)).view(np.uint8).reshape(-1)
    wrong = int(np.count_nonzero(answer != wanted))
    if wrong == 0:
        return None
    operator = next(o for o in graph.source_operators if o.index == index)
    name = graph.tensor(graph.outputs[0]).name
    return Beginning(index, operator.kind, name, wrong, wanted.size)
