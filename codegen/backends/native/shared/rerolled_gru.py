"""The call of a tuned form of REROLLED_GRU: other weights and biases than the plain one."""

import dataclasses

from codegen.ir.call import Constant, KernelCall, Scratch
from codegen.operators.recurrent.gru import GruCell


def tuned(
    plain: KernelCall,
    p: GruCell,
    folder: str,
    own: tuple[Constant, ...],
    *,
    how: str,
    work_bytes: int,
) -> KernelCall:
    """Return the call of the kernel in `folder`.

    `own` are its weights and biases, in the plain kernel's order and by its names; `work_bytes` of
    scratch take the place of two bytes for each row; `how` begins the note.
    """
    (scratch,) = plain.scratch
    words_bytes = scratch.size_bytes - 2 * len(p.recurrent_weights)
    _, sums = plain.notes
    return dataclasses.replace(
        plain,
        kernel=f"{plain.kernel}_{folder}",
        header=f"safe/kernel/{plain.source}_{folder}.h",
        source=f"{plain.source}_{folder}",
        params_type=f"safe_{plain.source}_{folder}_params_t",
        constants=(*own, *plain.constants[len(own) :]),
        scratch=(Scratch(scratch.name, words_bytes + work_bytes, alignment=scratch.alignment),),
        notes=(f"{how}, one table of scales per step", sums),
    )
