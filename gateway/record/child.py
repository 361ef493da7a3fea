"""The process that keeps records, as the gateway sees it: started, looked after, ended. Nothing of what it loads is loaded here."""

import contextlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

log = logging.getLogger("haechi")

SCRIBE: Final = ("-m", "gateway.scribe")
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 30.0
_LONG_LIFE: Final = 60.0
_KILLED: Final = 10.0


class Child:
    """Runs while this process does. `look` is called now and then, by one thread; it starts what is not there, and waits longer
    each time before it starts again what does not live.
    """

    def __init__(
        self, orders: bytes, arguments: Sequence[str] = SCRIBE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.starts = 0
        self._orders = orders
        self._arguments = arguments
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait = _FIRST_WAIT
        self._due = 0.0

    @property
    def up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def look(self) -> None:
        if self.up:
            return
        now = self._clock()
        if self._process is not None:
            log.error("the process that keeps records has ended (%s); it is started again", self._process.returncode)
            self._forget(now)
        if now >= self._due:
            self._start(now)

    def insist(self) -> None:
        """As `look`, but without waiting for when it is due: there will be no later."""
        self._due = self._clock()
        self.look()  # which may find that it has ended, and wait
        self._due = self._clock()
        self.look()

    def end(self, within: float) -> None:
        """By the end of its input; after so many seconds by force. What it has not read waits for the next start."""
        process, self._process = self._process, None
        if process is None:
            return
        _close(process)
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            log.warning(
                "the process that keeps records did not end in time; what it has not read waits for the next start"
            )
            process.kill()
            process.wait(_KILLED)

    def _start(self, now: float) -> None:
        self._started = now
        try:
            # Its own session: what a terminal sends to all of a group is for the gateway, which ends this by its input.
            process = subprocess.Popen(  # noqa: S603 - nothing in it comes from outside
                [sys.executable, "-P", *(f"-W{one}" for one in sys.warnoptions), *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,
            )
        except OSError as error:
            log.error("the process that keeps records cannot be started: %s", error.strerror)  # noqa: TRY400 - no trace is wanted
            self._forget(now)
            return
        self._process = process
        self.starts += 1
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended already; the next look sees it
            process.stdin.write(self._orders)
            process.stdin.flush()

    def _forget(self, now: float) -> None:
        if self._process is not None:
            _close(self._process)
            self._process = None
        self._wait = _FIRST_WAIT if now - self._started > _LONG_LIFE else min(self._wait * 2, _LONGEST_WAIT)
        self._due = now + self._wait


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
