"""Exact instructions of a detector's step beside its inference, by the same QEMU plugin."""

from dataclasses import dataclass
from itertools import pairwise

from targets.elf import Image
from targets.emulate.count import calls_of
from targets.errors import EmulatorError

_STEP, _INFERENCE, _BETWEEN, _BACK = 0, 1, -2, -1
_GLUE = (
    "safe_detector_step",
    "look_ahead",
    "run_window",
    "safe_context_invoke",
    "run_model",
    "push_placed",
    "safe_stream_push",
    "safe_stream_invoke",
)
_CALLERS = ("take_sample", "safe_server_handle_sample")


@dataclass(frozen=True)
class StepCount:
    """One step: instructions of the chain, and of the model's inference, 0 when none ran."""

    chain: int
    inference: int


def configure(image: Image) -> str:
    """Return the plugin's configuration; EmulatorError for an image without a detector."""
    functions = {s.name: s for s in image.functions()}
    back = [functions[name] for name in _CALLERS if name in functions]
    if "safe_detector_step" not in functions or not back:
        raise EmulatorError("the image has no detector whose steps could be counted")
    lines = [f"marker {_STEP} {functions['safe_detector_step'].address:x}"]
    model = [functions[name] for name in ("invoke_arena", "push_arena") if name in functions]
    lines += [f"marker {_INFERENCE} {s.address:x}" for s in model]
    for name in _GLUE:
        if name in functions:
            s = functions[name]
            lines.append(f"between {_BETWEEN} {s.address:x} {s.address + s.size:x}")
    lines += [f"back {_BACK} {s.address:x} {s.address + s.size:x}" for s in back]
    lines += [
        f"exclude {s.address:x} {s.address + s.size:x}"
        for s in image.functions()
        if s.name.startswith("safe_isr_")
    ]
    return "\n".join(lines) + "\n"


def parse(text: str) -> list[StepCount]:
    """Turn the plugin's output into steps, in order; EmulatorError when there is none."""
    found = []
    for call in calls_of(text):
        if call[0][0] != _STEP:
            continue
        inference = sum(
            after[1] - before[1] for before, after in pairwise(call) if before[0] == _INFERENCE
        )
        found.append(StepCount(call[-1][1] - call[0][1] - inference, inference))
    if not found:
        raise EmulatorError("the instruction counter saw no whole step of the detector")
    return found
