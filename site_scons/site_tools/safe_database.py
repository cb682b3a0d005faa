# SPDX-License-Identifier: Apache-2.0
"""`compile_commands.json` of an image, and of all that were built, at the root.

SCons has a tool for it, `compilation_db`, which does not fit here: it knows the objects of the
present run only, so that the file at the root would forget every image but the last one; and it
writes its file in every run, so that an editor would read it anew although nothing has changed.
"""

import json
from pathlib import Path
from typing import Any

from SCons.Action import Action

from targets import apps, database, output, places


def _entry(env: Any, node: Any) -> database.Entry:
    source = node.sources[0]
    command = "$CXXCOM" if str(source).endswith(apps.CXX) else "$CCCOM"
    return {
        "directory": env.Dir("#").abspath,
        "file": str(source),
        "output": str(node),
        "command": str(env.subst(command, 0, target=[node], source=[source])),
    }


def _own(target: Any, source: Any, env: Any) -> None:  # noqa: ARG001 - names set by SCons
    output.write(Path(str(target[0])), source[0].get_text_contents())


def _shared(target: Any, source: Any, env: Any) -> None:
    own = Path(str(source[0]))
    others = sorted(Path(env["out"]).glob(f"*/*/*/{database.NAME}"))
    entries = database.merge(json.loads(own.read_text(encoding="utf-8")), others)
    database.update(Path(str(target[0])), database.text(entries))


def safe_database(env: Any, folder: str, objects: list[Any]) -> list[Any]:
    """Write the database of `objects` into `folder`; that at the root follows `out=build`."""
    entries = [_entry(env, node) for node in env.Flatten(objects)]
    nodes = env.Command(
        f"{folder}/{database.NAME}",
        env.Value(database.text(entries)),
        Action(_own, cmdstr="  DB    $TARGET"),
    )
    if env["out"] == places.OUT:
        # Other images change it, which no signature of this one tells.
        shared = env.Command(database.NAME, nodes, Action(_shared, strfunction=None))
        env.Precious(shared)  # not removed before it is written: it may be the same
        nodes += env.AlwaysBuild(shared)
    return list(nodes)


def generate(env: Any) -> None:
    """Add the method to the SCons environment."""
    env.AddMethod(safe_database, "SafeDatabase")


def exists(env: Any) -> bool:
    """Tell SCons that the tool can be used."""
    return "SAFE_TARGET" in env
