"""What was said against an answer that was given to a like question, kept in the store for all replicas.

A pair that was found wrong meets never again. The entry is in quarantine: it serves nobody but whom it answered until a review of
another pair finds it right, and asks for more likeness from then on. After some complaints it serves no other question at all.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from gateway.cache.store import Store
from gateway.cache.swapping import changed

STEP: Final = 0.02
"""By how much a complaint raises the similarity that an entry asks for."""
MOST_COMPLAINTS: Final = 3


class Against(NamedTuple):
    """`cleared`: how many of the complaints a later review has answered."""

    complaints: int = 0
    cleared: int = 0

    @property
    def quarantined(self) -> bool:
        return self.complaints > self.cleared

    @property
    def more(self) -> float:
        """How much more likeness it asks for."""
        return self.complaints * STEP


class Marks:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def against(self, key: bytes, pair: bytes) -> Against | None:
        """None where this entry serves no other question any more, or not this one, or nobody can tell."""
        found = await self._store.load_all((_of_pair(pair), _of_entry(key), _of_review(key)))
        if found is None or found[0] is not None:
            return None
        said = Against(int(found[1] or b"0"), int(found[2] or b"0"))
        return None if said.complaints >= MOST_COMPLAINTS else said

    async def complain(self, key: bytes, pair: bytes) -> Literal["told", "known", "lost"]:
        """`known`: somebody said the same of this pair before. `lost`: the store did not take it."""
        if await self._store.save(_of_pair(pair), b"1", None):
            return "told" if await self._count(_of_entry(key), lambda before: before + 1) else "lost"
        found = await self._store.load_all((_of_pair(pair),))
        return "lost" if found is None or found[0] is None else "known"

    async def clear(self, key: bytes, complaints: int) -> None:
        """A review of the entry with another question, that had heard of so many complaints, has found it right."""
        await self._count(_of_review(key), lambda before: max(before, complaints))

    async def _count(self, name: str, counted: Callable[[int], int]) -> bool:
        """Whether it stands there now."""
        return bool(await changed(self._store, name, lambda stored: (b"%d" % counted(int(stored or b"0")), True)))


def _of_pair(pair: bytes) -> str:
    return f"pair:{pair.hex()}"


def _of_entry(key: bytes) -> str:
    return f"entry:{key.hex()}"


def _of_review(key: bytes) -> str:
    return f"cleared:{key.hex()}"
