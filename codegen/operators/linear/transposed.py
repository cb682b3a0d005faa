"""A transposed convolution along one axis: which taps make the outputs between two strides.

With stride s and padding `pad`, output o = s·q + p (phase p) sums taps t = s·m + r of inputs
q + d − m, where r and d are remainder and quotient of (p + pad) / s, and m goes from 0 to M − 1
with M = ceil((kernel − r) / s). That is a convolution of stride 1 with the M taps in reverse,
which sees M − 1 − d places before the input. With taps of 0 all phases see the same places.
"""

from dataclasses import dataclass

from codegen.operators.window import Axis


@dataclass(frozen=True)
class Phase:
    """One phase along an axis: its taps in order of the input, and the border that they see.

    A tap of `axis.kernel`, one behind the last, is 0.
    """

    taps: tuple[int, ...]
    border: tuple[int, int]


def apart(axis: Axis) -> list[Phase]:
    """Return the phases, each with its own taps."""
    found = []
    for p in range(axis.stride):
        d, r = divmod(p + axis.pad, axis.stride)
        taps = tuple(range(r, axis.kernel, axis.stride))[::-1]
        found.append(Phase(taps, (len(taps) - 1 - d, count(axis) - axis.size + d)))
    return found


def united(axis: Axis, step: int = 1) -> list[Phase]:
    """Return the phases with taps of 0, so that all see the same places of the input.

    `step`: how many inputs on the next position is, so that a position has the phases of as many
    inputs. It divides the number of outputs of each phase.
    """
    phases = [divmod(p + axis.pad, axis.stride) for p in range(step * axis.stride)]
    # At least so far ahead the last output of the last position has to look.
    behind = axis.size - count(axis) + step - 1
    first = min(0, *(d - (axis.kernel - 1 - r) // axis.stride for d, r in phases))
    last = max(behind, *(d for d, r in phases if r < axis.kernel))
    found = []
    for d, r in phases:
        taps = [axis.stride * (d - place) + r for place in range(first, last + 1)]
        inside = tuple(t if 0 <= t < axis.kernel else axis.kernel for t in taps)
        found.append(Phase(inside, (-first, last - behind)))
    return found


def count(axis: Axis) -> int:
    """Return how many outputs each phase makes; the last of some may be one too many."""
    return -(-axis.output // axis.stride)
