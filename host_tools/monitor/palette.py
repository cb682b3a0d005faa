"""Colours of the page: each state has one, dark enough for white text (contrast 4.5 and more)."""

from host_tools.formats.record import State

STATES = {
    State.OK: "#2e7d32",
    State.NOTICE: "#a85b00",
    State.ALARM: "#c62828",
    State.WARMUP: "#5c6b7a",
    State.LEARN: "#1565c0",
    State.DEGRADED: "#6a3fa0",
    State.STALE: "#5c6b7a",
}
UNKNOWN = "#5c6b7a"
LINE, NAMED, MASKED = "#1f5f99", "#c62828", "#9aa5b1"
"""Lines of a channel: usual, named by a raised state, left out."""
SCORE = "#222b36"


def of_state(state: int | None) -> str:
    """Return the colour of a state; grey for none."""
    return STATES[State(state)] if state in STATES else UNKNOWN
