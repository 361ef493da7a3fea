"""`asyncio.timeout` for the hot path: the same rules, and one timer for all that a task waits for in turn."""

import asyncio
from collections.abc import Callable
from math import inf
from types import TracebackType
from typing import Final, Self

_RESOLUTION: Final = 0.001
"""Seconds; the loop's timers count whole milliseconds and may be early by a part of one."""
_FIRST_LOOK: Final = 10.0
"""Seconds, within which most tasks are over: they are looked at by then, and seldom need a timer for anything sooner."""
_SHARED: Final = 1.0
"""Seconds; those that begin within so many of each other share the timer of their first look."""


class _FirstLook:
    """One timer of a loop for all that begin while it is the newest."""

    __slots__ = ("loop", "rings", "those", "until")

    def __init__(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        self.loop = loop
        self.until = now + _SHARED
        self.rings = now + _FIRST_LOOK
        self.those = set[Deadlines]()
        loop.call_at(self.rings, self._look)

    def _look(self) -> None:
        for one in tuple(self.those):
            one.look()


_newest: _FirstLook | None = None


def _first_look(loop: asyncio.AbstractEventLoop, now: float) -> _FirstLook:
    global _newest  # noqa: PLW0603 - a loop has no place for it, and looking it up by loop would cost what it saves
    if _newest is None or _newest.loop is not loop or now >= _newest.until:
        _newest = _FirstLook(loop, now)
    return _newest


class Deadlines:
    """The deadlines of one task, one after the other.

    `with deadlines.until(when):` cancels the block at `when`, on the loop's clock, and raises TimeoutError in its place. Such
    blocks do not nest. A cancellation from outside stays one, also if both come at once (see `asyncio.Timeout`, whose
    counting this follows). `tell_at(end, tell)`: from then on, whatever is waited for, `tell` is called at `end`.

    Setting a timer costs more than the step it guards, so it is set anew only for a deadline that comes earlier; one that
    has rung too early is set again. The first is shared with others. `close` gives it back.
    """

    __slots__ = ("_cancelling", "_end", "_fired", "_first", "_loop", "_rings", "_task", "_tell", "_timer", "_when")

    def __init__(self) -> None:
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._first: _FirstLook | None = None
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
        first = _first_look(self._loop, self._loop.time())
        if end < first.rings:
            self._set(end)
        else:
            self._first, self._rings = first, first.rings
            first.those.add(self)

    def close(self) -> None:
        """Lets go of timer and listener, who may hold whoever holds this: a large request is not to wait for the collector."""
        self._end, self._tell = inf, None
        self._rings = inf
        if self._first is not None:
            self._first.those.discard(self)
            self._first = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def look(self) -> None:
        """The shared timer has rung. One of its own, if there is one, rings for itself."""
        self._first = None
        if self._timer is None:
            self._ring()

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
