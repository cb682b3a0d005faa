"""Exact instructions per inference and per operator, counted by a QEMU plugin of our own.

Verilator's harness (`ibex/harness.cpp`) counts clock cycles the same way. The plugin (`icount.c`)
knows addresses only; here the image's symbols become its configuration and its output becomes
figures. Interrupt handlers (`safe_isr_…`) are not counted, so every
inference of one model takes the same number unless its kernels branch on data.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from targets import native
from targets.elf import Image, Symbol
from targets.errors import EmulatorError
from targets.load import Target

PLUGIN_SOURCE = Path(__file__).with_name("icount.c")
_ENTRY = 0
_BACK = -1
_BETWEEN = -2
_PUSH = -3
_INVOKE = "invoke_arena"
_CALLERS = ("safe_context_invoke", "safe_context_run")
_STREAM_PUSH = "push_arena"
_STREAM_CALLERS = ("push_placed", "safe_stream_push", "safe_stream_feed", "safe_stream_invoke")
_GLUE = (_INVOKE, "reset_arena", *_CALLERS)
# A compiler may add a suffix to the name of a function that it has specialised.
_OPERATOR = re.compile(
    r"safe_(?P<model>[a-z0-9_]+?)_op(?P<index>\d+)_(?P<kind>[a-z0-9_]+)(?:\.[a-z0-9.]+)?"
)


@dataclass(frozen=True)
class Configuration:
    """Configuration of the plugin: marker 0 is the model's entry, i + 1 is `operators[i]`."""

    text: str
    operators: tuple[tuple[int, str], ...]
    """Pairs of operator index and symbol, sorted by index."""


@dataclass(frozen=True)
class OperatorCount:
    """Instructions of one operator; of an image, glue up to the next operator included."""

    index: int
    """Index of the operator; −1 for the instructions outside of operators."""
    symbol: str
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Counts:
    """Instructions per inference over `calls` inferences, or clock cycles: `unit` says which."""

    calls: int
    minimum: int
    maximum: int
    operators: tuple[OperatorCount, ...]
    unit: str = "instructions"


@dataclass(frozen=True)
class Executed:
    """One instruction of the profile, over all counted calls."""

    marker: int
    """Index into `Configuration.operators`; −1 for what runs outside of operators."""
    address: int
    executed: int
    taken: int
    """Number of times that something else than the next instruction in memory ran after it."""


@dataclass(frozen=True)
class Misses:
    """What the flash had to deliver because its caches did not hold it, in lines."""

    fetches: int
    loads: int


def _one(functions: dict[str, Symbol], name: str) -> Symbol:
    symbol = functions.get(name)
    if symbol is None:
        raise EmulatorError(f"the image has no function {name}: is it a SAFE firmware image?")
    return symbol


def _operators(functions: dict[str, Symbol]) -> list[tuple[int, Symbol]]:
    """Return the operator functions of the one model by index."""
    matches = [(m, s) for s in functions.values() if (m := _OPERATOR.fullmatch(s.name))]
    models = sorted({m["model"] for m, _ in matches})
    if len(models) != 1:
        found = ", ".join(models) or "none"
        raise EmulatorError(f"the image must hold one model with operator functions, has: {found}")
    return sorted(((int(m["index"]), s) for m, s in matches), key=lambda pair: pair[0])


def cache_line(target: Target, hot: Sequence[Symbol] = ()) -> str:
    """Return the plugin's lines for the target's flash; EmulatorError where it is not described.

    `hot` is taken as if it lay in RAM.
    """
    if target.flash is None or (cache := target.flash.cache) is None or target.clock is None:
        raise EmulatorError(
            f"target {target.name} does not say what stands before its flash: add [flash.cache]"
            " with line_bytes, instruction_lines and data_lines, as stm32f4 has it"
        )
    memory = target.region("flash")
    lines = f"{cache.line_bytes} {cache.instruction_lines} {cache.data_lines} {cache.ways}"
    rows = [f"cache {memory.origin:x} {memory.end:x} {lines}"]
    return "\n".join([*rows, *(f"ram {s.address:x} {s.address + s.size:x}" for s in hot)])


def configure_call(
    image: Image, run: str, caller: str, *, profile: bool = False, cache: str = ""
) -> Configuration:
    """Derive the configuration that counts calls of function `run` by `caller`, entry to return.

    With `profile` the plugin also tells how often each instruction ran: see `executed`; with
    `cache`, from `cache_line`, what missed the flash's caches: see `misses`.
    """
    functions = {s.name: s for s in image.functions()}
    ordered = _operators(functions)
    back = _one(functions, caller)
    glue = [_one(functions, run), *(functions[name] for name in _GLUE if name in functions)]
    lines = (["profile"] if profile else []) + ([cache] if cache else [])
    lines += [f"marker {_ENTRY} {glue[0].address:x}"]
    lines += [f"marker {i + 1} {s.address:x}" for i, (_, s) in enumerate(ordered)]
    lines += [f"between {_BETWEEN} {s.address:x} {s.address + s.size:x}" for s in glue]
    lines += [f"back {_BACK} {back.address:x} {back.address + back.size:x}"]
    return Configuration("\n".join(lines) + "\n", tuple((i, s.name) for i, s in ordered))


