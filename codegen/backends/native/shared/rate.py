"""Instructions for each of what a kernel does."""

from dataclasses import dataclass

from codegen.backends.native.shared.extent import Extent


@dataclass(frozen=True)
class Rate:
    """Instructions of a kernel for each call and for each of what `Extent` counts, in its order."""

    per_call: float = 0.0
    per_place: float = 0.0
    per_line: float = 0.0
    per_tap: float = 0.0
    per_element: float = 0.0
    per_limited: float = 0.0
    per_product: float = 0.0

    def instructions(self, work: Extent) -> float:
        """Return the instructions of a call."""
        return (
            self.per_call
            + self.per_place * work.places
            + self.per_line * work.lines
            + self.per_tap * work.taps
            + self.per_element * work.elements
            + self.per_limited * work.limited
            + self.per_product * work.products
        )
