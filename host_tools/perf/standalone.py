"""Cost of a standalone folder: generated, compiled with plain `-O2`, called on a bare core.

This is how a user meets a model: `python -m codegen MODEL.tflite --standalone --target T`, then
`safe_<name>_run`. Counted are the instructions from its entry to its return.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codegen.emit import linker, naming
from codegen.errors import NameInvalidError
from codegen.frontend import tflite
from codegen.options import DEFAULT_BACKEND, Goal
from codegen.pipeline import generate
from host_tools.errors import DataError
from host_tools.perf import windows
from host_tools.perf.interface import interface, parts
from targets import build as images
from targets import elf
from targets.elf import Symbol
from targets.emulate import bare, count, counting
from targets.emulate.bare import Call, Interface
from targets.emulate.count import Counts, Executed, Misses
from targets.load import Target

CALLS = 6
_TAKEN = "_model"
_MAX_NAME = 40


@dataclass(frozen=True)
class Standalone:
    """A compiled standalone folder, linked with the harness."""

    model: Path
    target: Target
    optimize: Goal
    manifest: Mapping[str, Any]
    interface: Interface
    feed: windows.Feed
    objects: tuple[Path, ...]
    elf: Path
    generation_seconds: float


@dataclass(frozen=True)
class Cost:
    """Cost of one call of `safe_<name>_run`, and of the model's memory in bytes."""

    name: str
    target: str
    isa: str
    optimize: str
    counts: Counts
    macs: int
    stack_bytes: int
    """Deepest stack of all calls, below the stack pointer at entry."""
    arena_bytes: int
    code_bytes: int
    """Size of the sections of the folder's objects that hold instructions; unused functions
    count."""
    constant_bytes: int
    """Size of all other stored sections: weights and every table."""
    weight_bytes: int
    """Size of the weights and biases in the model file, each counted once."""
    generation_seconds: float
    calls: tuple[Call, ...]
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """Manifest of the generated folder."""

    @property
    def goal(self) -> str:
        """Goal of the generation; `streaming` when a call is one sample and its outputs."""
        return "streaming" if "streaming" in self.manifest else self.optimize

    @property
    def sample_instructions(self) -> int | None:
        """Instructions of the streamed operators for a sample and its outputs, or None."""
        streaming = self.manifest.get("streaming")
        if streaming is None:
            return None
        spent = {row.symbol: row.maximum for row in self.counts.operators}
        return sum(spent[s] for s in (*streaming["per_sample"], *streaming["borders"]))

    def measured_manifest(self) -> dict[str, Any]:
        """Return the manifest with what was measured beside what was estimated."""
        found = {row.index: row.maximum for row in self.counts.operators}
        operators = [
            {**o, "measured_instructions": found.get(o["index"], 0)}
            for o in self.manifest["operators"]
        ]
        measured = {k: v for k, v in self.fields().items() if k != "operators"}
        return {**self.manifest, "operators": operators, "measured": measured}

    @property
    def flash_bytes(self) -> int:
        """Size of code and constants."""
        return self.code_bytes + self.constant_bytes

    @property
    def beyond_bytes(self) -> int:
        """Size of code and constants beyond the model's own weights and biases."""
        return self.flash_bytes - self.weight_bytes

    def fields(self) -> dict[str, Any]:
        """Return the figures as JSON values; `instructions` or `cycles` by what was counted."""
        unit = self.counts.unit
        return {
            "model": self.name,
            "target": self.target,
            "isa": self.isa,
            "optimize": self.optimize,
            unit: self.counts.maximum,
            f"{unit}_least": self.counts.minimum,
            "macs": self.macs,
            "stack_bytes": self.stack_bytes,
            "arena_bytes": self.arena_bytes,
            "code_bytes": self.code_bytes,
            "constant_bytes": self.constant_bytes,
            "weight_bytes": self.weight_bytes,
            "beyond_bytes": self.beyond_bytes,
            "flash_bytes": self.flash_bytes,
            "generation_seconds": round(self.generation_seconds, 3),
            "calls": self.counts.calls,
            "operators": [
                {
                    "index": row.index,
                    "symbol": row.symbol,
                    unit: row.maximum,
                    f"{unit}_least": row.minimum,
                }
                for row in self.counts.operators
            ],
        }


