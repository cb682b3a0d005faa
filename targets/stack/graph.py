"""Frames and calls of a whole image, and the deepest chain from any of its functions."""

from dataclasses import dataclass
from typing import NamedTuple

from targets.errors import BuildError
from targets.stack import rules
from targets.stack.listing import ListedFunction
from targets.stack.usage import Frames
from targets.stack.words import Words

RESET = "safe_reset"
"""Function at which a core starts, with an empty stack."""


class Call(NamedTuple):
    """One function of a chain, and what it keeps of the stack while the next one runs."""

    function: str
    frame_bytes: int


@dataclass(frozen=True)
class CallChain:
    """The deepest chain of calls from a function on."""

    bytes: int
    links: tuple[Call, ...]

    def __str__(self) -> str:
        """Return the names, with the frames that are not empty."""
        return " > ".join(f"{link.function} {link.frame_bytes}" for link in self.links)


class CallGraph:
    """The image as functions that call each other."""

    def __init__(
        self,
        functions: dict[int, ListedFunction],
        files: dict[int, str],
        frames: Frames,
        words: Words,
    ) -> None:
        """Resolve every pointer; `files` are the source files of local functions, by address."""
        self.functions = functions
        self._files = files
        self._frames = frames
        self._done: dict[int, CallChain] = {}
        self._resets = {f.address for f in functions.values() if f.stem == RESET}
        self._open: list[int] = []
        stored = words.addresses()
        code = {place for f in functions.values() for place in f.taken}
        self._taken = [f for f in functions.values() if f.address in stored | code]
        self._inside = stored - functions.keys()

    def named(self, name: str) -> ListedFunction:
        """Return the function of a name; BuildError when the image has none."""
        for function in self.functions.values():
            if function.stem == name:
                return function
        raise BuildError(f"the image has no function {name}, which the stack's bound starts from")

    def frame(self, function: ListedFunction) -> int:
        """Return what a function takes: as the compiler says, or as its instructions do.

        Assembly and the C library have no word of the compiler, functions without a prologue of
        its own a 0.
        """
        found = self._frames.get((self._files.get(function.address, ""), function.stem))
        found = found or self._frames.get(("", function.stem))
        if found is None or found.bytes == 0:
            if function.is_dynamic:
                raise BuildError(f"{function.name} moves the stack by a value of run time")
            return function.pushed
        if not found.is_bounded:
            raise BuildError(
                f"{function.name} has a frame that depends on run time: no variable-length array "
                "and no alloca"
            )
        return found.bytes

    def _has_table(self, function: ListedFunction) -> bool:
        """Return whether a place inside a function is stored: a switch jumps through a table."""
        size = min((a for a in self.functions if a > function.address), default=1 << 32)
        return any(function.address < word < size for word in self._inside)

    def _pointed(self, function: ListedFunction) -> set[int]:
        """Return what a function may reach through pointers."""
        if not function.pointers or (not function.calls_pointer and self._has_table(function)):
            return set()
        matching = [rule for rule in rules.load() if rule.calls_from(function.stem)]
        found = {
            callee.address
            for callee in self._taken
            if any(rule.reaches(callee.stem) for rule in matching)
        }
        if not matching:
            raise BuildError(
                f"{function.name} calls through a pointer at {function.pointers[0]:#x}: name what "
                f"it may hold in {rules.FILE.name}"
            )
        return found

    def unnamed(self, apart: set[int]) -> list[str]:
        """Return functions whose address is stored though no rule names them as a callee."""
        return sorted(
            f.name
            for f in self._taken
            if f.address not in apart and not any(rule.reaches(f.stem) for rule in rules.load())
        )

    def _entered_at(self, address: int) -> ListedFunction | None:
        """Return the function that holds an address, None where there is no code.

        Routines of libgcc for Armv6-M jump into the middle of another: all of its frame counts.
        """
        start = max((a for a in self.functions if a <= address), default=None)
        if start is None:
            return None
        function = self.functions[start]
        return function if start == address or address <= function.last else None

    def deepest(self, start: ListedFunction) -> CallChain:
        """Return the deepest chain from `start`; BuildError when functions call each other."""
        if start.address in self._done:
            return self._done[start.address]
        if start.address in self._open:
            names = [self.functions[a].name for a in self._open] + [start.name]
            raise BuildError(f"recursion: {' > '.join(names[names.index(start.name) :])}")
        self._open.append(start.address)
        frame = self.frame(start)
        best = CallChain(frame, (Call(start.name, frame),))
        # What goes back to the reset entry takes the stack anew.
        for address in sorted((start.calls | self._pointed(start) | start.jumps) - self._resets):
            callee = self._entered_at(address)
            if callee is None:
                raise BuildError(f"{start.name} calls {address:#x}, which is no function")
            # A jump to another function has given its own frame back; a part of itself has not,
            # nor has assembly that runs into the next.
            keeps = address not in start.jumps or callee.stem == start.stem or start.falls_through
            below = self.deepest(callee)
            kept = frame if keeps else 0
            if kept + below.bytes > best.bytes:
                best = CallChain(kept + below.bytes, (Call(start.name, kept), *below.links))
        self._open.pop()
        self._done[start.address] = best
        return best
