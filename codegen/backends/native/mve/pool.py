"""What both poolings share: the plain call with other names."""

import dataclasses

from codegen.ir.call import KernelCall


def tuned(plain: KernelCall) -> KernelCall | None:
    """Return the call of a pooling's mve kernel, or None for int16."""
    if not plain.kernel.endswith("_s8"):
        return None
    return dataclasses.replace(
        plain,
        kernel=f"{plain.kernel}_mve",
        header="safe/kernel/pool_2d_mve.h",
        source="pool_2d_mve",
        notes=("mve kernel, four channels at a time", *plain.notes),
    )