@dataclass(frozen=True)
class Saving:
    """Instructions of the operators that streaming computes per sample."""

    window: int
    """Instructions for a whole window, without streaming."""
    sample: int
    """Instructions for one sample: computing the newest rows, and keeping them."""
    borders: int
    """Instructions of the rows that see padding, so that they do not move with the window and are
    computed with the outputs."""

    @property
    def both(self) -> int:
        """Instructions of sample and borders, for outputs after every sample."""
        return self.sample + self.borders


def saving(whole: Cost, streamed: Cost) -> Saving:
    """Compare the costs of one model without and with streaming."""
    streaming = streamed.manifest.get("streaming")
    if streaming is None:
        raise DataError(f"{streamed.name} was not measured with streaming")
    indices = {operator["index"] for operator in streaming["incremental"]}
    spent = {row.symbol: row.maximum for row in streamed.counts.operators}
    return Saving(
        window=sum(row.maximum for row in whole.counts.operators if row.index in indices),
        sample=sum(spent[symbol] for symbol in streaming["per_sample"]),
        borders=sum(spent[symbol] for symbol in streaming["borders"]),
    )


def model_name(model: Path) -> str:
    """Return a name for C from a path: the file's stem, of `model_int8.tflite` its folder's.

    One that the runtime has taken (`prelu`) gets `_model` behind it.
    """
    text = model.resolve().parent.name if model.stem == "model_int8" else model.stem
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if not name[:1].isalpha():
        name = f"model_{name}"
    name = name[:_MAX_NAME].strip("_")
    try:
        naming.check_name(name)
    except NameInvalidError:
        name = f"{name[: _MAX_NAME - len(_TAKEN)]}{_TAKEN}"
    return name


def own_weight_bytes(model: Path) -> int:
    """Return the bytes of weights and biases in a model file: quantized constants, each once.

    Equal arrays count once: an unrolled network repeats them, SAFE stores them once.
    """
    graph = tflite.load(model, "weights")
    used = {index for operator in graph.operators for index in operator.inputs if index >= 0}
    arrays = {}
    for tensor in (graph.tensor(index) for index in used):
        if tensor.data is not None and tensor.quantization is not None:
            arrays[(tensor.dtype, tensor.data.tobytes())] = tensor.size_bytes
    return sum(arrays.values())


def build(
    model: Path,
    target: Target,
    work: Path,
    *,
    optimize: Goal = "balanced",
    calls: int = CALLS,
    stream: bool = False,
    drawn: bool = False,
    backend: str = DEFAULT_BACKEND,
) -> Standalone:
    """Generate, compile and link `model` in the new folder `work`.

    With `drawn` the inputs are windows of several kinds, as float32 ones always are; else the
    harness's own.
    With `stream` a call is one sample, the window full: `safe_<name>_step`.

    Raises the errors of generation, or BuildError.
    """
    generated = work / "standalone"
    start = time.monotonic()
    manifest = generate(
        model,
        name=model_name(model),
        out=generated,
        target=target.name,
        isa=target.isa,
        optimize=optimize,
        backend=backend,
        standalone=True,
        stream=stream,
    )
    seconds = time.monotonic() - start
    called, needed = interface(manifest)
    sources = sorted(generated.glob("*.c"))
    objects = bare.compile_objects(target, sources, work / "objects")
    version = images.runtime_version()
    (work / "safe_target.h").write_text(linker.target_header(target, version), encoding="utf-8")
    (work / "linker.ld").write_text(linker.linker_script(target, version), encoding="utf-8")
    for name, content in needed.items():
        (work / name).write_text(content, encoding="utf-8")
    fed, data = windows.plain(called, calls), None
    # Random bytes are no reasonable floats.
    if drawn or any(source["dtype"] == "float32" for source in manifest["inputs"]):
        fed, data = windows.feed(model, called, calls, parts(manifest["inputs"])), work / "feed"
        data.write_bytes(b"".join(fed.inputs))
    image = bare.link(target, objects, called, work, include=generated, calls=calls, feed=data)
    return Standalone(
        model, target, optimize, manifest, called, fed, tuple(objects), image, seconds
    )


