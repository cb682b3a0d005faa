"""How the bare harness, which knows one input and one output, calls a model with any number.

Several values lie one after the other, each aligned for its elements. The function that takes them
apart belongs to the harness: what is counted is `safe_<name>_run` from entry to return.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from targets.emulate.bare import Interface

HEADER = "safe_bare_parts.h"
_PARTS = "safe_bare_parts"


@dataclass(frozen=True)
class ModelEdge:
    """One input or output among several, with its place in the joined block."""

    dtype: str
    offset: int
    size_bytes: int

    @property
    def end(self) -> int:
        """First byte after the value."""
        return self.offset + self.size_bytes

    @property
    def c_type(self) -> str:
        """C type of the elements."""
        return "float" if self.dtype == "float32" else f"{self.dtype}_t"


def parts(edges: Sequence[Mapping[str, Any]]) -> tuple[ModelEdge, ...]:
    """Return where the inputs or outputs of a manifest lie."""
    found: list[ModelEdge] = []
    for edge in edges:
        itemsize, start = np.dtype(edge["dtype"]).itemsize, found[-1].end if found else 0
        offset = -(-start // itemsize) * itemsize
        found.append(ModelEdge(edge["dtype"], offset, int(edge["size_bytes"])))
    return tuple(found)


def interface(manifest: Mapping[str, Any]) -> tuple[Interface, dict[str, str]]:
    """Return what the harness calls of a generated folder, and the files that it needs by name."""
    name, streaming = manifest["name"], manifest.get("streaming")
    inputs, outputs = parts(manifest["inputs"]), parts(manifest["outputs"])
    if streaming is not None:
        inputs = (ModelEdge(inputs[0].dtype, 0, int(streaming["sample_bytes"])),)
    steps = streaming is not None or manifest.get("keeps_state", False)
    run = f"safe_{name}_{'step' if steps else 'run'}"
    several = len(inputs) + len(outputs) > 2
    found = Interface(
        header=HEADER if several else f"safe_{name}.h",
        run=_PARTS if several else run,
        input_bytes=inputs[-1].end,
        output_bytes=outputs[-1].end,
        warmup=0 if streaming is None else int(streaming["window"]) - 1,
        counted=run,
    )
    return found, {HEADER: _apart(name, run, inputs, outputs)} if several else {}


def _apart(name: str, run: str, inputs: Sequence[ModelEdge], outputs: Sequence[ModelEdge]) -> str:
    """Return the header with the function that hands several values to `run`."""
    arguments = [f"(const {p.c_type} *)(const void *)&from[{p.offset}]" for p in inputs]
    arguments += [f"({p.c_type} *)(void *)&to[{p.offset}]" for p in outputs]
    separator = ",\n        "
    return f"""#include <stdint.h>

#include "safe_{name}.h"

static __attribute__((noinline)) int {_PARTS}(const void *input, void *output)
{{
    const uint8_t *from = input;
    uint8_t *to = output;
    /* Kept: with a jump instead of a call, the return would not come back here. */
    volatile int status = (int){run}(
        {separator.join(arguments)});
    return status;
}}
"""
