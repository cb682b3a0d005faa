"""The page of one browser window: it shows one device at a time, and the heads of all."""

from collections.abc import Callable
from html import escape
from typing import Any

from bokeh.document import Document
from bokeh.events import RangesUpdate, Reset
from bokeh.models import (
    Button,
    Div,
    InlineStyleSheet,
    RadioButtonGroup,
    Range1d,
    Row,
    Select,
    Toggle,
)

from host_tools.monitor import markup
from host_tools.monitor.plots import ChannelPlot, LanesPlot, ScorePlot
from host_tools.monitor.watched import Device, Hub

PERIOD_MS = 500
SLOW_PERIOD_MS = 1000
"""Time between two drawings of a page with many channels: the eye follows no faster."""
MANY_CHANNELS = 32
WINDOWS = {
    "1 minute": 60.0,
    "10 minutes": 600.0,
    "1 hour": 3600.0,
    "8 hours": 28_800.0,
    "1 day": 86_400.0,
    "all": 0.0,
}
_LEAST_SECONDS = 1.0
_QUESTIONS = {
    "relearn": "Forget what {name} has learned of its machine, and learn it anew from now on?",
    "save": "Save the present baseline of {name} in its flash?",
}
_FEW_PERIODS = 600
"""A window that holds about so many rows is the first one."""


