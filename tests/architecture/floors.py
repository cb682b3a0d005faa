"""Which folder of `codegen`, `host_tools` and `targets` may import which, and what still breaks it.

A folder is named by its path below the room; a file directly in the room stands for itself.
`ANY` in a row's key stands for every folder of that name's family.
"""

IR = {"errors", "ir"}
_SEMANTICS = IR | {"fixed_point", "quantization", "sigmoid_table", "operators"}
_FAMILIES = {f"operators/{name}" for name in ("elementwise", "layout", "linear", "recurrent")} | {
    "operators/reduction"
}
_FORMS = _SEMANTICS | _FAMILIES | {"options"}

CODEGEN: dict[str, set[str]] = {
    "errors": set(),
    "options": {"errors"},
    "sigmoid_table": {"errors"},
    "fixed_point": {"errors", "sigmoid_table"},
    "quantization": IR | {"fixed_point"},
    "ir": IR,
    "memory": IR,
    "emit": IR | {"memory", "options"},
    "operators": _SEMANTICS,
    "operators/elementwise": _SEMANTICS,
    "operators/layout": _SEMANTICS,
    "operators/linear": _SEMANTICS,
    "operators/reduction": _SEMANTICS,
    "operators/recurrent": _SEMANTICS | {"operators/elementwise", "operators/layout"},
    "passes": _SEMANTICS | _FAMILIES | {"options"},
    "frontend": _SEMANTICS | {"passes"},
    "reference": _SEMANTICS,
    "backends": IR | {"emit", "options"},
    "backends/native/shared": _FORMS,
    "backends/native/dsp": _FORMS | {"backends/native/shared"},
    "backends/native/mve": _FORMS | {"backends/native/shared"},
    "backends/native/v6m": _FORMS | {"backends/native/shared"},
    "backends/native/rv32": _FORMS | {"backends/native/shared"},
    "backends/native": _SEMANTICS
    | {"passes", "memory", "emit", "options", "backends", "backends/native/shared"},
    "backends/tflm": IR | {"frontend", "emit", "options", "backends", "backends/native"},
    "backends/xcubeai": IR | {"backends", "emit", "options"},
    "pipeline": IR | {"frontend", "backends", "memory", "emit", "options"},
    "project": {"emit", "errors"},
    "command": {"pipeline", "project", "emit", "options", "errors"},
    "__main__": {"command", "errors"},
}

HOST_TOOLS: dict[str, set[str] | None] = {
    "errors": set(),
    "settings": set(),
    "completion": set(),
    "cli": {"errors", "commands", "completion", "settings"},
    "__main__": {"cli"},
    "formats": set(),
    "runtimes": {"formats"},
    "data/reading": {"formats"},
    "data": {"data/reading", "formats"},
    "device": {"formats"},
    "recording": {"device"},
    "monitor": {"detection", "device", "formats", "recording"},
    "eda": {"data/reading", "formats"},
    "detection": {"data", "formats", "runtimes"},
    "conversion": {"data", "formats", "runtimes"},
    "compare": {"detection", "formats", "runtimes"},
    "training": {"conversion", "data", "detection", "formats", "runtimes"},
    "quantize": {"training", "compare", "conversion", "data", "formats", "runtimes"},
    "evaluation": {"training", "compare", "conversion", "data", "detection", "device"}
    | {"data/reading", "formats", "runtimes"},
    "report": {"compare", "detection", "evaluation", "eda", "formats", "data", "data/reading"},
    "perf": {"report", "runtimes", "formats"},
    "package": {"detection", "formats", "runtimes"},
    "project": {"package", "formats"},
    "workflow": {"perf", "report", "training", "compare", "conversion", "detection", "device"}
    | {"data", "data/reading", "formats", "runtimes"},
    "workflow/soak": {"workflow", "detection", "device", "data", "formats", "runtimes"},
    "commands": None,
}
"""None: everything of the room."""

_BOARD = "emulate/board"
TARGETS: dict[str, set[str] | None] = {
    "output": {"errors"},
    "emulate/board/peripheral": {"load", "native"},
    "emulate/board/gd32vf103": {f"{_BOARD}/peripheral", f"{_BOARD}/stm32f4"},
    "emulate/board/rp2040": {"emulate/board/peripheral"},
    "emulate/board/stm32f4": {"emulate/board/peripheral"},
    "emulate/board/stm32g0": {"emulate/board/peripheral"},
    "emulate/board/stm32n6": {"emulate/board/peripheral"},
    "emulate/board/stm32u5": {"emulate/board/peripheral"},
    _BOARD: {f"{_BOARD}/peripheral", f"{_BOARD}/stm32f4", f"{_BOARD}/stm32g0", f"{_BOARD}/stm32u5"}
    | {
        f"{_BOARD}/gd32vf103",
        f"{_BOARD}/rp2040",
        f"{_BOARD}/stm32n6",
        "load",
        "native",
        "places",
        "tables",
    },
    "emulate": {_BOARD, "build", "command", "elf", "load", "native", "places", "processes"},
    "emulate/bare": {"emulate", "build", "command", "load"},
}
"""Only the folders that have a rule; the rest of `targets` is free of circles, which is enough."""
