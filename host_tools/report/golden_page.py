"""The comparison of all implementations: table for the terminal, CSV, HTML page."""

from collections.abc import Callable, Sequence

from host_tools.compare.matrix import (
    DEVICE,
    EXACT,
    FLOAT,
    ROUNDING,
    SHOWN_LSB,
    ImplementationPair,
    Matrix,
)
from host_tools.report.page import Bullets, Cell, Page, Section, Table, heat
from host_tools.report.table import aligned
from host_tools.report.words import DASH, number

COLUMNS = ("left", "right", "windows", "values", "mismatched", "mismatched_percent", "max_lsb",
           "rmse_lsb", "rmse_sigma", "mae_sigma", "max_sigma", "must_agree")  # fmt: skip
Show = Callable[[ImplementationPair], tuple[str, float]]
_WORDS = {FLOAT: "float model", EXACT: "must agree", DEVICE: "device, must agree",
          ROUNDING: "device, rounds in its own way"}  # fmt: skip


def _must_agree(found: Matrix, pair: ImplementationPair) -> bool:
    kinds = dict(found.participants)
    return {kinds[pair.left], kinds[pair.right]} <= {EXACT, DEVICE}


def csv_rows(found: Matrix) -> list[list[object]]:
    """Return the rows of `compare_human.csv`, columns COLUMNS."""
    return [
        [p.left, p.right, p.windows, p.values, p.mismatched,
         round(100 * p.mismatched / p.values, 4), p.max_lsb, round(p.rmse_lsb, 5),
         *("" if v is None else round(v, 6) for v in (p.rmse, p.mae, p.max)),
         "yes" if _must_agree(found, p) else "no"]
        for p in found.pairs
    ]  # fmt: skip


def verdict(found: Matrix) -> str:
    """Return the result in one line."""
    if found.differing:
        worst = max(found.differing, key=lambda p: p.mismatched)
        return (
            f"DIFFERENT: {worst.left} and {worst.right} differ in {worst.mismatched:,} of"
            f" {worst.values:,} bytes, at most {worst.max_lsb} LSB"
        )
    strict = [name for name, kind in found.participants if kind in (EXACT, DEVICE)]
    if found.device in [name for name, kind in found.participants if kind == ROUNDING]:
        apart = f"{found.device} need not be exact: at most {found.device_max_lsb} LSB apart"
        return f"host implementations agree to the last bit: {', '.join(strict)}; {apart}"
    what = "device = host" if found.device else "host implementations agree (no device asked)"
    return f"{what}, to the last bit: {', '.join(strict)}"


def render(found: Matrix) -> str:
    """Return the text for the terminal; ends without a newline."""
    kinds = ", ".join(f"{count} {name}" for name, count in found.windows_by_kind.items() if count)
    lines = [f"golden: {found.model}  sha256 {found.model_sha256[:12]}…  windows: {kinds}",
             found.lsb.text, ""]  # fmt: skip
    rows = [["pair", "windows", "differ", "of bytes", "max LSB", "RMSE σ", ""]]
    rows += [
        [f"{p.left} / {p.right}", number(p.windows), number(p.mismatched), number(p.values),
         number(p.max_lsb), number(p.rmse, 5), _remark(found, p)]
        for p in found.pairs
    ]  # fmt: skip
    lines += aligned(rows, right=True)
    lines += [f"  {name}: did not run: {reason}" for name, reason in found.absent]
    return "\n".join([*lines, "", verdict(found)])


def _remark(found: Matrix, pair: ImplementationPair) -> str:
    if not _must_agree(found, pair):
        return ""
    return "DIFFERENT" if pair.mismatched else "equal"


def _grid(
    found: Matrix, show: Callable[[ImplementationPair], tuple[str, float]], title: str, text: str
) -> Section:
    names = [name for name, _ in found.participants]
    rows: list[Sequence[str | Cell]] = []
    for one in names:
        row: list[str | Cell] = [one]
        for other in names:
            pair = found.pair(one, other) if one != other else None
            if pair is None:
                row.append(Cell(DASH, "heat"))
                continue
            value, strength = show(pair)
            if _must_agree(found, pair):
                row.append(heat(value, 0.6, "red" if pair.mismatched else "green"))
            else:
                row.append(heat(value, strength))
        rows.append(row)
    return Section(title, text, [Table(title, ["", *names], rows, dense=True)])


