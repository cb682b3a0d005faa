"""Replace the model of a device over the line: keys, images, sending, state.

    host_tools update key site.pem      # a pair: site.pem signs, site.pub is compiled in
    host_tools build --target stm32f4 --model forecaster --app detector --update site.pub
    host_tools update build --target stm32f4 --model mymodel --key site.pem --out mymodel.update
    host_tools update send mymodel.update --port /dev/ttyACM0
    host_tools update show --port /dev/ttyACM0

`send` asks the device what it takes, sends, restarts it and waits for its test. A device that
refuses an image has changed nothing (exit code 52); one that tried it in vain runs what it ran
before (53).
docs/update.md tells the rest.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from host_tools.commands import _output
from host_tools.commands._options import natural, positive
from host_tools.device import update as device_update
from host_tools.device.link import Link, StatusError
from host_tools.device.serial_port import SerialPort, find_port
from host_tools.device.update import BUILT_IN, UpdateInfo
from host_tools.formats import signing_key, update_image
from host_tools.formats.update_image import Image
from targets.errors import ExitCode

_BAR = 30


def _line_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--port", help="/dev/ttyACM0, COM7, or any pyserial URL (default: the only USB port)")
    add("--baud", type=positive, default=115200, help="rate of the line (default %(default)s)")
    add("--json", action="store_true", help="print JSON instead of text")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="key|build|send|show")
    making = verbs.add_parser("key", help="make a pair of Ed25519 keys")
    making.add_argument("out", type=Path, metavar="NAME.pem", help="the private key, mode 0600")
    building = verbs.add_parser("build", help="compile, link and sign a model for both slots")
    add = building.add_argument
    add("--target", default="stm32f4", help="name, or .toml file (default: %(default)s)")
    add("--model", required=True, help="name under models/, or a folder")
    add("--key", type=Path, required=True, metavar="NAME.pem", help="the private key")
    add("--version", type=natural, default=0, help="your own number; show tells it")
    add("--out", type=_output.file, required=True, metavar="FILE", help="the image's file")
    add("--json", action="store_true", help="print JSON instead of text")
    sending = verbs.add_parser("send", help="send an image, try it, keep it")
    sending.add_argument("file", type=Path, metavar="FILE", help="what update build wrote")
    _line_arguments(sending)
    _line_arguments(verbs.add_parser("show", help="what a device runs, and what it takes"))


def _print(value: dict[str, Any], lines: list[str], *, machine: bool) -> None:
    sys.stdout.write(json.dumps(value) + "\n" if machine else "\n".join([*lines, ""]))


def _key(arguments: argparse.Namespace) -> int:
    public = signing_key.make(arguments.out)
    sys.stdout.write(
        f"{arguments.out}: signs models; keep it secret, and keep a copy: devices take no other\n"
        f"{public}: for devices: host_tools build --app detector --update {public}\n"
    )
    return ExitCode.OK


def as_json(image: Image) -> dict[str, Any]:
    """Return one image of a file, for machines."""
    return {
        "slot": image.slot,
        "address": image.address,
        "bytes": len(image.content),
        "ram_bytes": image.ram_bytes,
        "stack_bytes": image.stack_bytes,
        "model": image.model,
        "model_sha256": image.model_sha256,
        "target": image.target,
        "version": image.version,
        "interface": image.abi,
    }


def _build(arguments: argparse.Namespace) -> int:
    from host_tools.workflow import update as workflow

    seed = signing_key.load(arguments.key)
    images = workflow.images(arguments.target, arguments.model, seed, version=arguments.version)
    workflow.write(arguments.out, images)
    first = images[0]
    lines = [
        f'{arguments.out}: model "{first.model}" for {first.target},'
        f" {len(first.content):,} bytes in a slot",
        f"  {first.ram_bytes:,} bytes of RAM, {first.stack_bytes:,} of stack at most, proved",
    ]
    found = {"file": str(arguments.out), "images": [as_json(image) for image in images]}
    _print(found, lines, machine=arguments.json)
    return ExitCode.OK


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        filled = _BAR * done // total
        end = "\n" if done == total else "\r"
        bar = "#" * filled + "." * (_BAR - filled)
        print(f"  {bar} {done:,} of {total:,} bytes", end=end, file=sys.stderr, flush=True)  # noqa: T201


def _send(arguments: argparse.Namespace) -> int:
    images = update_image.load(arguments.file)
    with SerialPort(arguments.port or find_port(), arguments.baud) as port:
        link = Link(port)
        device = link.connect()
        image = device_update.choose(images, device_update.info(link, device))
        try:
            device_update.send(link, image, device.max_payload, _progress)
        except StatusError as error:
            raise device_update.refused(error, image) from None
        after = device_update.try_out(link, image)
    found = {"slot": image.slot, "model": after.model, "model_sha256": after.model_sha256}
    found["retries"] = link.counters.retries
    line = f'the device runs model "{after.model}" of slot {image.slot}, tested and confirmed'
    _print(found, [line], machine=arguments.json)
    return ExitCode.OK


def _running(about: UpdateInfo) -> str:
    return "the built-in model" if about.running == BUILT_IN else f"slot {about.running}"


def _show(arguments: argparse.Namespace) -> int:
    with SerialPort(arguments.port or find_port(), arguments.baud) as port:
        link = Link(port)
        device = link.connect()
        about = device_update.info(link, device)
    slots = [
        {
            "slot": number,
            "state": slot.state.name.lower(),
            "sequence": slot.sequence,
            "version": slot.version,
            "model_sha256": slot.model_sha256 if slot.sequence else None,
        }
        for number, slot in enumerate(about.slots)
    ]
    found = {
        "model": device.model,
        "model_sha256": device.model_sha256,
        "running": None if about.running == BUILT_IN else about.running,
        "target": about.target,
        "trial_ms": about.trial_ms,
        "interface": about.abi,
        "key": about.key_name.hex(),
        "slot_bytes": about.slot_bytes,
        "ram_bytes": about.ram_bytes,
        "stack_bytes": about.stack_bytes,
        "slots": slots,
    }
    trial = f", on trial for {about.trial_ms / 1000:.0f} s more" if about.trial_ms else ""
    lines = [
        f'runs model "{device.model}" of {_running(about)}{trial}',
        f"trusts key {about.key_name.hex()}, interface {about.abi:08x}",
        f"the next image goes to slot {about.target}: {about.slot_bytes:,} bytes,"
        f" {about.ram_bytes:,} of RAM, {about.stack_bytes:,} of stack",
    ]
    lines += [f"slot {s['slot']}: {s['state']}, version {s['version']}" for s in slots]
    _print(found, lines, machine=arguments.json)
    return ExitCode.OK


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for; return the exit code."""
    return {"key": _key, "build": _build, "send": _send, "show": _show}[arguments.action](arguments)
