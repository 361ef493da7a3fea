"""`asyncio.timeout` for the hot path: the same rules, and one timer for all that a task waits for in turn."""

import asyncio
from collections.abc import Callable
from math import inf
from types import TracebackType
from typing import Final, Self

_RESOLUTION: Final = 0.001
"""Seconds; the loop's timers count whole milliseconds and may be early by a part of one."""
_FIRST_LOOK: Final = 10.0
"""Seconds, within which most tasks are over: the first timer rings by then, and seldom has to be set for anything sooner."""


class Deadlines:
    """The deadlines of one task, one after the other.

    `with deadlines.until(when):` cancels the block at `when`, on the loop's clock, and raises TimeoutError in its place. Such
    blocks do not nest. A cancellation from outside stays one, also if both come at once (see `asyncio.Timeout`, whose
    counting this follows). `tell_at(end, tell)`: from then on, whatever is waited for, `tell` is called at `end`.

    Setting a timer costs more than the step it guards, so it is set anew only for a deadline that comes earlier; one that
    has rung too early is set again. `close` gives it back.
    """

    __slots__ = ("_cancelling", "_end", "_fired", "_loop", "_rings", "_task", "_tell", "_timer", "_when")

    def __init__(self) -> None:
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings = inf
        self._when = inf
        self._end = inf
        self._tell: Callable[[], None] | None = None
        self._fired = False

    def task(self) -> "asyncio.Task[object]":
        """The task of whoever asks first, and no other's."""
        if self._task is None:
            self._task = asyncio.current_task()
            if self._task is None:
                raise RuntimeError("a deadline is for the block of a task")
            self._loop = self._task.get_loop()
        return self._task

    def until(self, when: float) -> Self:
        self._when = when
        return self

    def tell_at(self, end: float, tell: Callable[[], None]) -> None:
        self.task()
        self._end = end
        self._tell = tell
        self._set(min(end, self._loop.time() + _FIRST_LOOK))

    def close(self) -> None:
        """Lets go of timer and listener, who may hold whoever holds this: a large request is not to wait for the collector."""
        self._end, self._tell = inf, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._rings = None, inf

    def __enter__(self) -> None:
        task = self._task or self.task()
        self._cancelling = task.cancelling()
        if self._when < self._rings:
            self._set(self._when)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._when = inf
        if self._fired:
            self._fired = False
            if self.task().uncancel() <= self._cancelling and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _set(self, rings: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = rings
        self._timer = self._loop.call_at(rings, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings = None, inf
        now = self._loop.time() + _RESOLUTION
        if self._when <= now:
            self._when = inf
            self._fired = True
            self.task().cancel()
        if self._end <= now and self._tell is not None:
            self._end = inf
            self._tell()
        soonest = min(self._when, self._end)
        if soonest < inf:
            self._set(soonest)
