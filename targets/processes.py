"""Processes that end with us: a signal ends us as Ctrl-C does, and our children never outlive us.

Ctrl-C is an exception in Python, so every `with` and `finally` is kept. SIGTERM and SIGHUP would
end a process on the spot and leave its emulators and workers to run for ever; `ended_by_signals`
turns them into the same exception. Nobody can catch SIGKILL, so each child asks the kernel to be
killed when its parent dies: `with_parent` for programs, `follow_parent` for our own processes.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

_PR_SET_PDEATHSIG = 1
"""Option of prctl from linux/prctl.h; the setting survives exec."""
_POLL_SECONDS = 1.0
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt in the body when SIGTERM or SIGHUP comes.

    Only the first one counts: the next must not interrupt the tidying up. A signal that is ignored
    stays so (`nohup`). Outside the main thread nothing changes: signals come to that one only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _ENDING}
    caught = [number for number, handler in before.items() if handler is signal.SIG_DFL]

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in caught:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in caught:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, before[number])


def passed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a tool of a build gets of the environment: the same everywhere, but PATH.

    Programs of Windows do not start without the other variables; elsewhere there are none.
    """
    names = ("PATH", "SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP")
    return {name: environ[name] for name in names if name in environ}


def with_parent() -> Callable[[], None] | None:
    """Return the `preexec_fn` of a child that the kernel kills when this process dies.

    None where there is no such service. The kernel watches the thread that starts the child: one
    that ends before its child would end the child, too.
    """
    if _LIBC is None:
        return None
    parent, prctl = os.getpid(), _LIBC.prctl

    def tie() -> None:  # between fork and exec: system calls only
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)

    return tie


def follow_parent(parent: int) -> None:
    """End this process when `parent`, the process that started it, dies."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        return
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os._exit(1)
