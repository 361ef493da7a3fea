"""Whether to ask a server that has failed: not until some time has passed, and then once. State without a clock."""

from typing import Final

FAILURES: Final = 5
"""In a row."""
REST: Final = 1.0
"""Seconds until it is asked again."""


class Breaker:
    """Every admission is followed by one `succeeded` or `failed`. A late word of an admission before the rest counts like any other."""

    __slots__ = ("_failures", "_open_until", "_probing")

    def __init__(self) -> None:
        self._failures = 0
        self._open_until = 0.0
        self._probing = False

    @property
    def closed(self) -> bool:
        return self._failures < FAILURES

    def rests(self, now: float) -> bool:
        """Whether nobody is to be admitted."""
        return not self.closed and (self._probing or now < self._open_until)

    def admits(self, now: float) -> bool:
        """Whether the server may be asked. After the rest one is admitted, the probe, and nobody else until it is back."""
        if self.rests(now):
            return False
        self._probing = not self.closed
        return True

    def succeeded(self) -> None:
        self._failures = 0
        self._probing = False

    def failed(self, now: float) -> None:
        self._failures += 1
        self._probing = False
        if not self.closed:
            self._open_until = now + REST
