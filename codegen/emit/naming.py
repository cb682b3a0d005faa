"""What the user may choose that becomes part of C names: the model's name, the ISA."""

import re

from codegen.emit.program import SDK
from codegen.errors import NameInvalidError
from targets.errors import TargetError

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MAX_LENGTH = 40


def check_name(name: str) -> None:
    """Raise `NameInvalidError` unless `safe_<name>` starts C names that the runtime leaves free."""
    if not _NAME.fullmatch(name) or len(name) > _MAX_LENGTH:
        raise NameInvalidError(
            f"name {name!r}: use up to {_MAX_LENGTH} lower-case letters, digits and single "
            "underscores, starting with a letter"
        )
    taken = re.compile(rf"\bsafe_{name}(_|\b)|\bSAFE_{name.upper()}_")
    for header in sorted((SDK / "include" / "safe").rglob("*.h")):
        if taken.search(header.read_text(encoding="utf-8")):
            raise NameInvalidError(
                f"name {name!r}: the runtime has names that start with safe_{name}; choose another"
            )


def check_isa(isa: str) -> None:
    """Raise `TargetError` unless the SDK has kernels for instruction set `isa`."""
    known = sorted(p.name for p in (SDK / "src" / "kernel").iterdir() if p.is_dir())
    if isa not in known:
        raise TargetError(f"isa {isa!r} has no kernels; known are {', '.join(known)}")
