"""Conversations in memory: bounded by number, by bytes and by age, each seen by its owner alone."""

from dataclasses import dataclass
from typing import Final

# What one entry costs beside its text: the key, the record and their places in the dictionary.
_OVERHEAD: Final = 400


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    expires: float
    size: int


class Conversations:
    """Time to live is absolute, so entries expire in the order in which they came, and the oldest leave first for new ones.

    `now` is any clock in seconds that does not run backwards.
    """

    def __init__(self, *, max_count: int, max_bytes: int, seconds: float) -> None:
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._entries: dict[tuple[str, str], _Entry] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, owner: str, response_id: str, value: bytes, now: float) -> bool:
        """Whether it is kept: what is larger than the whole store is not."""
        key = (owner, response_id)
        size = len(value) + len(owner.encode()) + len(response_id.encode()) + _OVERHEAD
        self._remove(key)
        self._expire(now)
        if size > self._max_bytes or self._max_count < 1:
            return False
        while self._entries and (len(self._entries) >= self._max_count or self.bytes + size > self._max_bytes):
            self._remove(next(iter(self._entries)))
        self._entries[key] = _Entry(value, now + self._seconds, size)
        self.bytes += size
        return True

    def get(self, owner: str, response_id: str, now: float) -> bytes | None:
        self._expire(now)
        entry = self._entries.get((owner, response_id))
        return None if entry is None else entry.value

    def delete(self, owner: str, response_id: str, now: float) -> bool:
        """Whether there was one."""
        self._expire(now)
        return self._remove((owner, response_id))

    def _expire(self, now: float) -> None:
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if entry.expires > now:
                return
            self._remove(key)

    def _remove(self, key: tuple[str, str]) -> bool:
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        self.bytes -= entry.size
        return True
