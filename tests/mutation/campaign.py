"""Mutants against tests: copies of the tree, one worker in each, and what came of it."""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.mutation.operators import Mutant, mutants
from tests.mutation.subjects import SUBJECTS

ROOT = Path(__file__).resolve().parents[2]
FACTOR, EXTRA = 4.0, 5.0
"""Processor time of a mutant's tests before it counts as noticed: of the unchanged module's,
and seconds more."""


@dataclass(frozen=True)
class Same:
    """Changes of one line that change no result, and why."""

    module: str
    line: str
    changes: tuple[str, ...]
    why: str

    def covers(self, mutant: Mutant, line: str, change: str) -> bool:
        """Return whether a mutant of `line` is one of these."""
        return (mutant.module, line) == (self.module, self.line) and (
            change in self.changes or "*" in self.changes
        )


def same() -> tuple[Same, ...]:
    """Return what `same.toml` lists."""
    text = Path(__file__).with_name("same.toml").read_text("utf-8")
    entries = tomllib.loads(text)["same"]
    return tuple(Same(e["module"], e["line"], tuple(e["changes"]), e["why"]) for e in entries)


@dataclass(frozen=True)
class Result:
    """What came of one mutant: `noticed`, `timeout` (noticed, too) or `survived`."""

    mutant: Mutant
    outcome: str

    @property
    def survived(self) -> bool:
        """Whether no test failed."""
        return self.outcome == "survived"


def every(modules: Sequence[str]) -> list[Mutant]:
    """Return the mutants of modules but for those that change no result."""
    known, found = same(), []
    for name in modules:
        source = (ROOT / name).read_text("utf-8")
        for mutant in mutants(name, source):
            line, change = mutant.described(source)
            if not any(entry.covers(mutant, line, change) for entry in known):
                found.append(mutant)
    return found


def sample(population: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """Return `count` of the mutants, the same each time, in the order of the population."""
    kept = sorted(random.Random(seed).sample(range(len(population)), min(count, len(population))))
    return [population[place] for place in kept]


def again(population: Sequence[Mutant], rows: Sequence[Mapping[str, Any]]) -> list[Mutant]:
    """Return the mutants that survived by the rows that `--json` wrote, found by line and text."""
    left = {(r["module"], r["line"], r["text"]) for r in rows if r["outcome"] == "survived"}
    return [m for m in population if (m.module, m.line, m.text) in left]


def copy_tree(folder: Path) -> None:
    """Copy what git knows or would add, so that nothing of the work tree is touched."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)


class Worker:
    """A worker process in a copy of the tree."""

    def __init__(self, folder: Path) -> None:
        """Copy the tree into `folder` and start the worker there."""
        copy_tree(folder)
        variables = {
            "CI": "1",  # Hypothesis: the same examples each time
            "PYTHONPATH": str(folder),
            "OPENBLAS_NUM_THREADS": "1",
            "SAFE_SHARED_DATA": os.environ.get(
                "SAFE_SHARED_DATA", str(ROOT.parent / "shared/data")
            ),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation.worker"],
            cwd=folder,
            env=os.environ | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._seconds: dict[str, float] = {}

    def ask(self, module: str, source: str, seconds: float) -> dict[str, Any]:
        """Run the module's tests with its text replaced."""
        request = {
            "module": module,
            "source": source,
            "tests": SUBJECTS[module],
            "seconds": seconds,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def limit(self, module: str, source: str) -> float:
        """Return the processor time that a mutant may take; the unchanged module must pass."""
        if module not in self._seconds:
            found = self.ask(module, source, 600.0)
            if found["outcome"] != "survived":
                raise RuntimeError(f"the tests of {module} fail without a change")
            self._seconds[module] = FACTOR * found["seconds"] + EXTRA
        return self._seconds[module]

    def run(self, mutant: Mutant) -> Result:
        """Return what came of one mutant."""
        source = (ROOT / mutant.module).read_text("utf-8")
        limit = self.limit(mutant.module, source)
        return Result(mutant, self.ask(mutant.module, mutant.apply(source), limit)["outcome"])

    def close(self) -> None:
        """End the worker."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


@contextlib.contextmanager
def _workers(count: int) -> Iterator["SimpleQueue[Worker]"]:
    free: SimpleQueue[Worker] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, contextlib.ExitStack() as stack:
        for number in range(count):
            worker = Worker(Path(folder) / str(number))
            stack.callback(worker.close)
            free.put(worker)
        yield free


def run(
    chosen: Sequence[Mutant], jobs: int = 1, tell: Callable[[Result], None] = lambda _: None
) -> list[Result]:
    """Run the tests of every mutant; `tell` hears of each result as it comes."""
    with _workers(jobs) as free, ThreadPoolExecutor(jobs) as pool:

        def one(mutant: Mutant) -> Result:
            worker = free.get()
            try:
                result = worker.run(mutant)
            finally:
                free.put(worker)
            tell(result)
            return result

        return list(pool.map(one, chosen))


def table(results: Sequence[Result]) -> str:
    """Return the figures of each module, and of all, as lines."""
    lines = [f"{'module':34} {'mutants':>7} {'survived':>8} {'share':>6}"]
    for module in [*dict.fromkeys(r.mutant.module for r in results), ""]:
        own = [r for r in results if module in ("", r.mutant.module)]
        left = sum(r.survived for r in own)
        share = left / len(own) if own else 0.0
        lines.append(f"{module or 'all':34} {len(own):7} {left:8} {share:6.1%}")
    return "\n".join(lines)
