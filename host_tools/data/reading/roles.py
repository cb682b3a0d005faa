"""What each column is: time, channel, label, state, constant, counter, or left out; and why."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from host_tools.data.reading import clock as clocks
from host_tools.data.reading import counters, labels, numbers
from host_tools.data.reading.clock import Clock
from host_tools.data.reading.evidence import Column
from host_tools.data.reading.labels import Label
from host_tools.data.reading.options import ReadingOptions
from host_tools.data.reading.pick import Choice
from host_tools.data.reading.scan import NUMBER, STAMP, TEXT, Survey
from host_tools.errors import DataError

MOST_STATES = 20
SPARSE = 0.1
"""A channel with values in fewer rows would make nearly every row a gap."""
_SINGLE = 2.0**24
"""Whole numbers above are not all exact in float32."""


@dataclass
class Roles:
    """What every column is.

    Attributes:
        channels: Columns of numbers that are channels, constant ones too.
        constant: Those that never change.
        states: Columns of text that become channels, and their texts.
        left_out: Name and reason of every other column, but for time and labels.
        labels: Columns that label faults.
        notes: What the user should know.
    """

    channels: list[str] = field(default_factory=list)
    constant: list[str] = field(default_factory=list)
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave(self, name: str, why: str) -> None:
        """Leave a column out."""
        self.left_out.append((name, why))


def assign(
    survey: Survey, choice: Choice | None, options: ReadingOptions, file: str, *, lenient: bool
) -> Roles:
    """Give every column its role.

    Args:
        survey: What the columns showed.
        choice: The clock, or None.
        options: What the user says.
        file: For messages.
        lenient: Whether cells of text in a column of numbers are told instead of asked about.

    Raises:
        DataError: Two readings of a column fit, a named column is not there, no channel is left.
    """
    check_names(survey.columns, options, file)
    roles = Roles()
    said = {label.split("=", 1)[0]: label for label in options.label}
    taken = set(choice.clock.columns) if choice else set()
    for name, column in survey.columns.items():
        if name in taken or name == options.group:
            continue
        if name in said:
            value = said[name].partition("=")[2] or None
            found = labels.of_column(column, value, said=True)
            assert found is not None
            roles.labels.append(found)
        elif name in options.ignore and name not in (*options.channels, *options.wanted):
            roles.leave(name, "ignored as asked")
        elif options.channels and name not in options.channels and name not in options.state:
            _only_asked(roles, survey, column)
        else:
            _role(roles, survey, choice, column, options, lenient=lenient)
    if choice is None and options.rate is None:
        _ask_time(survey, options, file)
    if options.group:
        roles.leave(options.group, f"tells {len(survey.groups)} groups apart")
    _finish(roles, survey, choice, file)
    return roles


def _ask_time(survey: Survey, options: ReadingOptions, file: str) -> None:
    """Ask about a time that never changes, or that is called so and cannot be read as one."""
    for clock, steps in survey.clocks.items():
        names = (*options.ignore, *options.channels)
        stuck = steps.zero and not steps.positive and not steps.negative and not clock.numeric
        if stuck and clocks.is_time_name(clock.columns[0]) and clock.columns[0] not in names:
            raise DataError(
                f'{file}: column "{clock.columns[0]}" has the same time in every row: stamps'
                f' coarser than the rows? give --rate HZ, or --ignore "{clock.columns[0]}"'
            )
    for name, column in survey.columns.items():
        many = column.texts is None or len(column.texts) > 0.5 * column.rows
        text = survey.hints[name].kind == TEXT and clocks.is_time_name(name) and many
        if text and name not in (*options.ignore, *options.channels):
            cell = next((c for c in survey.head.get(name, ()) if c.strip()), "")
            raise DataError(
                f'{file}: column "{name}": "{cell[:40]}" cannot be read as a time: give'
                f' --time "{name}" --time-format "%d/%m/%Y %H:%M" as it is written, or --ignore'
                f' "{name}"'
            )


def check_names(columns: Iterable[str], options: ReadingOptions, file: str) -> None:
    """Raise DataError when an option names a column that is not there."""
    if options.kept:
        return
    known = list(columns)
    asked = [
        *(("--time", name) for name in options.time),
        *(("--label", label.split("=", 1)[0]) for label in options.label),
        *(("--channels", name) for name in options.channels),
        *(("--ignore", name) for name in options.ignore),
        *(("--state", name) for name in options.state),
        *([("--group", options.group)] if options.group else []),
        *(("--long", name) for name in options.long),
    ]
    for option, name in asked:
        if name not in known:
            raise DataError(f'{file}: {option}: no column "{name}": there are {", ".join(known)}')


def _only_asked(roles: Roles, survey: Survey, column: Column) -> None:
    """A column that is not among the channels asked for: a sure label labels all the same."""
    if labels.is_likely(column.name) and (found := _label(survey, column)) is not None:
        roles.labels.append(found)
    else:
        roles.leave(column.name, "not among --channels")


def _label(survey: Survey, column: Column) -> Label | None:
    if survey.hints[column.name].kind == STAMP:
        return None
    return labels.of_column(column, None, said=False)


def _role(
    roles: Roles,
    survey: Survey,
    choice: Choice | None,
    column: Column,
    options: ReadingOptions,
    *,
    lenient: bool,
) -> None:
    name, kind = column.name, survey.hints[column.name].kind
    if name.lower() in labels.ANNOTATIONS:
        roles.leave(name, "an annotation, not a channel")
    elif name in options.state:
        roles.states[name] = _states(column)
    elif (
        name not in (*options.channels, *options.wanted)
        and labels.is_likely(name)
        and (found := _label(survey, column)) is not None
    ):
        roles.labels.append(found)
        roles.notes.append(
            f'column "{name}" is a label, not a channel: {found.rows:,} rows are labelled'
            f" ({found.why})"
        )
    elif kind == STAMP:
        roles.leave(name, "dates or times beside the clock")
    elif kind != NUMBER:
        _text(roles, column, survey.head.get(name, ()))
    else:
        _number(roles, survey, choice, column, options, lenient=lenient)


def _states(column: Column) -> tuple[str, ...]:
    if column.filled_texts:
        texts = column.texts or Counter()
        found = sorted(t for t in texts if t.lower() not in numbers.MISSING)
    else:
        found = sorted(labels.text_of(value) for value in column.distinct or {})
    if not 1 <= len(found) <= MOST_STATES:
        raise DataError(
            f"--state {column.name}: {len(found) or 'too many'} different values, at most"
            f" {MOST_STATES} become channels"
        )
    return tuple(found)


def _text(roles: Roles, column: Column, head: Sequence[str]) -> None:
    texts = column.texts
    filled = None if texts is None else [t for t in texts if t.lower() not in numbers.MISSING]
    if filled is not None and 1 <= len(filled) <= MOST_STATES:
        shown = ", ".join(filled[:4]) + (", …" if len(filled) > 4 else "")
        what = "state" if len(filled) > 1 else "text, always the same"
        roles.leave(column.name, f"{what}: {shown}; --state makes channels of it")
        sound = [text for text in filled if text.lower() in labels.HEALTHY]
        alarms = len(filled) < len(column.texts or ()) and labels.is_alarm(column.name)
        if (sound and len(filled) > 1) or alarms:
            roles.notes.append(
                f'"{column.name}" holds {shown}: a label? --label "{column.name}" keeps its faults'
                " out of the training"
            )
    else:
        example = next((cell.strip() for cell in head if cell.strip()), "")
        roles.leave(column.name, f'text ("{example[:20]}", …), not a channel')


def _number(
    roles: Roles,
    survey: Survey,
    choice: Choice | None,
    column: Column,
    options: ReadingOptions,
    *,
    lenient: bool,
) -> None:
    name = column.name
    asked = name in options.channels or name in options.wanted
    if column.text_cells:
        _text_cells(roles, column, lenient=lenient)
    if not column.count and not asked:
        roles.leave(name, "infinite values only" if column.infinite else "no values at all")
        return
    if not asked and (why := counters.why(survey, choice, column, options.rate)) is not None:
        roles.leave(name, why)
        return
    if not asked and column.count < SPARSE * column.rows:
        share = column.count / max(1, column.rows)
        roles.leave(name, f"values in {share:.1%} of the rows: every other row would be a gap;"
                          " --channels keeps it, read --resample joins the rates")  # fmt: skip
        return
    roles.channels.append(name)
    if column.constant:
        roles.constant.append(name)
    _number_notes(roles, column)


def _text_cells(roles: Roles, column: Column, *, lenient: bool) -> None:
    text, count = column.numbers.texts.most_common(1)[0]
    where = f'{column.numbers.places[text]}: column "{column.name}": "{text[:40]}"'
    more = len(column.numbers.texts) - 1
    others = f" (and {more} other texts)" if more else ""
    mark = numbers.mark_of(text)
    if not lenient and more and mark:
        raise DataError(
            f'{where} ({count:,} cells{others}) is a number with a mark: --missing "{mark}" takes'
            f' every cell with it as no value, --ignore "{column.name}" leaves the column out'
        )
    if not lenient:
        raise DataError(
            f"{where} ({count:,} cells{others}) is not a number: when it means no value, give"
            f' --missing "{text[:40]}"'
        )
    roles.notes.append(f"{where} ({count:,} cells{others}) is not a number, taken as no value")


def _number_notes(roles: Roles, column: Column) -> None:
    name = column.name
    if column.whole and max(abs(column.low), abs(column.high)) > _SINGLE and not column.constant:
        roles.notes.append(
            f'"{name}" holds whole numbers up to {max(-column.low, column.high):.0f}: above'
            " 16,777,216 a device's float32 loses digits"
        )
    if (
        column.rising
        and not column.falling
        and not column.flat
        and column.rows >= counters.LEAST_EVIDENCE
    ):
        roles.notes.append(
            f'"{name}" rises with every row: a clock or a counter? --ignore "{name}" leaves it out'
        )
    lost = column.missing / max(1, column.rows)
    if 0.2 < lost <= 1 - SPARSE and column.count:
        roles.notes.append(
            f'"{name}" has no value in {lost:.0%} of the rows, each a gap: --ignore "{name}" leaves'
            " it out, read --resample joins the rates"
        )
    two = column.distinct is not None and len(column.distinct) == 2
    if two and column.whole and column.changes <= 0.02 * column.rows:
        shown = " and ".join(f"{value:g}" for value in sorted(column.distinct or ()))
        roles.notes.append(
            f'"{name}" holds {shown} over long stretches: a label? --label "{name}" keeps its'
            f' faults out of the training, --ignore "{name}" leaves it out'
        )


def _finish(roles: Roles, survey: Survey, choice: Choice | None, file: str) -> None:
    if roles.labels:
        rows = survey.rows
        if any(label.rows >= rows for label in roles.labels) and rows:
            raise DataError(f"{file}: every row is labelled: nothing normal is left to learn from")
    if not roles.channels and not roles.states:
        why = "; ".join(f'"{name}": {text}' for name, text in roles.left_out[:4])
        more = "" if choice is not None else " and no time"
        raise DataError(
            f"{file}: no column of numbers is left to be a channel{more}"
            f" ({why or 'none is there'}): --channels names the ones to take"
        )


def forms_of(
    survey: Survey, delimiter: str, options: ReadingOptions, file: str
) -> dict[str, numbers.Form]:
    """Return how the numbers of each column are read, from all of its cells.

    Raises:
        DataError: Two readings fit, or the cells have two units.
    """
    proofs: set[str] = set()
    for name, column in survey.columns.items():
        if survey.hints[name].kind == NUMBER:
            proofs |= numbers.proven(column.numbers)
    if survey.decimal == "." and any(_has_decimals(survey, c) for c in survey.columns.values()):
        proofs.add(".")
    only = next(iter(proofs)) if len(proofs) == 1 else ""
    locale = numbers.Locale(only, delimiter, options.decimal or "")
    found = {}
    for name, column in survey.columns.items():
        hint = survey.hints[name]
        if hint.kind != NUMBER or name in options.ignore:
            found[name] = hint.form
            continue
        if not numbers.marked(column.numbers):
            found[name] = hint.form
            continue
        decided = numbers.decide(column.numbers, locale)
        if isinstance(decided, str):
            raise DataError(f'{file}: column "{name}": {decided}')
        units = [unit for unit in column.numbers.units if unit]
        if len(units) > 1:
            raise DataError(
                f'{file}: column "{name}": cells in two units, "{units[0]}" and "{units[1]}":'
                " convert one of them, or --ignore the column"
            )
        unit = units[0] if units else ""
        found[name] = replace(hint.form, decimal=decided[0], thousands=decided[1], unit=unit)
    return found


def _has_decimals(survey: Survey, column: Column) -> bool:
    """Whether plain numbers of a column have more or fewer than three digits after the point."""
    if survey.hints[column.name].kind != NUMBER:
        return False
    cells = survey.head.get(column.name, [])[:200]
    return any(numbers.classify(cell).kind == numbers.POINT for cell in cells)


def clock_left_out(clock: Clock | None) -> tuple[str, ...]:
    """Return the columns that the clock takes."""
    return clock.columns if clock is not None else ()
