"""The stand-in's `stedgeai`: checks its arguments and writes a network's files.

Called as `stedgeai.py kind.json generate --model … ` by the script that `install` writes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from codegen.pipeline import generate
from tests.standin.xcubeai.install import HERE, Kind

ALIGNMENT = 32
SERIES = ("stm32", "stm32f4", "stm32u5")


def main() -> int:
    """Run; return the exit status."""
    kind = Kind(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    if sys.argv[2:] == ["--version"]:
        print(f"ST Edge AI Core v{kind.version}-20500 0123456789 (stand-in)")
        return 0
    parser = argparse.ArgumentParser(prog="stedgeai", allow_abbrev=False)
    parser.add_argument("command", choices=["generate"])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--target", choices=SERIES, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--optimization", choices=("time", "ram", "balanced"), required=True)
    parser.add_argument("--compression", choices=("none",), required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    given = parser.parse_args(sys.argv[2:])
    if not given.model.is_file():
        parser.error(f"no file {given.model}")
    if kind.fault == "refuses":
        print("E010(InvalidModelError): layer type UNIDIRECTIONAL is not supported")
        return 2
    if kind.fault == "hangs":
        child = subprocess.Popen(["sleep", "600"])  # as ST's tool has processes of its own
        (Path(sys.argv[1]).parent / "child").write_text(str(child.pid))
        time.sleep(600)
    given.output.mkdir(parents=True, exist_ok=True)
    given.workspace.mkdir(parents=True, exist_ok=True)
    for name, text in network(given.model, given.name, kind).items():
        (given.output / name).write_text(text, encoding="utf-8")
    return kind.status


def network(model: Path, name: str, kind: Kind) -> dict[str, str]:
    """Return the files of a network by name."""
    with tempfile.TemporaryDirectory() as folder:
        native = f"{name}_native"
        manifest = generate(model, name=native, out=Path(folder), isa=kind.isa)
        text = _one_file(Path(folder), f"safe_{native}")
    values = {**_values(name, kind, manifest), "native": text,
              "native_model": f"safe_{native}_model"}  # fmt: skip
    suffixes = {".h": f"{kind.api}.h", ".c": f"{kind.api}.c", "_data.h": "data.h",
                "_data.c": "data.c"}  # fmt: skip
    if kind.api == "ai":
        suffixes |= {"_config.h": "config.h", "_data_params.h": "data_params.h",
                     "_data_params.c": "data_params.c"}  # fmt: skip
    files = {name + suffix: _fill(file, values) for suffix, file in suffixes.items()}
    if kind.fault == "half":
        del files[f"{name}_data.c"]
    if kind.fault == "external":
        files[f"{name}_data.bin"] = "weights"
    return files


def _one_file(folder: Path, stem: str) -> str:
    """Return a generated native model as one C text."""
    names = (f"{stem}.h", f"{stem}_weights.h", f"{stem}_weights.c", f"{stem}.c")
    text = "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
    lines = (line for line in text.splitlines() if f'#include "{stem}' not in line)
    return "\n".join(lines)


def _values(name: str, kind: Kind, manifest: dict[str, object]) -> dict[str, object]:
    (one,), (other,) = manifest["inputs"], manifest["outputs"]
    native, in_bytes, out_bytes = manifest["arena_bytes"], one["size_bytes"], other["size_bytes"]
    edges, start = _up(in_bytes) + _up(out_bytes), _up(native)
    pools = [start, edges] if kind.pools > 1 else [start + edges]
    flags = ["STAI_FLAG_INPUTS"] if kind.inputs_in else []
    flags += ["STAI_FLAG_OUTPUTS"] if kind.outputs_in else []
    flags += [] if kind.fault == "external" else ["STAI_FLAG_WEIGHTS"]
    major, minor, micro = kind.version.split(".")
    upper = name.upper()
    inside = {"inputs_inside": f"#define AI_{upper}_INPUTS_IN_ACTIVATIONS (4)",
              "outputs_inside": f"#define AI_{upper}_OUTPUTS_IN_ACTIVATIONS (4)"}  # fmt: skip
    inside["inputs_inside"] = inside["inputs_inside"] if kind.inputs_in else ""
    inside["outputs_inside"] = inside["outputs_inside"] if kind.outputs_in else ""
    return {
        **inside,
        "name": name, "UPPER": upper, "flags": "|".join(flags) or "STAI_FLAG_NONE",
        "nodes": len(manifest["operators"]), "states": kind.states, "off": kind.off,
        "in_bytes": in_bytes + (kind.fault == "other_model"), "out_bytes": out_bytes,
        "pools": len(pools), "pool_list": ", ".join(map(str, pools)),
        "pool_1": pools[0], "pool_2": pools[-1], "edges_start": start, "out_start": _up(in_bytes),
        "inputs_in": int(kind.inputs_in), "native_bytes": native,
        "weight_bytes": manifest["weight_bytes"], "version": f"{major}, {minor}, {micro}",
        "major": major, "minor": minor, "micro": micro,
        "data_includes": f'#include "{name}_data_params.h"' if kind.api == "ai" else "",
    }  # fmt: skip


def _fill(file: str, values: dict[str, object]) -> str:
    text = (HERE / "network" / f"{file}.in").read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    return text


def _up(value: int) -> int:
    return -(-value // ALIGNMENT) * ALIGNMENT


if __name__ == "__main__":
    sys.exit(main())
