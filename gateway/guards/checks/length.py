"""Finds text that is too long or too short, counted in code points as the caller will get it."""

from collections.abc import Sequence

from gateway.guards.check import Said, whole
from gateway.guards.finding import Finding


class LengthCheck:
    """`max_chars` and `min_chars` are still allowed themselves; None means there is no such bound."""

    def __init__(self, max_chars: int | None = None, min_chars: int | None = None) -> None:
        self._most = max_chars
        self._least = min_chars

    async def look(self, said: Said) -> Sequence[Finding]:
        length = len(said.restored)
        if self._most is not None and length > self._most:
            return [whole(said, "TOO_LONG")]
        if self._least is not None and length < self._least:
            return [whole(said, "TOO_SHORT")]
        return []