def _run(
    built: Standalone,
    plugins: Path,
    *,
    profile: bool,
    waits: bool = False,
    hot: Sequence[Symbol] = (),
) -> tuple[Counts, list[Call], str]:
    """Run the image under the counter; return counts, calls, and the counter's whole output."""
    image = elf.read(built.elf)
    counted, caller = built.interface.counted, built.interface.caller
    cache = count.cache_line(built.target, hot) if waits else ""
    configuration = count.configure_call(image, counted, caller, profile=profile, cache=cache)
    config, out = built.elf.with_suffix(".config"), built.elf.with_suffix(".counts")
    config.write_text(configuration.text, encoding="utf-8")
    calls = bare.run(built.target, built.elf, counting.Files(config, out, plugins))
    text = out.read_text(encoding="utf-8")
    # Where the first counted call begins, the last one to warm up seems to end; behind a function
    # that takes values apart, every one of them ends.
    warmup = built.interface.warmup
    skip = min(warmup, 1) if caller == bare.CALL else warmup
    unit = counting.unit(built.target)
    return count.parse(text, configuration, unit, skip=skip), calls, text


def _sizes(objects: tuple[Path, ...]) -> tuple[int, int]:
    stored = [s for o in objects for s in elf.read(o).sections if s.has_contents]
    code = sum(s.size for s in stored if s.executable)
    return code, sum(s.size for s in stored) - code


def measure(built: Standalone, plugins: Path) -> Cost:
    """Count the calls of a built model; `plugins` is the folder of the compiled counter.

    Raises EmulatorError or BuildError.
    """
    counts, calls, _ = _run(built, plugins, profile=False)
    code, constants = _sizes(built.objects)
    return Cost(
        name=built.manifest["name"],
        target=built.target.name,
        isa=built.target.isa,
        optimize=built.optimize,
        counts=counts,
        macs=int(built.manifest["macs"]),
        stack_bytes=max(call.stack_bytes for call in calls),
        arena_bytes=int(built.manifest["arena_bytes"]),
        code_bytes=code,
        constant_bytes=constants,
        weight_bytes=own_weight_bytes(built.model),
        generation_seconds=built.generation_seconds,
        calls=tuple(calls),
        manifest=built.manifest,
    )


@dataclass(frozen=True)
class Trace:
    """Counts of a run, and what the plugin told besides; nothing where clock cycles are counted."""

    counts: Counts
    executed: tuple[Executed, ...]
    misses: Mapping[int, Misses]
    """Misses of the flash's caches by marker, over all counted calls; empty when not asked for."""
    lines: Mapping[int, Misses]
    """The same by the address of the line, the calls that warm up included."""


def trace(
    built: Standalone, plugins: Path, *, waits: bool = False, hot: Sequence[Symbol] = ()
) -> Trace:
    """Count with a profile: also how often each instruction ran, by operator.

    With `waits` the flash's caches are simulated, too, as if `hot` lay in RAM; EmulatorError where
    the target has none.
    """
    profile = counting.unit(built.target) == "instructions"
    counts, _, text = _run(built, plugins, profile=profile, waits=waits, hot=hot)
    if not profile:
        return Trace(counts, (), {}, {})
    missed = count.misses(text) if waits else {}
    return Trace(counts, tuple(count.executed(text)), missed, count.missed_lines(text))
