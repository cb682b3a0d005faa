"""Size of an arena for a generated network: the same order as in `xcubeai.c.j2`.

ST's context is a struct whose size only a compiler knows: magic, signature, flags, code, callback
and its cookie, which take 40 bytes at most, and one pointer for each memory. A little more is kept
for versions to come; a network that asks for more than the arena has fails at `init`.
"""

from codegen.backends.xcubeai.network import Network

ALIGNMENT = 32
"""Alignment of memory for activations; ST asks for it where it has caches, and nowhere for more."""
_CONTEXT_BYTES = 64


def arena_bytes(network: Network, pointer_bytes: int) -> int:
    """Return the bytes of the arena, on a core with pointers of `pointer_bytes`."""
    inputs, outputs = network.sizes("IN"), network.sizes("OUT")
    head = _up(8, pointer_bytes) + pointer_bytes * (len(inputs) + len(outputs))
    if network.api == "stai":
        head = _up(head, 8) + _CONTEXT_BYTES + pointer_bytes * network.pointers
    pieces = [*network.pools, *network.states]
    pieces += () if network.inside("IN") else inputs
    pieces += () if network.inside("OUT") else outputs
    # The arena is aligned to less than ST asks for: the first piece begins up to ALIGNMENT later.
    return _up(head, ALIGNMENT) + ALIGNMENT + sum(_up(piece, ALIGNMENT) for piece in pieces)


def _up(value: int, step: int) -> int:
    return -(-value // step) * step
