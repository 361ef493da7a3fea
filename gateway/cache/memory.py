"""Entries in memory: bounded by number and by bytes, each with an absolute time to live.

Under pressure the entry leaves that is least worth its room: GreedyDual-Size (Cao and Irani, 1997), in which an entry's rank is
what getting it again would cost, divided by its size, plus the rank of the last that left, so that what nobody asks for
grows old. A new entry is let in only at the second sight of its key then, so that what is asked once pushes nothing out.
"""

import heapq
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.cache.store import LASTING, First, Near, Neighbours, Placed, Record

OVERHEAD: Final = 400
"""Bytes that an entry costs beside its value: its key, its record, and their places in three tables."""
_MOST_SIGHTED: Final = 100_000
_MOST_SAVED: Final = 100_000
_LONGEST_TABLE: Final = 3  # times as long as there are entries: then what is out of date is taken out


@dataclass(slots=True, eq=False)
class _Held:
    value: bytes
    expires: float
    worth: float
    size: int
    scope: bytes | None
    rank: float = 0.0


class Memory:
    """See `Store`. `clock` gives seconds that never run backwards."""

    def __init__(
        self, most_entries: int, most_bytes: int, clock: Callable[[], float], vectors: Neighbours | None = None
    ) -> None:
        self.bytes = 0
        self.evicted = 0
        self.most_bytes = most_bytes
        self.on_purge: Callable[[], Awaitable[bool]] | None = None
        self._most_entries = most_entries
        self._clock = clock
        self._held: dict[bytes, _Held] = {}
        self._by_rank: list[tuple[float, bytes]] = []
        self._by_time: list[tuple[float, bytes]] = []
        self._sighted: OrderedDict[bytes, None] = OrderedDict()
        self._epochs: dict[str, int] = {}
        self._left = 0.0
        self._vectors = vectors
        self._saved: dict[str, bytes] = {}

    @property
    def semantic(self) -> bool:
        return self._vectors is not None

    def __len__(self) -> int:
        return len(self._held)

    async def first(self, names: Sequence[str], key: bytes | None, scope: bytes | None) -> First:
        value = None if key is None else await self.get(key)
        holds = scope is not None and self._vectors is not None and self._vectors.holds(scope)
        return First([self._epochs.get(name, 0) for name in names], value, holds)

    async def get(self, key: bytes) -> bytes | None:
        held = self._held.get(key)
        if held is None:
            return None
        if held.expires <= self._clock():
            self._remove(key)
            return None
        self._rank(key, held)
        return held.value

    async def get_all(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [await self.get(key) for key in keys]

    async def put(self, key: bytes, value: bytes, seconds: float, worth: float, placed: Placed | None = None) -> None:
        now = self._clock()
        vectors = self._vectors if placed is not None else None
        size = (
            len(value)
            + OVERHEAD
            + (vectors.bytes_of(placed.vector) if vectors is not None and placed is not None else 0)
        )
        if size > self.most_bytes:
            return
        known = self._remove(key)
        self._expire(now)
        if self._is_full(size) and not (known or self._seen_before(key)):
            return
        while self._held and self._is_full(size):
            self._evict()
        held = _Held(value, now + seconds, worth, size, placed.scope if placed is not None else None)
        self._add(key, held)
        if vectors is not None and placed is not None:
            vectors.add(placed.scope, key, placed.vector)
        self._rank(key, held)
        self._tidy()

    async def place(self, key: bytes, placed: Placed, seconds: float) -> None:  # noqa: ARG002  its entry has the time
        held = self._held.get(key)
        if held is None or self._vectors is None:
            return
        if held.scope is None:
            size = self._vectors.bytes_of(placed.vector)
            held.scope = placed.scope
            held.size += size
            self.bytes += size
            self._rank(key, held)
        self._vectors.add(placed.scope, key, placed.vector)
        while self._held and self.bytes > self.most_bytes:
            self._evict()

    async def delete(self, key: bytes) -> None:
        self._remove(key)

    async def unplace(self, key: bytes, scope: bytes) -> None:
        if self._vectors is not None:
            self._vectors.remove(scope, key)

    async def near(self, placed: Placed, count: int) -> list[Near]:
        return [] if self._vectors is None else self._vectors.near(placed.scope, placed.vector, count)

    async def epochs(self, names: Sequence[str]) -> list[int] | None:
        return [self._epochs.get(name, 0) for name in names]

    async def next_epoch(self, name: str) -> int | None:
        """None where it holds, but may not hold after a restart."""
        epoch = self._epochs[name] = self._epochs.get(name, 0) + 1
        if self.on_purge is not None and not await self.on_purge():
            return None
        return epoch

    async def load(self, name: str) -> bytes | None:
        return self._saved.get(name)

    async def load_all(self, names: Sequence[str]) -> list[bytes | None] | None:
        return [self._saved.get(name) for name in names]

    async def save(self, name: str, value: bytes, before: bytes | None) -> bool:
        if self._saved.get(name) != before:
            return False
        self._saved[name] = value
        if len(self._saved) > _MOST_SAVED:
            self._saved.pop(next((one for one in self._saved if not one.startswith(LASTING)), name))
        return True

    async def figures(self) -> dict[str, int]:
        return {"entries": len(self._held), "bytes": self.bytes, "evicted": self.evicted}

    async def aclose(self) -> None:
        self._held.clear()

    def state(self) -> tuple[dict[str, int], dict[str, bytes]]:
        """Epochs, and what was saved."""
        return self._epochs.copy(), self._saved.copy()

    def restore(self, epochs: Mapping[str, int], saved: Mapping[str, bytes]) -> None:
        self._epochs.update(epochs)
        self._saved.update(saved)

    def keys(self) -> list[bytes]:
        return list(self._held)

    def records(self, keys: list[bytes], wall: float, most: int, most_bytes: int) -> list[Record]:
        """Takes some from the end of `keys`: so many at most, and no more once they have so many bytes. `wall`: seconds since 1970."""
        found: list[Record] = []
        later, size = wall - self._clock(), 0
        while keys and len(found) < most and size < most_bytes:
            key = keys.pop()
            held = self._held.get(key)
            if held is None:
                continue
            scope = held.scope if self._vectors is not None else None
            row = self._vectors.row(scope, key) if scope is not None and self._vectors is not None else None
            rank = max(0.0, held.rank - self._left)
            found.append(Record(key, held.value, held.expires + later, held.worth, rank, scope, row))
            size += held.size
        return found

    def take(self, one: Record, wall: float) -> None:
        """What was written, if it has not expired and there is room."""
        row = one.row if self._vectors is not None else None
        size = len(one.value) + OVERHEAD + (0 if self._vectors is None or row is None else self._vectors.bytes_of(row))
        if one.key in self._held or one.expires <= wall or self._is_full(size):
            return
        held = _Held(one.value, self._clock() + one.expires - wall, one.worth, size, None if row is None else one.scope)
        self._add(one.key, held)
        if self._vectors is not None and one.scope is not None and row is not None:
            self._vectors.add_row(one.scope, one.key, row)
        held.rank = self._left + one.rank
        heapq.heappush(self._by_rank, (held.rank, one.key))

    def _add(self, key: bytes, held: _Held) -> None:
        self._held[key] = held
        self.bytes += held.size
        heapq.heappush(self._by_time, (held.expires, key))

    def _is_full(self, size: int) -> bool:
        return len(self._held) >= self._most_entries or self.bytes + size > self.most_bytes

    def _seen_before(self, key: bytes) -> bool:
        if key in self._sighted:
            del self._sighted[key]
            return True
        self._sighted[key] = None
        if len(self._sighted) > _MOST_SIGHTED:
            self._sighted.popitem(last=False)
        return False

    def _rank(self, key: bytes, held: _Held) -> None:
        held.rank = self._left + held.worth / held.size
        heapq.heappush(self._by_rank, (held.rank, key))

    def _evict(self) -> None:
        """The one of the lowest rank. Ranks that were raised since stand farther back in the table as well."""
        rank, key = heapq.heappop(self._by_rank)
        held = self._held.get(key)
        if held is not None and held.rank == rank:
            self._left = rank
            self._remove(key)
            self.evicted += 1

    def _expire(self, now: float) -> None:
        while self._by_time and self._by_time[0][0] <= now:
            expires, key = heapq.heappop(self._by_time)
            held = self._held.get(key)
            if held is not None and held.expires == expires:
                self._remove(key)

    def _remove(self, key: bytes) -> bool:
        held = self._held.pop(key, None)
        if held is None:
            return False
        self.bytes -= held.size
        if held.scope is not None and self._vectors is not None:
            self._vectors.remove(held.scope, key)
        return True

    def _tidy(self) -> None:
        """Keeps what is out of date in the tables from outgrowing what is held."""
        most = _LONGEST_TABLE * len(self._held) + 64
        if len(self._by_rank) > most:
            self._by_rank = [(held.rank, key) for key, held in self._held.items()]
            heapq.heapify(self._by_rank)
        if len(self._by_time) > most:
            self._by_time = [(held.expires, key) for key, held in self._held.items()]
            heapq.heapify(self._by_time)
