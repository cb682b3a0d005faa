"""The memory plan as a picture in text: bytes downwards, operators to the right."""

from collections.abc import Sequence

from codegen.memory.plan import Block, Plan

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FREE = "."
_ROWS = 24
_COLUMNS = 72


def picture(plan: Plan, operators: Sequence[int]) -> str:
    """Return the arena over time; `operators` are the indices of the steps, in order.

    A cell is the block that takes its first byte at its first step. With more operators than
    columns, or more bytes than rows, a cell stands for several; the list below is exact.
    """
    steps = range(-1, len(operators) + 1)
    every = -(-len(steps) // _COLUMNS)
    band = max(4, -(-plan.arena_bytes // _ROWS))
    lines = [
        f"arena {plan.arena_bytes} bytes, at least {plan.lower_bound_bytes} needed; "
        f"one row is {band} bytes, one column {_times(every, 'operator')}, "
        "first and last column before and after all"
    ]
    for start in range(0, plan.arena_bytes, band):
        cells = "".join(_cell(plan, start, step) for step in steps[::every])
        lines.append(f"{start:>8} {cells}")
    lines.append("")
    for number, (block, start) in enumerate(plan.blocks):
        lines.append(
            f"{_letter(number)} {start:>8} {block.size_bytes:>8} bytes  {_life(block, operators)}  "
            f"{_content(plan, block, start)}"
        )
    return "\n".join(lines) + "\n"


def _times(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _letter(number: int) -> str:
    return _LETTERS[number % len(_LETTERS)]


def _cell(plan: Plan, byte: int, step: int) -> str:
    for number, (block, start) in enumerate(plan.blocks):
        if start <= byte < start + block.size_bytes and block.first <= step <= block.last:
            return _letter(number)
    return _FREE


def _life(block: Block, operators: Sequence[int]) -> str:
    first = "start" if block.first < 0 else f"op {operators[block.first]}"
    last = "end" if block.last >= len(operators) else f"op {operators[block.last]}"
    return f"{first:>7} to {last:<7}"


def _content(plan: Plan, block: Block, start: int) -> str:
    """Return the values that share a block, or the name of the scratch."""
    if block.label in plan.scratch:
        return block.label
    inside = [t for t, label in plan.labels.items() if label == block.label]
    shown = " ".join(f"t{t}+{plan.tensors[t] - start}" for t in inside[:8])
    return shown.replace("+0", "") + (f" and {len(inside) - 8} more" if len(inside) > 8 else "")
