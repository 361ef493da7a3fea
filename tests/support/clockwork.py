"""An event loop that never waits: where nothing is left to do, its clock goes on to what is due next.

So that a test of times sees exactly those, at once, however busy the machine is. Not for what waits for threads or processes.
"""

import asyncio
import selectors
from typing import Any


class _Skipping(selectors.DefaultSelector):
    """Counts the seconds that it was to wait for, and waits only where nothing is due at all."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(None if timeout is None else 0)
        if not found and timeout is not None:
            self.seconds += max(timeout, 0)
        return found


class Clockwork(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return 1000 + self._skipping.seconds
