"""How often somebody may try to sign in."""

from collections import OrderedDict, deque
from typing import Final

_MOST: Final = 10
_SECONDS: Final = 60.0
_WATCHED: Final = 4096


class Tries:
    """Of one address no more than ten tries that failed, in any minute. Addresses are bounded: the oldest are forgotten."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Seconds until the next try is looked at; 0 is now."""
        failed = self._failed.get(address, ())
        recent = [at for at in failed if at > now - _SECONDS]
        return recent[-_MOST] + _SECONDS - now if len(recent) >= _MOST else 0.0

    def failed(self, address: str, now: float) -> None:
        times = self._failed.setdefault(address, deque(maxlen=_MOST))
        times.append(now)
        self._failed.move_to_end(address)
        if len(self._failed) > _WATCHED:
            self._failed.popitem(last=False)
