"""Processes that are pinned to a core, watched from outside and ended by their own pid."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench import procfs

END_LIMIT = 5.0
CPUS = sorted(os.sched_getaffinity(0))
GATEWAY_CORE = CPUS[0]
LOAD_CORE = CPUS[-1]


class StartError(Exception):
    """A process did not come up; the words hold the end of what it printed."""


class Process:
    """A running child. `end` may be called twice."""

    def __init__(self, argv: Sequence[str], core: int, log: Path, env: Mapping[str, str] | None = None) -> None:
        self._log = log
        self.argv = list(argv)
        self.began = time.perf_counter()
        with log.open("wb") as output, _on_core(core):
            self._child = subprocess.Popen(
                [*_leash(), *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
            )

    def cpu_seconds(self) -> float:
        return procfs.cpu_seconds(self._child.pid)

    def family(self) -> list[int]:
        return procfs.family(self._child.pid)

    def resident_bytes(self) -> int:
        return procfs.resident_bytes(self._child.pid)

    def check_alive(self) -> None:
        if self._child.poll() is not None:
            tail = self._log.read_text(errors="replace")[-1500:]
            raise StartError(f"{Path(self.argv[0]).name} ended with {self._child.returncode}:\n{tail}")

    def wait(self, seconds: float) -> None:
        """Until it has ended well. Raises `TimeoutExpired` when it is over, `StartError` when it ended otherwise."""
        if self._child.wait(seconds):
            self.check_alive()

    def end(self) -> None:
        """SIGTERM, then SIGKILL after five seconds, to this child and to those of its children that it left behind."""
        handles = [_handle(member) for member in procfs.family(self._child.pid)[1:]]
        if self._child.poll() is None:
            self._child.terminate()
        try:
            self._child.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for handle in handles:
            _end_orphan(handle)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pin_this_process() -> None:
    os.sched_setaffinity(0, {LOAD_CORE})


class _on_core:  # noqa: N801  reads as words: `with _on_core(0): start it`
    """Children inherit the core of their parent, which is moved back at once."""

    def __init__(self, core: int) -> None:
        self._core = core
        self._home = os.sched_getaffinity(0)

    def __enter__(self) -> None:
        os.sched_setaffinity(0, {self._core})

    def __exit__(self, *_: object) -> None:
        os.sched_setaffinity(0, self._home)


def _leash() -> list[str]:
    """Where util-linux is there, the child gets SIGTERM when this process dies, however it dies."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _handle(pid: int) -> int | None:
    """A descriptor that means this very process, even if its number is given to another later; None when it has ended."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _end_orphan(handle: int | None) -> None:
    if handle is None:
        return
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    os.close(handle)
