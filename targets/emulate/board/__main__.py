"""Run an image on the soft board; started by `host_tools emulate`, ended by a signal.

Prints `url socket://127.0.0.1:PORT`, then waits for a client and switches the board on.
"""

import argparse
import signal
import sys
from pathlib import Path

from targets.emulate.board import restore
from targets.emulate.board.base import erased_store
from targets.emulate.board.chip import Outside
from targets.emulate.board.machine import Machine
from targets.emulate.board.peripheral.analog import Analog
from targets.emulate.board.peripheral.i2c_bus import I2cBus
from targets.emulate.board.peripheral.programming import PowerCut, StoreMemory
from targets.emulate.board.peripheral.serial import Serial
from targets.emulate.board.riscv_machine import Machine as RiscvMachine
from targets.errors import ExitCode, SafeError
from targets.load import Target
from targets.places import BUILD


def _say(line: str) -> None:
    sys.stdout.write(f"board: {line}\n")
    sys.stdout.flush()


def _store(target: Target, arguments: argparse.Namespace) -> StoreMemory | None:
    """Return the flash of the store as the last run left it."""
    store = erased_store(target)
    if store is not None:
        store.cut_after = arguments.cut_after
        if arguments.store is not None:
            store.load(arguments.store)
    return store


def _keep(store: StoreMemory | None, path: Path | None) -> int:
    """Write the flash of the store for the next run; return the exit code."""
    if store is not None and path is not None:
        try:
            store.keep(path)
        except OSError as error:
            _say(f"{path}: cannot be written: {error.strerror}")
            return int(ExitCode.OUTPUT)
    return int(ExitCode.OK)


def main() -> int:
    """Run until a signal comes; return the exit code."""
    parser = argparse.ArgumentParser(prog="board", description=__doc__, allow_abbrev=False)
    parser.add_argument("--target", required=True, help="description as JSON")
    parser.add_argument("--image", required=True, type=Path, help="ELF file")
    parser.add_argument("--analog", type=Path, help="CSV of the voltages at the analog pins")
    parser.add_argument("--i2c", type=Path, help="CSV of the devices on the I2C bus")
    parser.add_argument("--store", type=Path, help="flash of the store, kept over runs")
    parser.add_argument("--cut-after", type=int, help="the power goes in this byte of the store")
    parser.add_argument("--fast", action="store_true", help="time asleep passes at once")
    parser.add_argument("--strict", action="store_true", help="reported accesses fault, too")
    arguments = parser.parse_args()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        signal.signal(number, signal.default_int_handler)
    serial = Serial()
    store = None
    try:
        target = restore(arguments.target)
        store = _store(target, arguments)
        kind = RiscvMachine if target.target.arch == "riscv32" else Machine
        machine = kind(
            target,
            arguments.image,
            serial,
            BUILD / "plugins",
            strict=arguments.strict,
            say=_say,
            store=store,
            outside=Outside(Analog(arguments.analog), I2cBus(arguments.i2c)),
            is_paced=not arguments.fast,
        )
        sys.stdout.write(f"url socket://127.0.0.1:{serial.port}\n")
        sys.stdout.flush()
        serial.accept()
        # An exception that a handler raises while Unicorn calls Python is lost: from here on the
        # signal asks the machine to end.
        for number in signals:
            signal.signal(number, lambda *_: machine.end())
        machine.run()
        _say(machine.account())
    except SafeError as error:
        _say(str(error))
        serial.flush()
        return int(error.exit_code)
    except PowerCut:
        _say("the power was cut while the store was written")
    except KeyboardInterrupt:
        pass
    return _keep(store, arguments.store)


if __name__ == "__main__":
    sys.exit(main())
