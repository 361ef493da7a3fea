"""A periodic timer of microsecond precision. The event loops' own timers tick in milliseconds, too coarse for a 1 ms bar."""

import asyncio
import ctypes
import os
from collections.abc import Callable
from typing import Self

CLOCK_MONOTONIC = 1
TFD_TIMER_ABSTIME = 1
TFD_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
_libc = ctypes.CDLL(None, use_errno=True)


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("first", _Timespec))


class Timer:
    """Calls `tick` at `first` (as `perf_counter` counts) and every `interval` seconds after, from `start` to `stop`.

    Without an interval it is called once, and again after each `set`. It is Linux's timerfd, which Python has from 3.13 on.
    """

    def __init__(self, first: float, interval: float, tick: Callable[[], None]) -> None:
        self._first = first
        self._interval = interval
        self._tick = tick
        self._descriptor = -1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._descriptor = _checked(_libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK_CLOEXEC))
        asyncio.get_running_loop().add_reader(self._descriptor, self._fire)
        self.set(self._first)

    def set(self, first: float) -> None:
        """Begins anew at `first`, which may have passed."""
        times = _Itimerspec(_timespec(self._interval), _timespec(first))
        _checked(_libc.timerfd_settime(self._descriptor, TFD_TIMER_ABSTIME, ctypes.byref(times), None))

    def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _fire(self) -> None:
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:  # set anew since it fired
            return
        self._tick()


def _timespec(seconds: float) -> _Timespec:
    whole, rest = divmod(seconds, 1)
    return _Timespec(int(whole), int(rest * 1e9))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "timerfd")
    return result