class Page:
    """The widgets of one window, and what they show."""

    def __init__(self, hub: Hub, document: Document) -> None:
        """Make the widgets and show the first device."""
        self._hub, self._document = hub, document
        self._device = hub.devices[0]
        self._is_live = True
        self._is_window_chosen = False
        self._asked = ""
        self._seen: Any = None
        self._range = Range1d(0, 1, min_interval=200)
        self._score, self._lanes = ScorePlot(self._range), LanesPlot(self._range)
        self._channel = ChannelPlot(self._range)
        self._make_controls()
        self._divs = {
            name: self._div(name) for name in ("cards", "values", "facts", "events", "export")
        }
        for plot in (self._score.plot, self._lanes.plot, self._channel.plot):
            plot.on_event(RangesUpdate, self._moved)
            plot.on_event(Reset, lambda _: self._go_live())
        self._choose(self._device)
        self._add_roots()
        many = max((len(d.facts.channels) for d in hub.devices), default=0) > MANY_CHANNELS
        document.add_periodic_callback(self.update, SLOW_PERIOD_MS if many else PERIOD_MS)
        self.update()

    @staticmethod
    def _div(name: str) -> Div:
        style = InlineStyleSheet(css=markup.CSS)
        return Div(name=name, text="", stylesheets=[style], sizing_mode="stretch_width")

    def _make_controls(self) -> None:
        names = [device.name for device in self._hub.devices]
        self._devices = RadioButtonGroup(labels=names, active=0, visible=len(names) > 1)
        self._devices.on_change("active", lambda _a, _o, new: self._choose(self._hub.devices[new]))
        self._window = Select(
            title="", options=list(WINDOWS), value=self._first_window(), width=115
        )
        self._window.on_change("value", lambda _a, _o, new: self._set_window(new))
        self._live = Toggle(label="Live", active=True, button_type="success", width=80)
        self._live.on_change("active", lambda _a, _o, new: self._set_live(is_on=new))
        self._pick = Select(title="", options=[], width=240)
        self._pick.on_change("value", lambda _a, _o, _n: self._changed())
        self._buttons = {
            "acknowledge": self._button("Acknowledge", self._acknowledge),
            "relearn": self._button("Relearn …", lambda: self._ask("relearn")),
            "save": self._button("Save baseline …", lambda: self._ask("save")),
        }
        self._question = Div(text="", visible=False, styles={"font-weight": "600"})
        self._yes = Button(label="Yes, do it", button_type="danger", visible=False, width=110)
        self._no = Button(label="No", visible=False, width=80)
        self._yes.on_click(self._confirm)
        self._no.on_click(lambda: self._ask(""))

    def _first_window(self) -> str:
        period = self._device.facts.period or 1.0
        wanted = _FEW_PERIODS * period
        bounded = [name for name, seconds in WINDOWS.items() if seconds]
        return min(bounded, key=lambda name: abs(WINDOWS[name] - wanted))

    @staticmethod
    def _button(label: str, action: Callable[[], None]) -> Button:
        button = Button(label=label, width=130)
        button.on_click(action)
        return button

    def _add_roots(self) -> None:
        time = Row(self._window, self._live, self._divs["export"], styles={"flex-wrap": "wrap"})
        asked = Row(self._question, self._yes, self._no, styles={"flex-wrap": "wrap"})
        actions = Row(*self._buttons.values(), styles={"flex-wrap": "wrap"})
        roots = {
            "devices": self._devices,
            "actions": actions,
            "asked": asked,
            "time": time,
            "score": self._score.plot,
            "lanes": self._lanes.plot,
            "pick": self._pick,
            "channel": self._channel.plot,
        }
        for name in ("cards", "values", "facts", "events"):
            self._document.add_root(self._divs[name])
        for name, root in roots.items():
            root.name = name
            self._document.add_root(root)

    def _choose(self, device: Device) -> None:
        """Show another device."""
        self._device = device
        names = [device.facts.label(c) for c in range(len(device.facts.channels))]
        self._pick.options = names
        if names and self._pick.value not in names:
            self._pick.value = names[0]
        self._score.plot.visible = bool(device.facts.sha256)
        if self._is_live and not self._is_window_chosen:
            self._window.value = self._first_window()
        self._ask("")
        self._changed()

    def _changed(self) -> None:
        """Draw anew with the next round, whatever came meanwhile."""
        self._seen = None

    # ---- time ----------------------------------------------------------------------------

    def _go_live(self) -> None:
        self._live.active = True
        self._is_live = True
        self._changed()

    def _set_window(self, name: str) -> None:
        """Show so much; what the user chose stays when another device is shown."""
        self._is_window_chosen |= name != self._first_window()
        self._go_live()

    def _set_live(self, *, is_on: bool) -> None:
        self._is_live = is_on
        self._live.button_type = "success" if is_on else "default"
        self._live.label = "Live" if is_on else "Go live"
        self._changed()

    def _moved(self, event: RangesUpdate) -> None:
        """Note that the user moved or zoomed: the page stays there."""
        self._live.active = False
        self._range.update(start=event.x0, end=event.x1)
        self._changed()

    def _visible(self) -> tuple[float, float]:
        """Return the visible time in seconds since 1970; moves on when it is live."""
        if not self._is_live:
            return float(self._range.start) / 1000, float(self._range.end) / 1000
        device = self._device
        assert device.history is not None
        last = max(device.newest, _LEAST_SECONDS)
        seconds = WINDOWS[self._window.value]
        first = last - seconds if seconds else min(device.history.oldest, last - _LEAST_SECONDS)
        self._range.update(start=1000 * first, end=1000 * last)
        return first, last

    # ---- actions -------------------------------------------------------------------------

    def _acknowledge(self) -> None:
        self._device.acknowledge()
        self.update()

    def _ask(self, action: str) -> None:
        """Ask before `action`; empty: ask nothing."""
        self._asked = action
        question = _QUESTIONS.get(action, "").format(name=self._device.name)
        self._question.text = escape(question)
        for widget in (self._question, self._yes, self._no):
            widget.visible = bool(action)

    def _confirm(self) -> None:
        if self._asked:
            self._device.wish(self._asked)
        self._ask("")

    # ---- drawing -------------------------------------------------------------------------

    def update(self) -> None:
        """Show what has come since the last time."""
        device = self._device
        line = device.line
        seen = (device, device.rows, self._hub.told, line.connected, line.trouble, line.stats)
        others = tuple(d.rows for d in self._hub.devices)
        if (seen, others) == self._seen:
            return
        self._seen = (seen, others)
        self._document.hold()
        try:
            self._draw(device)
        finally:
            self._document.unhold()

    def _draw(self, device: Device) -> None:
        if device.facts.channels and not self._pick.options:
            self._choose(device)
        with device.lock:
            self._set("cards", markup.cards(self._hub.devices, device))
            self._set("values", markup.values(device))
            self._set("facts", markup.facts(device))
            several = len(self._hub.devices) > 1
            self._set("events", markup.events(tuple(self._hub.events), several=several))
            self._buttons["acknowledge"].disabled = not device.unacknowledged
            for action in ("relearn", "save"):
                has = action in device.facts.actions and device.line.connected
                self._buttons[action].disabled = not has
            if device.history is None or not device.history.count:
                return
            first, last = self._visible()
            number = self._hub.devices.index(device)
            self._set("export", markup.export_link(number, first, last))
            if self._score.plot.visible:
                self._score.show(device, first, last)
            self._lanes.show(device, first, last)
            channel = list(self._pick.options).index(self._pick.value)
            self._channel.show(device, channel, first, last)

    def _set(self, name: str, text: str) -> None:
        if self._divs[name].text != text:
            self._divs[name].text = text
