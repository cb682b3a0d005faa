r"""Every long verb struck while it runs: signals, a full disk, a read-only one, a file too long.

  python -m tests.interruption.matrix --verbs fit,package --steps 6    a part
  python -m tests.interruption.matrix --log build/matrix.jsonl         all, or what is left of it

Each verb is run once undisturbed, which counts its steps (`hook/sitecustomize.py` says what a step
is) and gives the result that is expected. Then it is run again over an earlier result, and struck
at steps that are spread evenly, the first and the last among them, by each fault in turn; and by
each signal in the middle of the longest time between two steps, when the verb computes. Judged:

- the exit code and the one line on stderr, never a traceback;
- the result: all of it is the earlier one or all of it the new one. A folder that was struck while
  its files took their names lacks the file by which it is known as whole;
- nothing of the verb runs on, and nothing is left of its scratch files (after KILL: nothing is
  left when the same command has been run again);
- after KILL, the same command without a fault gives the expected result.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from targets.errors import ExitCode
from tests import processes
from tests.interruption.verbs import VERBS, Verb

ROOT = Path(__file__).parents[2]
HOOK = Path(__file__).parent / "hook"
FAULTS = ("INT", "TERM", "KILL", "full", "read-only", "too long")
ONCE = ("read-only", "too long")
"""Faults that are there from the first step on."""
NETWORK = """
import sys
import keras
from models.forecaster.architecture import build
build(keras, channels=16, window=30, horizon=10, conv_filters=4, lstm_units=6).save(sys.argv[1])
"""
SECONDS = 900
"""A run that takes longer hangs."""
LEAST_PAUSE = 0.2
"""Seconds between two steps in which something is computed."""
SETTLE = 20
"""Seconds in which the processes of a struck verb must have ended."""


Tree = dict[str, str]


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def tree(folder: Path) -> Tree:
    """Return the files below `folder` by name, with the digest of their content."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): digest(path.read_bytes()) for path in files}


def is_scratch(name: str) -> bool:
    """Tell whether a file below a result's folder is an intermediate one."""
    parts = Path(name).parts
    return any(part.startswith((".safe-", "safe-")) or part.endswith(".tmp") for part in parts)


def without_scratch(files: Tree) -> Tree:
    """Return the files that are results."""
    return {name: value for name, value in files.items() if not is_scratch(name)}


@dataclass(frozen=True)
class Place:
    """The folders of one verb's runs: its inputs, where its results go, and its scratch files."""

    root: Path
    inputs: Path

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def scratch(self) -> Path:
        return self.root / "tmp"

    def restore(self, earlier: Path) -> None:
        """Put the results of an earlier run where the next one writes, and no scratch file."""
        for folder in (self.out, self.scratch):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(earlier, self.out)
        self.scratch.mkdir()

    def run(self, line: str, strike: "Strike | None" = None, limit: int = 0) -> "Run":
        """Run a verb, struck or not; `limit` bytes are the most of a file."""
        log = self.root / "steps"
        log.write_text("")
        plan = {"log": str(log), **asdict(strike or Strike("", -1))}
        plan["below"] = [str(self.out), str(self.scratch)]
        marks = {
            "PYTHONPATH": str(HOOK),
            "SAFE_STRIKE": json.dumps(plan),
            "TMPDIR": str(self.scratch),
        }
        words = [word.format(out=self.out, inputs=self.inputs) for word in line.split()]
        with (self.root / "stderr").open("w+") as errors:
            with subprocess.Popen(
                [
                    "prlimit",
                    f"--fsize={limit or 'unlimited'}",
                    sys.executable,
                    "-m",
                    "host_tools",
                    *words,
                ],
                cwd=ROOT,
                env={**os.environ, **marks},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            ) as process:
                code = process.wait(SECONDS)
            left = self._left()
            errors.seek(0)
            return Run(code, errors.read(), log.read_text().splitlines(), left)

    def _left(self) -> list[str]:
        """Return the commands of this place that still run when they had time to end."""
        mark = f"TMPDIR={self.scratch}".encode()
        end = time.monotonic() + SETTLE
        while pids := [pid for pid in processes.everybody() if mark in processes.environment(pid)]:
            if time.monotonic() > end:
                return [processes.command(pid) for pid in pids]
            time.sleep(0.05)
        return []


