"""Watch devices on a page in the browser: channels, score, state, events, the line.

A product with sensors of its own and a logger send their samples; through a device whose samples
come over the line goes a log (--csv). A device that is unplugged is waited for. The page is served
to this machine only. Examples:
  host_tools monitor --port /dev/ttyACM0 --out pump.jsonl
  host_tools monitor --port /dev/ttyACM0 --name pump --port /dev/ttyACM1 --name fan
  host_tools monitor --target stm32f4 --emulate --csv log.csv --speed 60
  host_tools monitor --replay pump.jsonl
  host_tools monitor --port /dev/ttyACM0 --headless --out pump.jsonl --webhook https://host/alarms
"""

import argparse
import functools
import json
import os
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from host_tools.commands import _options as image_options
from host_tools.commands import _output, _reading
from host_tools.commands._options import duration, natural, positive
from host_tools.device.serial_port import find_port
from host_tools.monitor.alarms import Mqtt, Sender, broker, forward, webhook
from host_tools.monitor.events import NOTICE, SEVERITIES, Happening
from host_tools.monitor.feed import Feed, Log
from host_tools.monitor.history import BUDGET_BYTES
from host_tools.monitor.output import LogWriter
from host_tools.monitor.reader import PortPlan, Reader
from host_tools.monitor.replay import Replay
from host_tools.monitor.session import Session, Source
from host_tools.monitor.watched import Hub
from targets import emulate
from targets.errors import ExitCode, SafeError
from targets.load import load

PAGE_PORT = 5006
_ALL_HOURS = 10**6


class MonitorUsageError(SafeError):
    """Options do not fit to each other."""

    exit_code = ExitCode.USAGE


def _speed(text: str) -> float:
    value = 0.0 if text == "max" else float(text)
    if value < 0 or (text != "max" and value == 0):
        raise ValueError
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("--port", action="append", default=[], metavar="P",
        help="/dev/ttyACM0, COM7, or any pyserial URL; again for each further device")  # fmt: skip
    add("--name", action="append", default=[], metavar="NAME",
        help="of the device on each --port, in their order (default: the port's)")  # fmt: skip
    add("--emulate", action="store_true", help="build the product for --target and emulate it")
    add("--replay", type=Path, metavar="JSONL", help="a log of --out --rows, shown again")
    add("--target", default="stm32f4", help="name, or path of a .toml file (default %(default)s)")
    add("--model", action="append", metavar="MODEL",
        help="name under models/, or a folder: names, thresholds; again for each further device"
        " (default forecaster)")  # fmt: skip
    add("--emulator", choices=emulate.KINDS, help="board: the soft board instead of QEMU")
    image_options.add_sensor(parser)
    image_options.add_arguments(parser)
    add("--baud", type=positive, default=115200, help="to begin with (default %(default)s)")
    add("--max-baud", type=natural, default=0, help="to climb to (default: the first rate stays)")
    add("--speed", type=_speed, default=1.0, metavar="X",
        help="of a log: times its own pace, or max (default %(default)g)")  # fmt: skip
    page = parser.add_argument_group("the page")
    page.add_argument("--page-port", type=natural, default=PAGE_PORT, metavar="N",
        help="of http://127.0.0.1:N (default %(default)s; 0: any free one)")  # fmt: skip
    page.add_argument("--open", action="store_true", help="open it in the browser")
    page.add_argument("--headless", action="store_true", help="no page: events as lines of text")
    out = parser.add_argument_group("what is kept and sent")
    out.add_argument("--out", type=_output.file, metavar="JSONL", help="events, one in a line")
    out.add_argument("--rows", action="store_true", help="with --out: all samples, too")
    out.add_argument("--webhook", action="append", default=[], metavar="URL", help="post events")
    out.add_argument("--mqtt", metavar="URL", help="publish events: mqtt://[USER@]HOST[:PORT]/TOPIC"
        " (password in SAFE_MQTT_PASSWORD; mqtts: TLS)")  # fmt: skip
    out.add_argument("--alarms-from", choices=SEVERITIES, default=NOTICE,
        help="least severity that is sent (default %(default)s)")  # fmt: skip
    add("--duration", type=duration, default=0.0, metavar="TIME", help="end after 90s, 10m, 8h")
    add("--json", action="store_true", help="at the end print what became of each device as JSON")
    _reading.add_arguments(parser, "the log that goes through a device that has no sensors")


