"""Checks of what a user chooses and C names contain: the model's name, the instruction set."""

import re

from codegen.errors import NameInvalidError
from targets.errors import TargetError
from targets.kernels import ISAS, Isa
from targets.places import SDK

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


def check_isa(isa: str) -> Isa:
    """Return `isa` as an instruction set that SAFE has kernels for; raises `TargetError`."""
    found = next((known for known in ISAS if known == isa), None)
    if found is None:
        raise TargetError(f"isa {isa!r} has no kernels; known are {', '.join(ISAS)}")
    return found
