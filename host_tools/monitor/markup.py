"""Parts of the page as HTML: heads of the devices, values, facts, events. All text is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from host_tools.formats.record import RAISED, VERDICTS
from host_tools.monitor import palette
from host_tools.monitor.events import Happening, drifting, listed, state_word
from host_tools.monitor.watched import Device, Line
from host_tools.recording.log_file import utc

SHOWN_EVENTS = 100

CSS = """
:host { font: 14px/1.4 system-ui, "Segoe UI", Roboto, sans-serif; color: #222b36; }
.cards { display: flex; flex-wrap: wrap; gap: 10px; }
.card { border: 1px solid #d5dbe1; border-left: 6px solid var(--c); border-radius: 6px;
  padding: 8px 12px; background: #fff; box-sizing: border-box; flex: 1 1 260px;
  max-width: 420px; }
.bk-clearfix { display: block !important; }
.card.chosen { box-shadow: 0 0 0 1px var(--c); }
.card h2 { font-size: 15px; margin: 0 0 4px; overflow-wrap: anywhere; }
.pill { display: inline-block; background: var(--c); color: #fff; border-radius: 10px;
  padding: 1px 10px; font-weight: 600; }
.open { color: #c62828; font-weight: 600; margin-left: 8px; }
.muted { color: #55606c; }
.bad { color: #b3261e; font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: 13px;
  font-variant-numeric: tabular-nums; }
td, th { padding: 2px 6px; text-align: left; border-bottom: 1px solid #e8ecf0; font-weight: 400; }
th { color: #55606c; }
td.n { text-align: right; white-space: nowrap; }
td.name { overflow-wrap: anywhere; }
p { margin: 6px 0 0; font-size: 12px; }
.events td { vertical-align: top; }
tr.named td { color: #b3261e; font-weight: 600; }
tr.masked td { color: #6b7682; }
h3 { font-size: 13px; margin: 0 0 4px; color: #55606c; font-weight: 600; }
.events { max-height: 340px; overflow-y: auto; }
.events td:first-child { white-space: nowrap; color: #55606c; }
.s-notice { color: #8a4b00; } .s-alarm { color: #b3261e; font-weight: 600; }
a.button { display: inline-block; padding: 5px 12px; border: 1px solid #aab4be; border-radius: 4px;
  color: #222b36; text-decoration: none; background: #fff; }
a.button:hover { background: #eef2f5; }
"""


def value_text(value: float) -> str:
    """Return a float32 as it came, at most seven digits; a dash for none."""
    return f"{np.float32(value):.7g}" if np.isfinite(value) else "–"


def clock(stamp: float) -> str:
    """Return the time of the day in UTC."""
    return utc(stamp)[11:19]


def _state(device: Device) -> tuple[str, str]:
    """Return word and colour of what a device is in."""
    if not device.line.connected:
        return "connecting" if not device.line.trouble else "no connection", palette.UNKNOWN
    state = device.state
    if state is None:
        return "no detector" if device.rows else "waiting", palette.UNKNOWN
    return state_word(state), palette.of_state(state)


def _card(device: Device, *, is_chosen: bool) -> str:
    word, colour = _state(device)
    record = device.last.record if device.last else None
    open_ = '<span class="open">not acknowledged</span>' if device.unacknowledged else ""
    score = ""
    if record is not None and record["state"] in VERDICTS:
        score = f"score {record['score']:.3g}, notice above {record['limit']:.3g}"
    elif device.rows and device.line.connected and record is not None:
        score = "no verdict yet"
    names = ""
    if record is not None and record["state"] in RAISED:
        names = ", ".join(device.facts.label(c) for c in listed(record["top"]))
    rate = f"samples a second: {device.rate_hz:.3g}" if device.rate_hz else ""
    lines = [text for text in (score, names, rate) if text and device.line.connected]
    trouble = device.line.trouble if not device.line.connected else ""
    return (
        f'<div class="card{" chosen" if is_chosen else ""}" style="--c: {colour}">'
        f"<h2>{escape(device.name)}</h2>"
        f'<span class="pill" data-state="{escape(word)}">{escape(word)}</span>{open_}'
        + "".join(f'<div class="muted">{escape(line)}</div>' for line in lines)
        + (f'<div class="bad">{escape(trouble)}; trying again</div>' if trouble else "")
        + "</div>"
    )


def cards(devices: Sequence[Device], chosen: Device) -> str:
    """Return the heads of all devices."""
    return f'<div class="cards">{"".join(_card(d, is_chosen=d is chosen) for d in devices)}</div>'


def values(device: Device) -> str:
    """Return the last value of each channel, and what the detector says of it."""
    sample = device.last
    if sample is None:
        return "<h3>Values</h3><p>No sample yet.</p>"
    top: tuple[int, ...] = ()
    masked: tuple[int, ...] = ()
    drift = None
    if sample.record is not None:
        masked, drift = listed(sample.record["masked"]), drifting(sample.record)
        top = listed(sample.record["top"]) if sample.record["state"] in RAISED else ()
    rows = []
    for c, value in enumerate(sample.values):
        kind, mark = "", ""
        if c in masked:
            kind, mark = "masked", "out"
        elif c in top:
            kind, mark = "named", f"#{top.index(c) + 1}"
        elif c == drift:
            mark = "drift"
        rows.append(
            f'<tr class="{kind}" data-channel="{c}"><td class="name">'
            f'{escape(device.facts.channels[c])}</td><td class="n">{value_text(value)}</td>'
            f"<td>{escape(device.facts.units[c])}</td><td>{mark}</td></tr>"
        )
    return (
        f'<h3>Values at <span class="at" data-number="{sample.number}">{utc(sample.stamp)[:-4]}Z'
        f"</span></h3><table>{''.join(rows)}</table>"
        '<p class="muted">#1 to #4: named by the detector, the first most. out: not believed, left'
        " out. drift: moves slowly away.</p>"
    )


def _quality(line: Line) -> list[tuple[str, str]]:
    found = [
        ("Samples lost", f"{line.lost:,}"),
        ("Damaged frames", f"{line.damaged:,}"),
        ("Sent again", f"{line.repeats:,}"),
        ("Connection lost", f"{line.lost_ports:,} times" if line.lost_ports else "never"),
    ]
    if line.baud:
        found.append(("Rate of the line", f"{line.baud:,} baud"))
    return found


def facts(device: Device) -> str:
    """Return what is known of the device and its line."""
    about, line, stats = device.facts, device.line, device.line.stats
    rows = [("Where", device.where)]
    if about.model:
        rows.append(("Model", f"{about.model} ({about.sha256[:8]})"))
    if about.version:
        rows.append(("SAFE", about.version))
    if about.period:
        rows.append(("Period", f"{about.period:.6g} s"))
    rows += [("Samples", f"{device.rows:,}"), *_quality(line)]
    if stats is not None:
        rows.append(("Device up", f"{stats.uptime_ms / 3.6e6:.3g} h"))
        rows.append(("Deepest stack", f"{stats.stack_bytes:,} bytes" if stats.stack_bytes else "–"))
        rows.append(("Device status", ", ".join(line.status) or "healthy"))
    cycles = device.last.cycles if device.last else None
    rows.append(("Cycles of a step", f"{cycles:,}" if cycles else "–"))
    body = "".join(f"<tr><th>{k}</th><td class='name'>{escape(v)}</td></tr>" for k, v in rows)
    return f"<h3>Device and line</h3><table>{body}</table>"


def events(found: Iterable[Happening], *, several: bool) -> str:
    """Return the last events, the newest first."""
    rows = []
    for event in list(found)[: -SHOWN_EVENTS - 1 : -1]:
        who = f"{escape(event.device)}: " if several else ""
        rows.append(
            f'<tr class="s-{event.severity}"><td>{clock(event.stamp)}</td>'
            f'<td class="name">{who}{escape(event.text)}</td></tr>'
        )
    body = f"<table>{''.join(rows)}</table>" if rows else "<p>Nothing happened yet.</p>"
    return f'<h3>Events</h3><div class="events">{body}</div>'


def export_link(number: int, first: float, last: float) -> str:
    """Return the link that saves the visible part of a device's history."""
    where = f"/export.csv?device={number}&amp;from={first:.6f}&amp;to={last:.6f}"
    return f'<a class="button" href="{where}" download>Save as CSV</a>'
