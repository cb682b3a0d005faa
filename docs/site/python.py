"""The page of the Python interface: modules that a user's own script may import, by griffe."""

EXAMPLE = """\
from safe_edge.command import enter

enter()  # SAFE's modules are on the path now, in a clone and where a wheel is installed

from pathlib import Path

from host_tools.data import csv, table
from host_tools.detection import replay
from host_tools.formats import description
from host_tools.formats.record import State
from host_tools.runtimes import host_c

model = Path("mymodel")
about = description.load(model)
log = csv.read(Path("measurements.csv"), channels=about.channels)
samples, labels = table.stream(log)  # as a device gets them: a gap is some rows of NaN
forecast = host_c.compile_model(model, Path("build")).run if about.has_network else None
records = replay.run_chain(replay.load(model), samples, forecast)
alarms = records[records["state"] == State.ALARM]
print(f"{len(alarms)} of {len(records)} samples in alarm")
"""

PARTS = {
    "Files of a model directory": (
        ("host_tools.formats.description", ("Description", "load")),
        ("host_tools.formats.scaler", ("Scaler", "load")),
        ("host_tools.formats.detector", ("Detector", "Form", "load")),
        ("host_tools.formats.golden", ("Golden", "load", "save")),
        ("host_tools.formats.record", ("State", "Event", "RECORD")),
    ),
    "Logs": (
        ("host_tools.data.csv", ("read", "match")),
        ("host_tools.data.table", ("Table", "stream")),
        ("host_tools.data.reading.options", ("ReadingOptions", "load")),
    ),
    "What a device answers": (
        ("host_tools.detection.replay", ("ChainConfig", "load", "run_chain")),
        ("host_tools.runtimes.host_c", ("HostModel", "compile_model")),
    ),
    "A device on the line": (
        ("host_tools.device.serial_port", ("SerialPort", "find_port")),
        ("host_tools.device.link", ("Link",)),
        ("host_tools.device.stream", ("SampleStream",)),
        ("host_tools.device.protocol", ("DeviceInfo",)),
    ),
    "Generator": (("codegen.pipeline", ("generate",)),),
    "Errors": (("host_tools.errors", ()), ("targets.errors", ("ExitCode", "SafeError"))),
}
"""Part of the page → its modules, and which of their names; none: all."""

_HEAD = """# Python interface

What the verbs do can be done by a script, too. These are the modules that a script of yours may
import; everything else may change with any release, and so may these before 1.0
([releases](releases.md)). Every error is a `SafeError` whose text is the line that the command
would print.

This runs a log through the detector of a model directory, with the records that a device would
give, to the last bit:

```python
{example}```

With a device: open a `SerialPort`, `connect()` a `Link` to it, and take samples through a
`SampleStream`, as `host_tools/device/bench.py` does.
"""


def _directive(module: str, names: tuple[str, ...]) -> str:
    members = f"\n    options:\n      members: [{', '.join(names)}]" if names else ""
    return f"::: {module}{members}\n"


def page() -> str:
    """Return the page in Markdown, with what mkdocstrings puts the reference in place of."""
    parts = [_HEAD.format(example=EXAMPLE)]
    for title, modules in PARTS.items():
        parts.append(f"## {title}\n")
        parts += [_directive(module, names) for module, names in modules]
    return "\n".join(parts)
