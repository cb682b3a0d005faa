r"""A million windows for each kernel set and core, byte by byte against the integer reference.

  python -m tests.campaigns.windows --full --log build/windows.jsonl      can be interrupted
Every model of `members.py` is generated for each instruction set on the host (whose instructions
are emulated in C where it has none) and for each core of a target, where the windows are computed
in QEMU: goals and the host's compilers by turns. A block of windows is made from its number, so a
difference is repeated by
  python -m tests.campaigns.windows --only NAME --block N --lanes LANE
A line of a log is one block in one lane. `--full` takes as many blocks as a million windows need.
"""

import argparse
import itertools
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codegen import reference
from codegen.ir.graph import Array
from codegen.options import GOALS
from targets.errors import SafeError
from tests.campaigns import lanes as places
from tests.campaigns.lanes import COMPILERS, Choice, Lane, WrongError
from tests.campaigns.members import Member, draw, members

FULL = 1_000_000
Row = dict[str, Any]


def choice_of(member: int, lane: int, block: int) -> Choice:
    """Return the goal and the compiler: over models and blocks, every lane has each."""
    return Choice(GOALS[(member + lane + block) % len(GOALS)], COMPILERS[(member + block) % 2])


def difference(expected: Array, found: Array) -> str:
    """Return where the first window differs, or nothing: uint8[N, bytes] both."""
    wrong = np.flatnonzero((expected != found).any(axis=1))
    if wrong.size == 0:
        return ""
    window = int(wrong[0])
    byte = int(np.flatnonzero(expected[window] != found[window])[0])
    return (
        f"{wrong.size} windows differ, first window {window} in byte {byte}: "
        f"{found[window, byte]} instead of {expected[window, byte]}"
    )


def block(
    member: Member, number: int, wanted: Sequence[tuple[Lane, Choice]], count: int
) -> Iterator[Row]:
    """Compute a block of windows in each of the lanes; yield a row for each."""
    inputs = draw(member, number, count)
    expected = places.joined(reference.run(member.graph, inputs))
    for lane, choice in wanted:
        row = {"member": member.name, "block": number, "lane": lane.name}
        row |= {**places.fields(choice, lane), "windows": count}
        with tempfile.TemporaryDirectory(prefix="safe_windows_") as text:
            try:
                found = places.compute(member.data, inputs, lane, choice, Path(text))
                failure = difference(expected, found)
            except (WrongError, SafeError) as error:
                failure = str(error)
        yield {**row, "failure": failure}


@dataclass(frozen=True)
class Campaign:
    """What is to be computed."""

    chosen: Mapping[int, Member]
    """Models by their place among all."""
    blocks: Sequence[int]
    where: Sequence[Lane]
    most: int | None = None
    """Bound of the windows of a block."""

    def run(self, done: Sequence[Row], keep: Callable[[Row], None]) -> list[Row]:
        """Compute all that is not among the rows `done`; return all rows."""
        rows = {(row["member"], row["block"], row["lane"]): row for row in done}
        every = places.lanes()
        for number, (place, member) in itertools.product(self.blocks, self.chosen.items()):
            missing = [
                (lane, choice_of(place, every.index(lane), number))
                for lane in self.where
                if (member.name, number, lane.name) not in rows
            ]
            if missing:
                count = min(member.windows, self.most or member.windows)
                for row in block(member, number, missing, count):
                    rows[row["member"], row["block"], row["lane"]] = row
                    keep(row)
        return list(rows.values())


def table(rows: Sequence[Row]) -> str:
    """Return how many windows were computed in each lane, and for whom, as Markdown."""
    lines = ["| kernel set | where | targets | models | windows | output differs |"]
    lines += ["|---|---|---|--:|--:|--:|"]
    for lane in places.lanes():
        own = [row for row in rows if row["lane"] == lane.name]
        if own:
            where = "host, gcc and clang" if lane.target == "host" else f"QEMU, {lane.target}"
            windows = sum(row["windows"] for row in own)
            models, wrong = (
                len({row["member"] for row in own}),
                sum(bool(r["failure"]) for r in own),
            )
            lines.append(
                f"| `{lane.isa}` | {where} | {places.targets_of(lane)} | {models} "
                f"| {windows:,} | {wrong} |"
            )
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--full", action="store_true", help=f"{FULL:,} windows in each lane")
    add("--block", type=int, default=0, help="number of the first block")
    add("--only", metavar="NAME", help="one model")
    add("--lanes", metavar="NAMES", help="names with commas between them (default: all)")
    add("--most", type=int, metavar="N", help="windows of a block at most")
    add("--log", type=Path, metavar="JSONL", help="go on after what it holds")
    return parser.parse_args()


def main() -> int:
    """Run a campaign from the command line; 1 when anything differs."""
    arguments = _arguments()
    chosen = {n: m for n, m in enumerate(members()) if arguments.only in (None, m.name)}
    names = None if arguments.lanes is None else arguments.lanes.split(",")
    where = [lane for lane in places.lanes() if names is None or lane.name in names]
    if not chosen or not where or (names is not None and len(where) != len(names)):
        sys.stderr.write(f"lanes are {', '.join(lane.name for lane in places.lanes())}\n")
        return 2
    blocks = 1
    if arguments.full:
        blocks = -(-FULL // sum(member.windows for member in chosen.values()))
    log: Path | None = arguments.log
    done = []
    if log is not None and log.is_file():
        done = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

    def keep(row: Row) -> None:
        if row["failure"]:
            sys.stdout.write(f"{row['member']} block {row['block']} {row['lane']}: FAILURE\n")
        if log is not None:
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    numbers = range(arguments.block, arguments.block + blocks)
    rows = Campaign(chosen, numbers, where, arguments.most).run(done, keep)
    sys.stdout.write(table(rows) + "\n")
    goals = Counter(row["goal"] for row in rows)
    sys.stdout.write("".join(f"{n} blocks for {goal}\n" for goal, n in sorted(goals.items())))
    wrong = [row for row in rows if row["failure"]]
    for row in wrong:
        sys.stdout.write(f"\n{row['member']} block {row['block']} {row['lane']}, {row['goal']}, "
                         f"{row['compiler']}:\n{row['failure']}\n")  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