def _say(line: str) -> None:
    print(f"monitor: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _check(arguments: argparse.Namespace) -> None:
    """Raise MonitorUsageError when it is not said, or said twice, what is watched."""
    given = [bool(arguments.port), arguments.emulate, arguments.replay is not None]
    if sum(given) > 1:
        raise MonitorUsageError("--port, --emulate and --replay: give one of them")
    if arguments.replay is not None and arguments.csv:
        raise MonitorUsageError("--csv goes through a device: give --port or --emulate with it")
    if len(arguments.port) > 1 and arguments.csv:
        raise MonitorUsageError("--csv goes through one device: give one --port")
    if arguments.name and len(arguments.name) != len(arguments.port):
        raise MonitorUsageError(
            f"--name is given {len(arguments.name)} times and --port {len(arguments.port)}: name"
            " each port, or none"
        )
    if len(set(arguments.name)) < len(arguments.name):
        raise MonitorUsageError("--name: two devices have the same name")
    if len(arguments.model) > max(1, len(arguments.port)):
        raise MonitorUsageError("--model: more models than devices")
    if arguments.rows and arguments.out is None:
        raise MonitorUsageError("--rows says what --out holds: give --out FILE, too")
    if arguments.emulate and not (arguments.csv or arguments.sensor):
        raise MonitorUsageError("--emulate needs samples: give --csv LOG, or --sensor DIR")


def _folder(models: Sequence[str], sha256: str) -> Path | None:
    """Return the folder of the model with this hash, if it is one of `models`."""
    from host_tools.compare.participants import sha256_of
    from host_tools.formats import description

    folders = map(description.resolve, models)
    return next((folder for folder in folders if sha256_of(folder) == sha256), None)


def _names(urls: Sequence[str]) -> list[str]:
    """Return the last part of each port, counted where two have the same one."""
    names: list[str] = []
    for url in urls:
        name = Path(url).name
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names


def _log(arguments: argparse.Namespace) -> Log | None:
    """Return the log that goes through the device."""
    if not arguments.csv:
        return None
    from host_tools.data import csv
    from host_tools.formats import description
    from host_tools.workflow.soak import material

    about = description.load(description.resolve(arguments.model[0]))
    options = _reading.options(arguments)
    table = csv.read(arguments.csv, options, channels=about.channels)
    whole = material.of_log(table, _ALL_HOURS)
    return Log(whole.samples, whole.numbers, table.rate_hz, whole.start)


def _image(arguments: argparse.Namespace) -> Path:
    from targets.make import make

    options = image_options.options(arguments, arguments.target)
    built = make(
        arguments.target,
        arguments.model[0],
        app="detector",
        sensor=arguments.sensor,
        options=options,
    )
    return built.elf


def _sources(arguments: argparse.Namespace, hub: Hub, stack: ExitStack) -> Sequence[Source]:
    """Return the threads that give samples; an emulator ends with the stack."""
    if arguments.replay is not None:
        return [Replay(hub, arguments.replay, arguments.speed)]
    log = _log(arguments)
    seconds, names = 1.0, arguments.name or _names(arguments.port)
    urls = list(arguments.port)
    if arguments.emulate:
        from host_tools.workflow.count import reply_seconds

        target = load(arguments.target)
        elf = _image(arguments)
        running = stack.enter_context(emulate.start(target, elf, kind=arguments.emulator))
        urls, names, seconds = [running.url], [f"{target.name}, emulated"], reply_seconds(target)
    elif not urls:
        urls = [find_port()]
        names = _names(urls)
    given = () if arguments.csv else _reading.options(arguments).channels
    found = functools.partial(_folder, arguments.model)
    readers = []
    for url, name in zip(urls, names, strict=True):
        device = hub.add(name, url, BUDGET_BYTES // len(urls))
        plan = PortPlan(url, found, arguments.baud, arguments.max_baud, seconds, given)
        feed = Feed(log, arguments.speed) if log is not None else None
        readers.append(Reader(device, plan, feed))
    return readers


def _connect_alarms(arguments: argparse.Namespace, hub: Hub, stack: ExitStack) -> None:
    """Forward events to whom the user named; what waits is sent before the end."""
    senders = [Sender("webhook", webhook(url), _say) for url in arguments.webhook]
    if arguments.mqtt:
        client = Mqtt(broker(arguments.mqtt, os.environ))
        stack.callback(client.close)
        senders.append(Sender("mqtt", client.send, _say))
    for sender in senders:
        sender.start()
        stack.callback(sender.stop)
    if senders:
        hub.listen(forward(senders, arguments.alarms_from))


def _line(event: Happening) -> str:
    told = event.as_json()
    return f"{told['time']}  {event.device}  {event.severity:6}  {event.text}"


def run(arguments: argparse.Namespace) -> int:
    """Watch until Ctrl-C, --duration, or the end of a log; return the exit code.

    Raises the errors of the device, when it is not there at the start; of the image and the log.
    """
    arguments.model = arguments.model or ["forecaster"]
    _check(arguments)
    hub = Hub()
    with ExitStack() as stack:
        if not arguments.headless:
            from host_tools.monitor.page import require

            require()
        if arguments.out is not None:
            writer = LogWriter(arguments.out, hub, with_rows=arguments.rows)
            stack.callback(writer.close)
        _connect_alarms(arguments, hub, stack)
        if arguments.headless and not arguments.json:
            hub.listen(lambda event: print(_line(event), flush=True))  # noqa: T201
        session = Session(hub, _sources(arguments, hub, stack), arguments.duration)
        if arguments.out is not None:
            session.each_second(writer.flush)
        stack.callback(session.stop)
        try:
            session.start()
            _stay(arguments, session)
        except KeyboardInterrupt:
            if not any(device.rows for device in hub.devices):
                raise
    _tell(arguments, hub)
    return ExitCode.OK


def _stay(arguments: argparse.Namespace, session: Session) -> None:
    if arguments.headless:
        session.wait()
        return
    from host_tools.monitor.page import serve

    def tell(url: str) -> None:
        _say(f"the page is {url} (Ctrl-C ends)")
        if arguments.open:
            webbrowser.open(url)

    serve(session, arguments.page_port, tell)


def _tell(arguments: argparse.Namespace, hub: Hub) -> None:
    if arguments.json:
        sys.stdout.write(json.dumps(hub.summaries(), indent=2, allow_nan=False) + "\n")
        return
    for row in hub.summaries():
        states = ", ".join(f"{count:,} {name}" for name, count in row["states"].items())
        counts = f"{row['rows']:,} samples, {row['lost']:,} lost"
        _say(f"{row['device']}: {counts}{f' ({states})' if states else ''}")
