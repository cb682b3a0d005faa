"""Workers that run the tasks of a sweep: processes of this machine, or a Dask cluster."""

import hashlib
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from host_tools.conversion import network, worker
from host_tools.errors import ConversionError
from targets import output, processes

Task = Callable[..., Any]
Call = tuple[Any, ...]

RESTARTS = 3
"""Number of times that dead worker processes are replaced: the converter can crash, but not for
ever."""

_shared: dict[str, Any] = {}


class Workers(Protocol):
    """Runs tasks; `shared` is handed to every task first, and sent to a worker only once."""

    def each(
        self, task: Task, calls: Sequence[Call], shared: Any = None
    ) -> Iterator[tuple[int, Any]]:
        """Yield (number of the call, result) as they finish."""
        ...


def _start(log: str, parent: int) -> None:
    """Prepare a worker process before it imports TensorFlow."""
    # Ctrl-C reaches the whole process group; only the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(worker.environment())
    worker.divert_log(Path(log))
    processes.follow_parent(parent)


def tensor_jobs(jobs: int) -> int:
    """Return how many of a sweep's processes should hold TensorFlow: quantizing a model takes
    about a fifth of measuring it, and each start costs seven seconds of processor time.
    """
    return max(1, jobs // 5)


class Processes:
    """Worker processes on this machine; a process that dies is replaced and its work redone."""

    def __init__(self, jobs: int, *, tensorflow: bool = True) -> None:
        """Prepare `jobs` processes; with `tensorflow` each imports it before its first task."""
        self._jobs = jobs
        self._tensorflow = tensorflow
        self._stack = ExitStack()
        self._folder = Path()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Processes":
        self._folder = self._stack.enter_context(output.scratch("sweep"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close(kind is not None)
        self._stack.close()

    def _close(self, at_once: bool) -> None:
        if self._pool is None:
            return
        running = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=not at_once, cancel_futures=True)
        if at_once:
            for process in running:
                process.kill()
                process.join()
        self._pool = None

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            made = ProcessPoolExecutor(
                max_workers=self._jobs,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start,
                initargs=(str(self._folder), os.getpid()),
            )
            self._pool = made  # before a process starts: Ctrl-C in between must find it
            # All processes begin to import TensorFlow now, not when their first task comes.
            for _ in range(self._jobs if self._tensorflow else 0):
                made.submit(network.warm)
        return self._pool

    def each(
        self, task: Task, calls: Sequence[Call], shared: Any = None
    ) -> Iterator[tuple[int, Any]]:
        """See `Workers`; raises ConversionError when processes keep dying."""
        if shared is not None:
            # TensorFlow takes seconds to import: keep the processes, and let the first call
            # of each read what is shared.
            content = pickle.dumps(shared)
            path = self._folder / f"{hashlib.sha256(content).hexdigest()}.pickle"
            if not path.exists():
                path.write_bytes(content)
            task = _Shared(str(path), task)
        left = dict(enumerate(calls))
        for _ in range(RESTARTS + 1):
            try:
                for number, result in self._round(task, left):
                    del left[number]
                    yield number, result
                return
            except BrokenProcessPool:
                self._close(at_once=True)
        raise ConversionError(
            f"worker processes died {RESTARTS + 1} times ({worker.versions()});"
            f" {len(left)} of {len(calls)} tasks are left: run the same command to go on"
        )

    def _round(self, task: Task, left: dict[int, Call]) -> Iterator[tuple[int, Any]]:
        pool = self._open()
        futures: dict[Future[Any], int] = {
            pool.submit(task, *call): number for number, call in left.items()
        }
        for future in as_completed(futures):
            yield futures[future], future.result()


class _Shared:
    """A task whose first argument is read from a file once per process."""

    def __init__(self, path: str, task: Task) -> None:
        self.path = path
        self.task = task

    def __call__(self, *call: Any) -> Any:
        if self.path not in _shared:
            _shared.clear()
            _shared[self.path] = pickle.loads(Path(self.path).read_bytes())
        return self.task(_shared[self.path], *call)


class Cluster:
    """A Dask cluster; Dask does the work of a lost worker again."""

    def __init__(self, address: str, timeout: float = 10.0) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ConversionError("--scheduler needs Dask: install the extra `dask`") from error
        try:
            self._client = Client(address, timeout=timeout, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ConversionError(
                f"--scheduler {address}: no Dask scheduler answers ({error}): start one with"
                " `dask scheduler`, and workers with `dask worker`"
            ) from error

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def each(
        self, task: Task, calls: Sequence[Call], shared: Any = None
    ) -> Iterator[tuple[int, Any]]:
        """See `Workers`; raises ConversionError when a task keeps losing its worker."""
        from distributed.client import FutureCancelledError

        left = dict(enumerate(calls))
        for _ in range(RESTARTS + 1):
            try:
                for number, result in self._round(task, left, shared):
                    del left[number]
                    yield number, result
                return
            except FutureCancelledError:
                continue  # what all tasks share was lost with its worker: hand it out again
        raise ConversionError(
            f"workers of the cluster were lost {RESTARTS + 1} times; {len(left)} of {len(calls)}"
            " tasks are left: run the same command to go on"
        )

    def _round(
        self, task: Task, left: Mapping[int, Call], shared: Any
    ) -> Iterator[tuple[int, Any]]:
        from distributed import KilledWorker
        from distributed import as_completed as dask_completed

        first: tuple[Any, ...] = ()
        if shared is not None:  # a name of its own, lest a second round waits for what was lost
            first = (self._client.scatter(shared, broadcast=True, hash=False),)
        futures = {
            self._client.submit(task, *first, *call, pure=False, retries=RESTARTS): number
            for number, call in left.items()
        }
        try:
            for future in dask_completed(list(futures), loop=self._client.loop):
                try:
                    yield futures[future], future.result()
                except (OSError, RuntimeError, ImportError, KilledWorker) as error:
                    raise ConversionError(
                        f"a task failed on the cluster ({error}): workers need the extras"
                        " `train` and `oracle`, and the same SAFE"
                    ) from error
        finally:
            self._client.cancel(list(futures))
