"""What was given to whom, the last ones, so that somebody can call it wrong.

An answer to a like question goes into quarantine (`marks`). One to an equal request is dropped, so that the next one asks the model:
that costs a call and can make nothing wrong. Yet what several keys share nobody drops without end alone: beyond `MOST_DROPS` an hour
a caller's word is noted, and it takes another caller's word against the same answer.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Literal, NamedTuple, TypeVar

from gateway.cache import entry as kept
from gateway.cache.semantic import Hit, Semantic
from gateway.cache.store import Store

MOST_DROPS: Final = 10
_HOUR: Final = 3600.0
_MOST_GIVEN: Final = 10_000
_MOST_CALLERS: Final = 1_000
_T = TypeVar("_T")

Went = Literal["quarantined", "dropped", "noted", "gone", ""]
"""What became of a complaint. `gone`: that answer is kept no more. Empty: nothing is known of it, or nobody could write it down."""


class Given(NamedTuple):
    """`key`: of the entry; `stored`: when it was, None where it was not yet when it was given. `own`: no other key shares it."""

    key: bytes
    caller: str
    stored: float | None
    own: bool


class Complaints:
    def __init__(self, store: Store, wall: Callable[[], float]) -> None:
        self._store = store
        self._wall = wall
        self._like: OrderedDict[str, Hit] = OrderedDict()
        self._equal: OrderedDict[str, Given] = OrderedDict()
        self._dropped: OrderedDict[str, deque[float]] = OrderedDict()

    def gave_like(self, request_id: str, hit: Hit) -> None:
        _put(self._like, request_id, hit, _MOST_GIVEN)

    def gave(self, request_id: str, given: Given) -> None:
        _put(self._equal, request_id, given, _MOST_GIVEN)

    async def hear(self, request_id: str, caller: str, semantic: Semantic | None) -> Went:
        """`caller` must be whose request it was."""
        hit = self._like.get(request_id)
        if hit is not None and hit.caller == caller and semantic is not None:
            return await self._quarantine(request_id, hit, semantic)
        given = self._equal.get(request_id)
        if given is None or given.caller != caller:
            return ""
        return await self._drop(request_id, given)

    async def _quarantine(self, request_id: str, hit: Hit, semantic: Semantic) -> Went:
        """The pair meets never again, the entry is in quarantine, and its class hears of a complaint."""
        del self._like[request_id]
        if await semantic.complain(hit):
            return "quarantined"
        self._like[request_id] = hit  # so that it can be said again
        return ""

    async def _drop(self, request_id: str, given: Given) -> Went:
        stored = await self._store.get(given.key)
        entry = None if stored is None else kept.decode(stored)
        if entry is None or given.stored not in (None, entry.stored):
            return "gone"
        if not given.own and not self._may_drop(given.caller):
            against = f"against:{given.key.hex()}:{entry.stored!r}"
            if await self._is_alone(against, given.caller):
                return "noted"
        self._equal.pop(request_id, None)
        await self._store.delete(given.key)
        return "dropped"

    def _may_drop(self, caller: str) -> bool:
        now = self._wall()
        times = self._dropped.get(caller) or deque()
        while times and times[0] <= now - _HOUR:
            times.popleft()
        if len(times) >= MOST_DROPS:
            return False
        times.append(now)
        _put(self._dropped, caller, times, _MOST_CALLERS)
        return True

    async def _is_alone(self, against: str, caller: str) -> bool:
        """Whether nobody else has said the same of this answer; then it is written down who did."""
        who = blake2b(caller.encode(), digest_size=8).digest()
        if await self._store.save(against, who, None):
            return True
        return await self._store.load(against) in (None, who)


def _put(table: OrderedDict[str, _T], name: str, value: _T, most: int) -> None:
    table[name] = value
    table.move_to_end(name)
    if len(table) > most:
        table.popitem(last=False)
