"""Bytes in the memory of this process: bounded by number, by size and by age."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# What one entry costs beside its bytes and its name: the record and its place in the dictionary.
_OVERHEAD: Final = 400


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    expires: float
    size: int


class Memory:
    """A shelf. The oldest leave first for new ones. `clock` gives seconds that never run backwards."""

    def __init__(self, *, max_count: int, max_bytes: int, clock: Callable[[], float]) -> None:
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def put(self, name: str, value: bytes, seconds: float) -> bool:
        """Whether it is kept: what is larger than all that may be held is not."""
        now = self._clock()
        size = len(value) + len(name) + _OVERHEAD
        self._remove(name)
        self._expire(now)
        if size > self._max_bytes or self._max_count < 1:
            return False
        while self._entries and (len(self._entries) >= self._max_count or self.bytes + size > self._max_bytes):
            self._remove(next(iter(self._entries)))
        self._entries[name] = _Entry(value, now + seconds, size)
        self.bytes += size
        return True

    async def get(self, name: str) -> bytes | None:
        now = self._clock()
        self._expire(now)
        entry = self._entries.get(name)
        return entry.value if entry is not None and entry.expires > now else None

    async def delete(self, name: str) -> bool:
        """Whether there was one."""
        there = await self.get(name) is not None
        self._remove(name)
        return there

    def _expire(self, now: float) -> None:
        """The oldest; where all live equally long, those are all that have expired."""
        while self._entries:
            name, entry = next(iter(self._entries.items()))
            if entry.expires > now:
                return
            self._remove(name)

    def _remove(self, name: str) -> None:
        entry = self._entries.pop(name, None)
        if entry is not None:
            self.bytes -= entry.size
