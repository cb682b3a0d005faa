"""Choose what of an image lies in RAM, by what the plugin measures on a core that counts."""

from pathlib import Path
from typing import get_args

from codegen.options import Goal
from host_tools.perf import hot, standalone, waits
from host_tools.workflow.count import PLUGINS
from targets import output
from targets.emulate import counting
from targets.errors import TargetError
from targets.load import Target, load
from targets.places import BUILD


def _counting(target: Target) -> Target:
    """Return `target`, or another of its core that an emulator counts, with its flash before it."""
    if target.emulator is not None and target.emulator.kind in counting.UNITS:
        return target
    same = counting.same_core(target)
    if same is None:
        raise TargetError(
            f"target {target.name}: no emulator counts a {target.cpu.name}: give --hot FILE"
        )
    return waits.with_flash_of(same, target)


def choose(model: Path, target_name: str, most_bytes: int, optimize: str) -> Path:
    """Write the symbols that save most waits in `most_bytes` of RAM; return the file's path.

    `optimize` is a goal of the generation, empty for the default. Raises TargetError where no
    emulator counts the core, and the errors of `standalone.build` and `standalone.trace`.
    """
    target = load(target_name)
    counted = _counting(target)
    counting.check(counted)
    goal: Goal = next((g for g in get_args(Goal) if g == optimize), "balanced")
    with output.scratch("hot") as folder:
        built = standalone.build(model, counted, folder, optimize=goal)
        trace = standalone.trace(built, PLUGINS, waits=True)
        chosen = hot.choose(built, trace, most_bytes)
    name = built.manifest["name"]
    path = BUILD / "profile" / f"{name}-{target.name}-{goal}-{most_bytes}.hot.toml"
    head = f"{name} on {target.name}: most waits saved in {most_bytes} bytes of RAM"
    output.write(path, chosen.text(head))
    return path
