"""Calibration of the cost model: rates of every kernel, fitted to counted calls.

    python -m tests.perf.calibrate            # a quarter of an hour; writes the table of rates

Drawn networks, one model for each operator, LSTMs of several sizes and what models are at hand
are counted in QEMU on a Cortex-M4 and on RV32, operator by operator; matrix products with every
kernel that there is for them. Of each kernel file the instructions are a sum over what
`codegen.backends.native.shared.extent` reads from a call: calls, places, lines, taps, elements,
limited elements and products in whole tiles, each with a rate of at least 0 that makes the sum of
squared relative errors least. The rates of products so found are those of the inner loops (29
instructions for 32 products of the tile of eight rows: 0.91).
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from codegen.backends.native.backend import compile_model
from codegen.backends.native.shared import cost, fully_connected
from codegen.backends.native.shared.extent import extent
from codegen.frontend import tflite
from codegen.ir.call import KernelCall
from host_tools.perf import standalone
from targets import kernels
from targets.errors import SafeError
from targets.load import Target, load
from targets.places import ROOT
from tests.conftest import SHARED
from tests.operators.cases import CASES
from tests.operators.networks import NETWORKS, Network
from tests.unit.codegen.passes.test_reroll import Unrolled

TARGETS = ("mps2-an386", "riscv-virt")
TABLE = ROOT / "codegen" / "backends" / "native" / "shared" / "rates.py"
_FEWEST = 4
_SEEDS = range(1, 6)
_UNROLLED = ((16, 10), (8, 12), (32, 20), (80, 30), (5, 6))
_DENSE = ((16, 8, 4), (64, 32, 16, 1), (10, 20, 3), (128, 64, 64, 12, 2), (300, 1), (40, 12))


class Counted(NamedTuple):
    """One call and the instructions that it took."""

    isa: str
    variant: str
    call: KernelCall
    elements: int
    instructions: int


def models() -> Iterator[tuple[str, bytes]]:
    """Return the models, by name."""
    for name, draw in NETWORKS.items():
        for seed in _SEEDS:
            yield f"{name}_{seed}", draw(np.random.default_rng(seed), 1).model
    for kind, draw_case in sorted(CASES.items()):
        for seed in range(3):
            yield f"{kind}_{seed}", draw_case(np.random.default_rng([seed, 77])).model
    for units, steps in _UNROLLED:
        yield f"unrolled_{units}_{steps}", Unrolled(units, steps, every=False).build()
    for sizes in _DENSE:
        n = Network(np.random.default_rng(7))
        x = n.source((1, sizes[0]))
        for units in sizes[1:]:
            x = n.dense(x, units)
        yield "dense_" + "_".join(map(str, sizes)), n.case(x, count=1).model
    paths = [*ROOT.glob("models/*/model_int8.tflite"), *SHARED.glob("mlperf-tiny/*.tflite")]
    for path in sorted(paths):
        yield path.parent.name + path.stem, path.read_bytes()


def forms(name: str) -> tuple[str | None, ...]:
    """Return the kernels that a model of that name is counted with; None: those that are chosen."""
    return ("ref", "few", "eight") if name.startswith(("dense", "FULLY")) else (None,)


def counted(model: bytes, target: Target, plugins: Path) -> list[Counted]:
    """Return every call of a model with its counted instructions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "m.tflite"
        path.write_bytes(model)
        built = standalone.build(path, target, folder, calls=2)
        found = standalone.measure(built, plugins).counts.operators
        program = compile_model(tflite.load(path, "m"), target=target.name, isa=target.isa)
    spent = {row.index: row.maximum for row in found}
    rows = []
    for operator, call in program.calls:
        if call is not None and spent.get(operator.index):
            elements = sum(program.graph.tensor(i).elements for i in operator.outputs)
            variant = kernels.variant(target.isa, call.source)
            row = Counted(target.isa, variant, call, elements, spent[operator.index])
            rows.append(row)
    return rows


def fit(rows: list[Counted]) -> cost.Rate:
    """Return the rates of one kernel that fit its calls best."""
    tile = cost.tile(rows[0].variant, rows[0].call.source)
    work = [[1, *vars(extent(r.call, r.elements, tile)).values()] for r in rows]
    spent = np.array([r.instructions for r in rows], float)
    shares = np.array(work, float) / spent[:, None]
    if len(rows) < _FEWEST:
        # Too few to tell rates apart: one for each product, or element where there are none.
        found = np.zeros(shares.shape[1])
        one = 6 if rows[0].call.macs else 4 if np.all(shares[:, 4]) else 0
        found[one] = np.mean(1 / shares[:, one])
    else:
        found, _ = nnls(shares, np.ones(len(rows)))
    return cost.Rate(*(float(f"{value:.3g}") for value in found))


def main() -> None:
    """Count, fit and write the table."""
    choose = fully_connected.choose
    groups: dict[tuple[str, str, str], list[Counted]] = {}
    with tempfile.TemporaryDirectory() as plugins:
        for target in map(load, TARGETS):
            for name, model, form in ((n, m, f) for n, m in models() for f in forms(n)):
                fully_connected.choose = choose if form is None else (lambda *_, f=form: f)
                try:
                    found = counted(model, target, Path(plugins))
                except SafeError as error:
                    print(f"{name} on {target.name}: {error}")
                    continue
                for row in found:
                    key = (row.isa, row.variant, row.call.source)
                    groups.setdefault(key, []).append(row)
    lines = [
        f"    {key}: Rate({', '.join(f'{value:g}' for value in vars(fit(rows)).values())}),"
        for key, rows in sorted(groups.items())
    ]
    head, _, _ = TABLE.read_text(encoding="utf-8").partition("MEASURED: ")
    table = "MEASURED: dict[tuple[str, str, str], Rate] = {\n" + "\n".join(lines) + "\n}\n"
    TABLE.write_text(head + table, encoding="utf-8")


if __name__ == "__main__":
    main()
