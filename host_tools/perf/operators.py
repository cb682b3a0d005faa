"""Profile of a model: instructions by operator, with MACs and an estimate of cycles.

Where clock cycles are counted, on the RTL of a core, they stand instead and are exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from host_tools.perf import cycles, standalone, waits
from host_tools.perf.cycles import Estimator
from host_tools.perf.standalone import Standalone
from host_tools.perf.waits import Waits, total
from host_tools.report.record import OperatorCost
from host_tools.report.table import aligned
from host_tools.report.words import DASH, number

_EXACT = "cycles are counted, not estimated: the RTL of the core in Verilator"


@dataclass(frozen=True)
class Profile:
    """One model on one target; the rows are those of the manifest, views left out.

    `outside` is what runs outside of operators: copies of input and output, reset, calls.
    """

    model: str
    target: str
    isa: str
    optimize: str
    unit: str
    """Unit of `total`, `outside` and the rows: `instructions` or `cycles`."""
    total: int
    outside: int
    macs: int
    cycles: int | None
    """Estimated cycles for the mean of the counted calls. None where there is no timing table."""
    outside_cycles: int | None
    operators: tuple[OperatorCost, ...]
    operator_cycles: tuple[int | None, ...]
    kernels: tuple[str, ...]
    waits: tuple[Waits, ...] = ()
    """What the flash costs: of each row, then outside of operators; empty when not asked for."""
    estimator: Estimator | None = None
    """Source of `cycles`; None where there are none."""

    def fields(self) -> dict[str, Any]:
        """Return JSON values."""
        rows = [
            {
                **asdict(row),
                "kernel": kernel,
                f"{self.unit}_per_mac": _ratio(row.counted, row.macs),
                "share": round((row.counted or 0) / self.total, 5),
                "cycles_estimated": estimated,
            }
            for row, estimated, kernel in self._rows()
        ]
        for fields, found in zip(rows, self.waits, strict=False):
            fields["flash"] = vars(found)
        return {
            "model": self.model,
            "target": self.target,
            "isa": self.isa,
            "optimize": self.optimize,
            self.unit: self.total,
            f"{self.unit}_outside_operators": self.outside,
            "macs": self.macs,
            f"{self.unit}_per_mac": _ratio(self.total, self.macs),
            **self.cycle_fields(),
            "operators": rows,
        }

    def cycle_fields(self) -> dict[str, Any]:
        """Return JSON values of one call's cycles, with what the flash costs where it is known."""
        found = self.estimator
        return {
            "cycles_estimated": self.cycles,
            "cycles_estimate": None if found is None else found.label,
            "cycles_uncertainty_percent": self.uncertainty_percent,
            **self._flash_fields(),
        }

    @property
    def uncertainty_percent(self) -> int | None:
        """Bound of the relative error of the cycles, with waits where these are known."""
        if self.estimator is None:
            return None
        core = self.estimator.uncertainty_percent
        return max(core, waits.UNCERTAINTY_PERCENT) if self.waits else core

    def _flash_fields(self) -> dict[str, Any]:
        if not self.waits:
            return {}
        whole = total(dict(enumerate(self.waits)))
        return {
            "flash": vars(whole),
            "cycles_with_flash_estimated": (self.cycles or 0) + whole.cycles,
            "flash_estimate": waits.LABEL,
        }

    def cycle_rows(self) -> list[dict[str, Any]]:
        """Return JSON values of each operator's cycles, in the order of `operators`."""
        rows: list[dict[str, Any]] = [{"cycles_estimated": own} for own in self.operator_cycles]
        for fields, found in zip(rows, self.waits, strict=False):
            fields["flash"] = vars(found)
        return rows

    def cycle_table(self) -> str:
        """Return the cycles by operator, with their uncertainty; ends without a newline."""
        assert self.estimator is not None
        assert self.cycles is not None
        spent = [own or 0 for own in (*self.operator_cycles, self.outside_cycles)]
        waited = [w.cycles for w in self.waits] or [0] * len(spent)
        names = [*((r.kind, r.macs) for r in self.operators), ("outside of operators", 0)]
        whole = self.cycles + sum(waited)
        rows = [["estimated cycles", "core", "flash waits", "both", "share", "/MAC"]]
        for (kind, macs), own, late in zip(names, spent, waited, strict=True):
            ratio = number(_ratio(own + late, macs), 2)
            share = f"{(own + late) / whole:.1%}"
            told = number(late) if self.waits else DASH
            rows.append([kind, number(own), told, number(own + late), share, ratio])
        total = [number(self.cycles), number(sum(waited)) if self.waits else DASH, number(whole)]
        rows.append(["one call", *total, "", number(_ratio(whole, self.macs), 2)])
        part = (self.uncertainty_percent or 0) / 100
        low, high = number(round(whole * (1 - part))), number(round(whole * (1 + part)))
        notes = [f"  {self.estimator.label}"]
        notes += [f"  waits: {waits.LABEL}"] if self.waits else []
        notes.append(f"  between {low} and {high}")
        return "\n".join([*aligned(rows, right=True), "", *notes])

    def _flash_table(self) -> str:
        """Return misses and cycles of the flash by operator; ends without a newline."""
        rows = [["op", "operator", "fetches missed", "loads missed", "waits", "cycles**", "/MAC"]]
        names = [(str(row.index), row.kind, row.macs) for row in self.operators]
        spent = [*self.operator_cycles, self.outside_cycles]
        whole = total(dict(enumerate(self.waits)))
        lines = [*names, (DASH, "outside of operators", 0), ("", "one call", self.macs)]
        for (index, kind, macs), found, own in zip(
            lines, [*self.waits, whole], [*spent, self.cycles], strict=True
        ):
            cycles_all = (own or 0) + found.cycles
            row = [index, kind, number(found.fetches), number(found.loads), number(found.cycles)]
            rows.append([*row, number(cycles_all), number(_ratio(cycles_all, macs), 2)])
        return "\n".join(["", *aligned(rows, right=True), "", f"  ** {waits.LABEL}"])

    def _rows(self) -> list[tuple[OperatorCost, int | None, str]]:
        return list(zip(self.operators, self.operator_cycles, self.kernels, strict=True))

    def table(self) -> str:
        """Return the rows for a terminal; ends without a newline."""
        rows = [["op", "operator", self.unit, "share", "MACs", "/MAC", "cycles*", "kernel"]]
        for row, estimated, kernel in self._rows():
            count = row.counted or 0
            rows.append(
                [
                    str(row.index),
                    row.kind,
                    number(count),
                    f"{count / self.total:.1%}",
                    number(row.macs or None),
                    number(_ratio(count, row.macs), 2),
                    number(estimated),
                    kernel,
                ]
            )
        rest = [number(self.outside), f"{self.outside / self.total:.1%}", DASH, DASH]
        rest.append(number(self.outside_cycles))
        rows.append([DASH, "outside of operators", *rest, ""])
        total = [number(self.total), "", number(self.macs)]
        total += [number(_ratio(self.total, self.macs), 2), number(self.cycles), ""]
        rows.append(["", "one call", *total])
        label = self.estimator.label if self.estimator else "no estimate for this core"
        label = _EXACT if self.unit == "cycles" else label
        head = f"{self.model} on {self.target}, kernels {self.isa}, optimize {self.optimize}"
        text = "\n".join([head, "", *aligned(rows, right=True), "", f"  * {label}"])
        return f"{text}\n{self._flash_table()}" if self.waits else text