def _mismatches(pair: ImplementationPair) -> tuple[str, float]:
    share = pair.mismatched / pair.values
    return (f"{share:.1%}" if pair.mismatched else "0"), share


def _largest(pair: ImplementationPair) -> tuple[str, float]:
    return f"{pair.max_lsb}", pair.max_lsb / 16


def _rmse(pair: ImplementationPair) -> tuple[str, float]:
    return number(pair.rmse, 5), (pair.rmse or 0.0) / 0.02


def _histogram(found: Matrix) -> Section:
    keys = range(-SHOWN_LSB, SHOWN_LSB + 1)
    ends = {-SHOWN_LSB: f"≤ −{SHOWN_LSB}", SHOWN_LSB: f"≥ {SHOWN_LSB}"}
    head = ["", *(ends.get(key, f"{key:+d}" if key else "0") for key in keys)]
    rows: list[Sequence[str | Cell]] = []
    for name, counts in found.histogram.items():
        total = max(1, sum(counts.values()))
        rows.append(
            [name, *(heat(number(counts[key]), (counts[key] / total) ** 0.5) for key in keys)]
        )
    title = "Differences in LSB"
    text = f"Output bytes by their difference to {found.yardstick}, in LSB."
    return Section(title, text, [Table(title, head, rows, dense=True)])


def _parts(found: Matrix) -> list[Section]:
    parts: list[Sequence[str | Cell]] = [
        [name, Cell(_WORDS.get(kind, "rounds in its own way"), "words"),
         number(found.seconds.get(name), 2)] for name, kind in found.participants
    ]  # fmt: skip
    parts += [[name, Cell(f"did not run: {why}", "words"), DASH] for name, why in found.absent]
    units = [[name, f"{value:.6g}"] for name, value in found.lsb.units.items()]
    return [
        Section("Implementations", "What took part, and seconds on this host.",
                [Table("Implementations", ["name", "part", "s"], parts)]),
        Section("One LSB in raw units", "Output scale times the channel's standard deviation.",
                [Table("One LSB by channel", ["channel", "1 LSB"], units)]),
    ]  # fmt: skip


def page(found: Matrix) -> str:
    """Return the HTML page."""
    device = found.pair(found.yardstick, found.device) if found.device else None
    against_float = next(
        (p for p in found.pairs if FLOAT in (p.left, p.right) and found.yardstick in
         (p.left, p.right)), None,
    )  # fmt: skip
    cards = [
        (number(sum(p.mismatched for p in found.differing)), "bytes differ that must agree"),
        (number(sum(found.windows_by_kind.values())), "windows, all implementations the same"),
        (DASH if device is None else number(device.max_lsb), "LSB at most, device to host"),
        (number(against_float.rmse if against_float else None, 5), "RMSE of int8 to float, in σ"),
    ]
    sections = [
        Section("Result", found.lsb.text + ".", [Bullets([verdict(found)])]),
        _grid(found, _mismatches, "Mismatches", "Part of the output bytes that differ. Green must "
              "agree and does. With float: float rounded to int8, in-distribution windows only."),
        _grid(found, _largest, "Largest difference", "In LSB."),
        _grid(found, _rmse, "RMSE", "In σ, over in-distribution windows."),
        _histogram(found),
        *_parts(found),
    ]  # fmt: skip
    word = "device = host" if found.device_equals_host else "host agrees"
    word = word if found.exact else "DIFFERENT"
    kinds = ", ".join(f"{count} {name}" for name, count in found.windows_by_kind.items() if count)
    lines = [f"{kinds} windows · device: {found.device or 'none'}",
             f"model SHA-256 {found.model_sha256}"]  # fmt: skip
    title = f"Golden comparison of {found.model}"
    return Page(title, lines, cards, sections, word, found.exact).html()