@dataclass(frozen=True)
class Strike:
    """A fault, the step at which it comes, and how many seconds after that."""

    fault: str
    at: int
    after: float = 0.0


@dataclass(frozen=True)
class Run:
    """How one run ended: exit code, stderr, the steps that it took, and processes that run on."""

    code: int
    errors: str
    steps: list[str]
    left: list[str]


@dataclass(frozen=True)
class Expected:
    """The earlier result, that of the struck command, and the files that differ in every run."""

    earlier: Tree
    new: Tree
    unsure: frozenset[str]

    def like(self, found: Tree, expected: Tree) -> bool:
        """Tell whether two results are the same but for the files that differ in every run."""
        return found.keys() == expected.keys() and all(
            found[name] == expected[name] for name in found if name not in self.unsure
        )


def expected(verb: Verb, place: Place, kept: Path) -> Expected:
    """Run a verb undisturbed: other inputs into `kept`, then its own over that, twice."""
    before = verb.line
    for old, replacement in verb.before:
        before = before.replace(old, replacement)
    kept.mkdir()
    place.restore(kept)
    trees = []
    for line in (before, verb.line, verb.line):
        if trees:
            place.restore(kept)
        run = place.run(line)
        if run.code:
            raise SystemExit(f"{line}: undisturbed it ended with {run.code}: {run.errors}")
        if not trees:
            shutil.copytree(place.out, kept, dirs_exist_ok=True)
        trees.append(tree(place.out))
    earlier, new, again = trees
    return Expected(earlier, new, frozenset(n for n in new if new[n] != again.get(n)))


TOOLS = {ExitCode.OUTPUT, ExitCode.BUILD, ExitCode.CONVERSION, ExitCode.TRAINING}
CODES = {"INT": 130, "TERM": 130, "KILL": -9}


def judge(verb: Verb, fault: str, run: Run, place: Place, right: Expected) -> Iterator[str]:
    """Yield what is wrong after a struck run."""
    everything = tree(place.out)
    found = without_scratch(everything)
    # A compiler or a worker that cannot write says so itself, and the verb that it failed.
    codes = {CODES[fault]} if fault in CODES else TOOLS
    if run.code not in {0, *codes}:
        yield f"exit code {run.code}"
    if "Traceback" in run.errors:
        yield "a traceback"
    if run.left:
        yield f"runs on: {'; '.join(run.left)}"
    whole = right.like(found, right.new)
    if run.code == 0 and not whole:
        yield "ended with 0, and its result is not whole"
    known_as_half = verb.builds or (verb.last and verb.last not in found)
    if not (whole or known_as_half or right.like(found, right.earlier)):
        yield "neither the earlier result nor the new one"
    stays = [name for name in everything if is_scratch(name)] + sorted(tree(place.scratch))
    if stays and fault != "KILL":
        yield f"scratch files stay: {', '.join(stays[:3])}"


def judge_again(verb: Verb, place: Place, right: Expected) -> Iterator[str]:
    """Run the command of a struck verb once more, undisturbed; yield what is wrong then."""
    if verb.once and right.like(without_scratch(tree(place.out)), right.new):
        return
    run = place.run(verb.line)
    if run.code:
        yield f"run again, it ends with {run.code}: {run.errors.strip()[-200:]}"
    found = tree(place.out)
    if not right.like(without_scratch(found), right.new):
        yield "run again, its result is another"
    stays = [name for name in found if is_scratch(name)] + sorted(tree(place.scratch))
    if stays:
        yield f"run again, scratch files stay: {', '.join(stays[:3])}"


@dataclass(frozen=True)
class Cell:
    """What one struck run came to: the step `at` of `of`, exit code, stderr, and what is wrong."""

    verb: str
    fault: str
    at: int
    after: float
    of: int
    step: str
    code: int
    errors: str
    problems: list[str]

    def line(self) -> str:
        """Return the run as a line of text."""
        later = f" and {self.after:g} s" if self.after else ""
        verdict = "; ".join(self.problems) or "right"
        place = f"{self.at + 1:4}/{self.of:<4} {self.code:4}"
        return f"{self.verb:10} {self.fault:10} {place} {verdict} ({self.step}{later})"