def _ratio(count: int | None, macs: int) -> float | None:
    return round(count / macs, 4) if count and macs else None


def _symbols(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {row["symbol"]: row for row in manifest["operators"] if row["symbol"] is not None}


def _mean_cycles(
    built: Standalone, executed: Sequence[Any], calls: int
) -> Mapping[int, int] | None:
    if not executed or cycles.estimator(built.target) is None:
        return None
    listed = cycles.listing(built.target, built.elf)
    riscv = built.target.target.arch == "riscv32"
    by_marker = cycles.estimate(executed, listed, riscv=riscv)
    return {marker: round(total / calls) for marker, total in by_marker.items()}


def profile(built: Standalone, plugins: Path, *, flash: bool = False) -> Profile:
    """Run and attribute; with `flash` its caches are simulated. Errors as of `standalone.measure`.

    What is counted is the most of the counted calls, estimated cycles are the mean.
    """
    return attribute(built, standalone.trace(built, plugins, waits=flash), flash=flash)


def attribute(built: Standalone, trace: standalone.Trace, *, flash: bool) -> Profile:
    """Attribute a trace; `flash` tells whether it knows the misses of the flash's caches."""
    counts = trace.counts
    estimated = _mean_cycles(built, trace.executed, counts.calls)
    waiting = waits.waits(built.target, trace.misses, counts.calls)
    known = _symbols(built.manifest)
    rows, row_cycles, kernels = [], [], []
    for marker, count in enumerate(counts.operators[1:]):
        about = known[count.symbol.split(".")[0]]
        rows.append(
            OperatorCost(
                index=about["index"],
                kind=about["kind"],
                name=about["name"],
                macs=about["macs"],
                instructions=count.maximum if counts.unit == "instructions" else None,
                cycles=count.maximum if counts.unit == "cycles" else None,
            )
        )
        row_cycles.append(None if estimated is None else estimated.get(marker, 0))
        kernels.append(str(about["kernel"]))
    return Profile(
        model=built.manifest["name"],
        target=built.target.name,
        isa=built.target.isa,
        optimize=built.optimize,
        unit=counts.unit,
        total=counts.maximum,
        outside=counts.operators[0].maximum,
        macs=int(built.manifest["macs"]),
        cycles=None if estimated is None else sum(estimated.values()),
        outside_cycles=None if estimated is None else estimated.get(-1, 0),
        operators=tuple(rows),
        operator_cycles=tuple(row_cycles),
        kernels=tuple(kernels),
        waits=tuple(waiting.get(k, Waits(0, 0, 0)) for k in [*range(len(rows)), -1])
        if flash
        else (),
        estimator=None if estimated is None else cycles.estimator(built.target),
    )
