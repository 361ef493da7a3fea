"""Whether it is worth while to ask an embedder, and to wait for it. Pure: `now` is in seconds that never run backwards."""

from typing import Final

SOME: Final = 3
"""In a row; then nobody waits any more."""
TRIED_EVERY: Final = 1.0
"""Seconds between two texts that are asked about all the same, to see whether it is well again."""


class Patience:
    """Of one embedder. It can fail, and it can be late: then its vectors serve nobody who waits, and answers are placed by them still."""

    def __init__(self) -> None:
        self._failed = 0
        self._late = 0
        self._try_at = 0.0

    @property
    def is_over(self) -> bool:
        """Nobody whose answer depends on it should wait."""
        return self._failed >= SOME or self._late >= SOME

    @property
    def is_away(self) -> bool:
        return self._failed >= SOME

    def may_ask(self, now: float, *, hurried: bool) -> bool:
        """`hurried`: a caller waits."""
        if not (self.is_over if hurried else self.is_away):
            return True
        if now < self._try_at:
            return False
        self._try_at = now + TRIED_EVERY
        return True

    def failed(self) -> None:
        self._failed += 1

    def late(self) -> None:
        """Told while it is still being asked: what hangs is late long before it fails."""
        self._late += 1

    def answered(self, *, in_time: bool) -> None:
        self._failed = 0
        if in_time:
            self._late = 0