def strikes(steps: Sequence[str], count: int, faults: Sequence[str]) -> Iterator[Strike]:
    """Yield `count` strikes of each fault, at the first step and the last among them; and one of
    each signal in the middle of the longest time between two steps.
    """
    times = [float(step.split()[0]) for step in steps]
    pause, before = max(((b - a, i) for i, (a, b) in enumerate(pairwise(times))), default=(0, 0))
    for fault in faults:
        if fault in ONCE:
            yield Strike(fault, 0)
            continue
        last = len(steps) - 1
        places = {round(last * i / max(1, count - 1)) for i in range(count)}
        yield from (Strike(fault, at) for at in sorted(places))
        if fault in CODES and pause > LEAST_PAUSE:
            yield Strike(fault, before, round(pause / 2, 3))


def strike(
    name: str, inputs: Path, root: Path, count: int, faults: Sequence[str]
) -> Iterator[Cell]:
    """Strike one verb by each fault at `count` of its steps; yield what each run came to."""
    # A shell starts its background jobs deaf to Ctrl-C, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    verb, place, kept = VERBS[name], Place(root, inputs), root / "earlier"
    right = expected(verb, place, kept)
    steps = (root / "steps").read_text().splitlines()
    sizes = [path.stat().st_size for path in place.out.rglob("*") if path.is_file()]
    for blow in strikes(steps, count, faults):
        fault = blow.fault
        place.restore(kept)
        limit = max(sizes) // 2 if sizes and fault == "too long" else 0
        run = place.run(verb.line, blow, limit)
        problems = list(judge(verb, fault, run, place, right))
        if fault == "KILL" or verb.builds:
            problems += judge_again(verb, place, right)
        step = steps[blow.at].partition(" ")[2].replace(str(root), "")
        told = (run.code, run.errors.strip(), problems)
        yield Cell(name, fault, blow.at, blow.after, len(steps), step, *told)


def prepare(folder: Path, names: Sequence[str]) -> None:
    """Make in `folder` what the verbs of these names read: logs, and a network without training."""
    folder.mkdir()
    lines = " ".join(VERBS[name].line for name in names)
    if "{inputs}" in lines:
        for name, rows in (("log", "3000"), ("short", "2000"), ("brief", "1300")):
            _tool("plant", "--out", folder / f"{name}.csv", "--rows", rows)
    if "own.pem" in lines:
        _tool("update", "key", folder / "own.pem")
    if "network.keras" in lines:
        _python("-c", NETWORK, folder / "network.keras")
        _tool(*("represent", "--csv", folder / "log.csv"), "--outdir", folder)


def _tool(*words: str | Path) -> None:
    _python("-m", "host_tools", *words)


def _python(*words: str | Path) -> None:
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, capture_output=True)


def main() -> int:
    """Strike the verbs that are asked for; print a line for each run; return 1 for a problem."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--verbs", default=",".join(VERBS))
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--steps", type=int, default=8, help="steps of each fault (default 8)")
    parser.add_argument("--log", type=Path, help="one JSON line for each run; verbs in it are done")
    arguments = parser.parse_args()
    text = arguments.log.read_text() if arguments.log and arguments.log.exists() else ""
    done = {json.loads(line)["verb"] for line in text.splitlines()}
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        inputs = Path(folder) / "inputs"
        names = [name for name in arguments.verbs.split(",") if name not in done]
        prepare(inputs, names)
        for name in names:
            root = Path(folder) / name
            root.mkdir()
            found = []
            for cell in strike(name, inputs, root, arguments.steps, arguments.faults.split(",")):
                found.append(cell)
                counted["runs"] += 1
                counted["problems"] += bool(cell.problems)
                print(cell.line(), flush=True)
            if arguments.log:
                with arguments.log.open("a") as log:
                    log.writelines(json.dumps(asdict(cell)) + "\n" for cell in found)
    print(f"{counted['runs']} runs, {counted['problems']} with a problem")
    return int(counted["problems"] > 0)


if __name__ == "__main__":
    sys.exit(main())
