"""The board of a user: an MPS2 in QEMU, whose printf goes to the debugger."""

from pathlib import Path

from tests.unit.host_tools.package.conftest import call

BOARD = Path(__file__).parent


def emulated(image, machine="mps2-an386"):
    """What an image prints."""
    return call(
        *("qemu-system-arm", "-M", machine, "-nographic", "-monitor", "none"),
        *("-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel", image),
        stdin=-3,
    )
