"""A timer for what is awaited anew at every request of a connection, and nearly always comes."""

import asyncio
from collections.abc import Callable
from math import inf


class Alarm:
    """Calls `ring` some time after `set`, unless `unset` comes first.

    Setting and cancelling a timer of the loop costs a microsecond each time. So this one keeps its timer: it is set anew only
    to ring earlier, and one that rings too early is set again.
    """

    __slots__ = ("_due", "_loop", "_ring", "_rings", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._due = self._rings = inf
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        return self._due < inf

    def set(self, seconds: float) -> None:
        self._due = self._loop.time() + seconds
        if self._due < self._rings:
            self._start()

    def unset(self) -> None:
        self._due = inf

    def close(self) -> None:
        """For good. Lets go of whoever is to be called."""
        self._due = self._rings = inf
        self._ring = _nobody
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = self._due
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        early = self._due > self._rings
        self._timer, self._rings = None, inf
        if not early:
            self._due = inf
            self._ring()
        elif self._due < inf:
            self._start()


def _nobody() -> None:
    pass
