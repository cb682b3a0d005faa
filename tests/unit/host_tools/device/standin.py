"""Stands in for a flash runner: checks its command line by the tool's own grammar, records it,
and says what the tool says. Named by its file: `standin.install(folder, ...)` puts copies on PATH.

STANDIN_LOG   file that every command line is added to, as JSON
STANDIN_SAYS  ok, no_probe, mismatch, failure or silent (writes, but does not say that it verified)
"""

import json
import os
import re
import sys
from pathlib import Path

WORDS = {
    "STM32_Programmer_CLI": {
        "ok": "File download complete\nDownload verified successfully",
        "silent": "File download complete",
        "no_probe": "Error: No debug probe detected.",
        "mismatch": "Error: Data mismatch found at address 0x08000004 (byte = 0xFF)",
        "failure": "Error: failed to erase memory",
    },
    "pyocd": {
        "ok": "Comparing 3 bytes @ 0x08000000\nAll 3 bytes match.",
        "silent": "0000941 I Loading",
        "no_probe": "No connected debug probes",
        "mismatch": "Mismatched byte at 0x08000004 (offset 0x4): 0xff (memory) != 0x21 (file)",
        "failure": "0000941 E Target type stm32 not recognized [__main__]",
    },
    "openocd": {
        "ok": "** Programming Finished **\n** Verify Started **\n** Verified OK **",
        "silent": "** Programming Finished **",
        "no_probe": "Error: open failed\nin procedure 'program'\n** OpenOCD init failed **",
        "mismatch": "** Verify Started **\nError: checksum mismatch\n** Verify Failed **",
        "failure": "** Programming Failed **",
    },
    "probe-rs": {
        "ok": "     Finished in 1.2s",
        "silent": "",
        "no_probe": "Error: No connected probes were found.",
        "mismatch": "Caused by:\n    Flash content verification failed.",
        "failure": "Error: The flashing procedure failed for 'bench.elf'.",
    },
    "st-flash": {
        "ok": "Flash written and verified! jolly good!",
        "silent": "",
        "no_probe": "2026 WARN usb.c: Couldn't find any ST-Link devices",
        "mismatch": "2026 ERROR common.c: Verification of flash failed at offset: 4",
        "failure": "2026 ERROR common.c: Flash memory is write protected",
    },
}
# pyOCD's compare ends with 0 on a mismatch; so did one of CubeProgrammer's versions.
STATUS_ZERO = {("pyocd", "mismatch")}


def need(condition, text):
    if not condition:
        sys.exit(f"stand-in: usage: {text}: {sys.argv[1:]}")


def options(words, flags, valued):
    """Take options off the front; return (seen, rest)."""
    seen, rest = {}, list(words)
    while rest and rest[0] in (*flags, *valued):
        name = rest.pop(0)
        seen[name] = rest.pop(0) if name in valued else True
    return seen, rest


def cube(words):
    need(words[0] == "-c", "-c first")
    pairs = {}
    rest = words[1:]
    while rest and "=" in rest[0]:
        key, value = rest.pop(0).split("=")
        pairs[key] = value
    need(pairs.get("port") == "SWD", "port=SWD")
    need(set(pairs) <= {"port", "sn", "mode", "reset", "freq"}, "connection keys")
    need(pairs.get("mode") in ("UR", "NORMAL", "HOTPLUG"), "mode")
    need(pairs.get("reset") in ("HWrst", "SWrst", "Crst"), "reset")
    seen, rest = options(rest, ("-v", "-rst"), ("-w",))
    need(not rest and Path(seen["-w"]).suffix in (".hex", ".elf"), "-w FILE")
    need(Path(seen["-w"]).is_file(), "the file")
    return seen.get("-v")


def pyocd(words):
    need(words[0] in ("load", "commander"), "subcommand")
    common = ("--target", "--pack", "--probe", "--connect")
    seen, rest = options(words[1:], ("--no-wait",), common)
    need("--no-wait" in seen, "without --no-wait it waits for ever")
    need(seen["--connect"] in ("halt", "pre-reset", "under-reset", "attach"), "--connect MODE")
    need(Path(seen["--pack"]).exists(), "--pack PATH")
    if words[0] == "load":
        need(len(rest) == 1 and Path(rest[0]).is_file(), "one file")
        return False
    need(rest[:2] == ["--command", "compare"] and rest[4:] == ["--command", "reset"], "commands")
    need(re.fullmatch(r"0x[0-9a-f]{8}", rest[2]) and Path(rest[3]).suffix == ".bin", "ADDR FILE")
    return True


def openocd(words):
    need(len(words) % 2 == 0 and set(words[::2]) <= {"-c", "-f"}, "-c and -f, each with a value")
    scripts = [v for k, v in zip(words[::2], words[1::2], strict=True) if k == "-f"]
    commands = [v for k, v in zip(words[::2], words[1::2], strict=True) if k == "-c"]
    need(1 <= len(scripts) <= 2 and all(s.endswith(".cfg") for s in scripts), "scripts")
    if len(commands) == 2:
        need(re.fullmatch(r"adapter serial \w+", commands[0]), "adapter serial")
        need(words[0] == "-c", "the probe before a script that connects")
    found = re.fullmatch(r"program \{(.+)\}( verify)? reset exit", commands[-1])
    need(found and Path(found[1]).is_file(), "program {FILE} …")
    return bool(found[2])


def probe_rs(words):
    need(words[0] in ("download", "reset"), "subcommand")
    flags = ("--non-interactive", "--connect-under-reset", "--verify")
    seen, rest = options(words[1:], flags, ("--chip", "--probe"))
    need("--chip" in seen and "--non-interactive" in seen, "--chip CHIP")
    if words[0] == "reset":
        need(not rest and "--verify" not in seen, "reset takes no file")
        return False
    need(len(rest) == 1 and Path(rest[0]).suffix == ".elf", "one file")
    return seen.get("--verify")


def st_flash(words):
    flags = ("--debug", "--reset", "--connect-under-reset", "--hot-plug")
    seen, rest = options(words, flags, ("--serial", "--format", "--flash", "--freq"))
    need(rest[0] == "write" and len(rest) == 3, "write PATH ADDR, options before")
    need(Path(rest[1]).suffix == ".bin" and Path(rest[1]).is_file(), "a binary")
    need(re.fullmatch(r"0x[0-9a-f]+", rest[2]) and "--reset" in seen, "hexadecimal address")
    return True


GRAMMAR = {
    "STM32_Programmer_CLI": cube,
    "pyocd": pyocd,
    "openocd": openocd,
    "probe-rs": probe_rs,
    "st-flash": st_flash,
}


def main():
    name = Path(sys.argv[0]).name
    verifies = GRAMMAR[name](sys.argv[1:])
    with Path(os.environ["STANDIN_LOG"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps([name, *sys.argv[1:]]) + "\n")
    says = os.environ.get("STANDIN_SAYS", "ok")
    if says in ("mismatch", "ok") and not verifies:
        says = "silent"
    sys.stdout.write(WORDS[name][says] + "\n")
    good = says in ("ok", "silent") or (name, says) in STATUS_ZERO
    return 0 if good else 1


def install(folder, *names):
    """Put stand-ins into `folder`."""
    folder.mkdir(exist_ok=True)
    for name in names:
        path = folder / name
        path.write_text(f"#!{sys.executable}\n" + Path(__file__).read_text(encoding="utf-8"))
        path.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
