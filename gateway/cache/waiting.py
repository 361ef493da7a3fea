"""Would-be hits that wait for people: both questions with both answers, in memory alone, of classes with `reviewer: people`.

No more than some are held: what nobody has reviewed leaves for what came later, so that what is shown is of late.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from gateway.cache.semantic import Candidate, Compared

MOST: Final = 200
_ID_BYTES: Final = 12
Epochs = Callable[[Sequence[str]], Awaitable[list[int] | None]]


@dataclass(frozen=True, slots=True, repr=False)
class Waits:
    """One pair. `since` in seconds since 1970. Its texts are as the model saw them, and stand in no `repr`."""

    id: str
    found: Candidate
    said: Compared
    since: float

    @property
    def of_class(self) -> str:
        return self.found.hit.name


class Waiting:
    """What all setups of a process share. `wall` gives seconds since 1970; `left` counts those that nobody reviewed."""

    def __init__(self, wall: Callable[[], float], most: int = MOST) -> None:
        self.left = 0
        self._wall = wall
        self._most = most
        self._by_id: OrderedDict[str, Waits] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_id)

    def put(self, found: Candidate, said: Compared) -> None:
        """A pair that is there already stays as it is."""
        one = Waits(_id(found), found, said, self._wall())
        if one.id in self._by_id:
            return
        self._by_id[one.id] = one
        self.hold(self._most)

    def hold(self, most: int) -> None:
        """From now on no more than that."""
        self._most = most
        while len(self._by_id) > most:
            self._by_id.popitem(last=False)
            self.left += 1

    def keep_only(self, classes: Collection[str]) -> None:
        """Those of other classes are nobody's to review any more."""
        for one in [one for one in self._by_id.values() if one.of_class not in classes]:
            del self._by_id[one.id]

    async def all(self, epochs: Epochs) -> list[Waits]:
        """The oldest first, answers that were given before those that would have been. What was purged since is gone."""
        names = sorted({name for one in self._by_id.values() for name in one.found.entry.epochs})
        now = await epochs(names) if names else []
        if now is None:
            return []
        counted = dict(zip(names, now, strict=True))
        for one in [*self._by_id.values()]:
            if any(counted.get(name, epoch) != epoch for name, epoch in one.found.entry.epochs.items()):
                self._by_id.pop(one.id, None)
        return sorted(self._by_id.values(), key=lambda one: not one.found.audited)

    def take(self, name: str) -> Waits | None:
        """None where somebody else has, or it was never there."""
        return self._by_id.pop(name, None)

    def put_back(self, one: Waits) -> None:
        """Its review was lost."""
        self._by_id[one.id] = one
        self._by_id.move_to_end(one.id, last=False)


def _id(found: Candidate) -> str:
    """Of the same pair in another class it is another one."""
    said = f"{found.hit.name}\0{'audit' if found.audited else 'review'}\0".encode() + found.hit.pair
    return blake2b(said, digest_size=_ID_BYTES).hexdigest()