def configure(image: Image) -> Configuration:
    """Derive the plugin's configuration from an image with one generated model.

    An inference of a streaming model is the newest sample's push, and the outputs.
    Raises EmulatorError when the expected functions are missing.
    """
    functions = {s.name: s for s in image.functions()}
    ordered = _operators(functions)
    entry = _one(functions, _INVOKE)
    lines = [f"marker {_ENTRY} {entry.address:x}"]
    lines += [f"marker {i + 1} {s.address:x}" for i, (_, s) in enumerate(ordered)]
    names: tuple[str, ...] = _CALLERS
    if _STREAM_PUSH in functions:
        lines.append(f"marker {_PUSH} {functions[_STREAM_PUSH].address:x}")
        names = _STREAM_CALLERS
    callers = [functions[name] for name in names if name in functions]
    if not callers:
        _one(functions, _CALLERS[0])
    lines += [f"back {_BACK} {s.address:x} {s.address + s.size:x}" for s in callers]
    lines += [
        f"exclude {s.address:x} {s.address + s.size:x}"
        for s in image.functions()
        if s.name.startswith("safe_isr_")
    ]
    return Configuration("\n".join(lines) + "\n", tuple((i, s.name) for i, s in ordered))


def calls_of(text: str) -> list[list[tuple[int, int]]]:
    """Split the plugin's output into whole calls; a cut last one is dropped."""
    calls: list[list[tuple[int, int]]] = []
    current: list[tuple[int, int]] = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if fields[:1] in (["="], ["~"], ["!"]):
            continue
        if len(fields) != 2 or not fields[1].isdigit():
            if number == text.count("\n") + 1:
                break  # the last line, cut by the end of the process
            raise EmulatorError(f"instruction counter, line {number}: not understood: {line!r}")
        marker, count = int(fields[0]), int(fields[1])
        if marker in (_ENTRY, _PUSH):
            current = []
        current.append((marker, count))
        if marker == _BACK:
            calls.append(current)
            current = []
    return calls


def _unexpected(markers: list[int], names: list[tuple[int, str]]) -> str:
    """Return which function of the model ran how often instead of once."""
    for marker, (_, name) in enumerate(names):
        if (times := markers.count(marker)) != 1:
            return f"{name} ran {times} times in an inference, expected once"
    return f"markers {markers[:8]}, expected the entry first"


def parse(
    text: str, configuration: Configuration, unit: str = "instructions", *, skip: int = 0
) -> Counts:
    """Turn the plugin's output into figures; the first `skip` calls are left out.

    Operators may run in any order. Raises EmulatorError when the output holds no whole inference,
    or one that did not pass every operator once.
    """
    names = [(-1, "entry"), *configuration.operators]
    expected = list(range(len(names)))
    steps: list[list[int]] = []
    pushed: list[tuple[int, int]] = []
    for call in calls_of(text)[skip:]:
        if call[0][0] == _PUSH:
            pushed = call
            continue
        markers = [marker for marker, _ in (*pushed, *call) if marker >= 0]
        if sorted(markers) != expected or call[0][0] != _ENTRY:
            raise EmulatorError(f"instruction counter: {_unexpected(markers, names)}")
        sums = [0] * len(names)
        for (marker, start), (_, end) in (*pairwise(pushed), *pairwise(call)):
            sums[max(marker, 0)] += end - start
        steps.append(sums)
    if not steps:
        raise EmulatorError("instruction counter: the image ran no whole inference")
    totals = [sum(step) for step in steps]
    return Counts(
        calls=len(steps),
        minimum=min(totals),
        maximum=max(totals),
        operators=tuple(
            OperatorCount(index, symbol, min(s[i] for s in steps), max(s[i] for s in steps))
            for i, (index, symbol) in enumerate(names)
        ),
        unit=unit,
    )


def executed(text: str) -> list[Executed]:
    """Return the profile in the plugin's output: what ran inside of the counted calls."""
    found: list[Executed] = []
    marker = previous = _BACK
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 2:
            previous, marker = marker, int(fields[0])
        elif fields[:1] == ["="] and len(fields) == 4 and previous != _BACK:
            address, count, taken = int(fields[1], 16), int(fields[2]), int(fields[3])
            found.append(Executed(max(previous, 0) - 1, address, count, taken))
    return found


def misses(text: str) -> dict[int, Misses]:
    """Return what missed the caches inside of the counted calls, by marker as in `Executed`."""
    found: dict[int, Misses] = {}
    marker = previous = _BACK
    before = (0, 0)
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 2:
            previous, marker = marker, int(fields[0])
        elif fields[:1] == ["~"] and len(fields) == 3:
            after = int(fields[1]), int(fields[2])
            if previous != _BACK:
                own = found.get(max(previous, 0) - 1, Misses(0, 0))
                found[max(previous, 0) - 1] = Misses(
                    own.fetches + after[0] - before[0], own.loads + after[1] - before[1]
                )
            before = after
    return found


def missed_lines(text: str) -> dict[int, Misses]:
    """Return what missed the caches by the address of the line; outside of calls, too."""
    found: dict[int, Misses] = {}
    for line in text.splitlines():
        fields = line.split()
        if fields[:1] == ["!"] and len(fields) == 4:
            address, fetches, loads = int(fields[1], 16), int(fields[2]), int(fields[3])
            old = found.get(address, Misses(0, 0))
            found[address] = Misses(old.fetches + fetches, old.loads + loads)
    return found


def build_plugin(folder: Path) -> Path:
    """Compile the plugin with the host's `cc` into `folder` unless it is there; return its path.

    Raises BuildError when there is no compiler or it fails.
    """
    headers = (PLUGIN_SOURCE.with_name("flash_cache.h"),)
    return native.build(PLUGIN_SOURCE, folder, "the instruction counter", headers=headers)


def plugin_argument(plugin: Path, configuration: Path, out: Path) -> str:
    """Return QEMU's `-plugin` argument; a comma inside a path is doubled, as QEMU wants it."""
    paths = [str(p.resolve()).replace(",", ",,") for p in (plugin, configuration, out)]
    return f"{paths[0]},config={paths[1]},out={paths[2]}"
