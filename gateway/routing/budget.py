"""The retry budget: how many retries a replica may send, as a share of its requests over ten seconds. `now` is given."""

from typing import Final

_SECONDS: Final = 10
_FLOOR: Final = 10


class RetryBudget:
    """Retries within the last ten seconds (in whole ones, so nine to ten) never exceed `floor` + `share` times its requests.

    The floor lets a quiet gateway retry at all; with a share of 0 there is none. `now` is in seconds and never goes back.
    """

    def __init__(self, share: float, floor: int = _FLOOR) -> None:
        self._share = share
        self._floor = floor if share > 0 else 0
        self._second = 0
        self._requests = [0] * _SECONDS
        self._retries = [0] * _SECONDS

    def asked(self, now: float) -> None:
        """A request has come."""
        self._forget(now)
        self._requests[self._second % _SECONDS] += 1

    def left(self, now: float) -> bool:
        """Whether one more retry is allowed."""
        self._forget(now)
        return sum(self._retries) + 1 <= self._floor + self._share * sum(self._requests)

    def spent(self, now: float) -> None:
        """A retry is sent."""
        self._forget(now)
        self._retries[self._second % _SECONDS] += 1

    def _forget(self, now: float) -> None:
        second = int(now)
        if second <= self._second:
            return
        for passed in range(self._second + 1, min(second, self._second + _SECONDS) + 1):
            self._requests[passed % _SECONDS] = 0
            self._retries[passed % _SECONDS] = 0
        self._second = second
