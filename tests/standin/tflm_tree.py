"""A folder like a build of TensorFlow Lite Micro, with the stand-in's headers and its archive."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from codegen.pipeline import generate
from targets import build
from targets.build import CXXFLAGS
from targets.load import Target, load

HEADERS = Path(__file__).parent / "tflm"
ARCHIVE = "libtensorflow-microlite.a"
_OPERATOR = re.compile(r" [tT] (safe_\w+_op(\d+)_\w+)$", re.MULTILINE)
_STRIPPED = "-DTF_LITE_STRIP_ERROR_STRINGS"


def make(root: Path, targets: Sequence[str], models: Sequence[Path], *flags: str) -> Path:
    """Write headers and one archive per target that computes `models`; return the folder.

    `flags` are more flags of the stand-in's C++.
    """
    shutil.copytree(HEADERS, root)
    for name in targets:
        place = root / "gen" / name / "lib"
        place.mkdir(parents=True)
        _archive(root, load(name), place / ARCHIVE, models, flags)
    return root


def _archive(
    root: Path, target: Target, out: Path, models: Sequence[Path], flags: Sequence[str]
) -> None:
    work = out.parent.parent
    objects, rows = work / "objects", []
    objects.mkdir()
    compiler = [*target.cpu.flags, *target.toolchain.cflags, "-O2", "-ffunction-sections"]
    for number, model in enumerate(models):
        folder = work / f"model{number}"
        generate(model, name=f"standin{number}", out=folder, target=target.name, standalone=True)
        sources = sorted(str(p) for p in folder.glob("*.c") if p.name != "example.c")
        gcc = [build.tool(target, "gcc"), *compiler, "-std=c99", f"-I{folder}", "-c", *sources]
        subprocess.run(gcc, cwd=objects, check=True)
        rows.append(_publish(target, objects / f"safe_standin{number}.o", number, model))
    (work / "known.cc").write_text(_table(rows))
    includes = [f"-I{root}", f"-I{build.ROOT / 'sdk/include'}"]
    gxx = [build.tool(target, "g++"), *compiler, *CXXFLAGS, "-DTF_LITE_STATIC_MEMORY", _STRIPPED]
    sources = [str(root / "standin.cc"), str(work / "known.cc")]
    subprocess.run([*gxx, *flags, *includes, "-c", *sources], cwd=objects, check=True)
    names = sorted(str(p) for p in objects.glob("*.o"))
    subprocess.run([build.tool(target, "ar"), "rcs", str(out), *names], check=True)


def _publish(target: Target, made: Path, number: int, model: Path) -> tuple[bytes, int, list[int]]:
    """Let the functions of a model's operators be called from outside, by another name.

    Otherwise an image would hold two sets of operators.
    """
    listed = subprocess.run(
        [build.tool(target, "nm"), str(made)], check=True, capture_output=True, text=True
    ).stdout
    found = {int(index): name for name, index in _OPERATOR.findall(listed)}
    command, names = build.tool(target, "objcopy"), found.items()
    public = [f"--globalize-symbol={name}" for _, name in names]
    renamed = [f"--redefine-sym={name}=standin{number}_{index}" for index, name in names]
    for name in ("invoke_arena", "reset_arena"):  # an image has one of each
        renamed.append(f"--redefine-sym={name}=standin{number}_{name}")
    for changes in (public, renamed):
        subprocess.run([command, *changes, str(made)], check=True)
    return model.read_bytes(), number, sorted(found)


def _table(rows: Sequence[tuple[bytes, int, list[int]]]) -> str:
    """Return the C++ source of the known models, the smallest file first."""
    lines = ['#include "known.h"', "", 'extern "C" {']
    entries = []
    for content, number, indices in sorted(rows, key=lambda row: len(row[0])):
        lines += [f"void standin{number}_{index}(uint8_t *arena);" for index in indices]
        lines.append(f"extern const safe_model_t safe_standin{number}_model;")
        entries.append((content, number, indices))
    lines += ["}", "namespace tflite {"]
    for _, number, indices in entries:
        calls = [f"standin{number}_{i}" if i in indices else "nullptr" for i in range(64)]
        lines.append(f"static void (*const calls{number}[])(uint8_t *) = {{{', '.join(calls)}}};")
    lines.append("const Known known[] = {")
    for content, number, _ in entries:
        fields = f"{len(content)}u, {_checksum(content)}u, &safe_standin{number}_model"
        lines.append(f"    {{{fields}, calls{number}}},")
    lines += ["};", f"const size_t known_count = {len(entries)};", "}", ""]
    return "\n".join(lines)


def _checksum(content: bytes) -> int:
    """Return FNV-1a, 32 bits."""
    value = 2166136261
    for byte in content:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value
