"""Vectors that somebody must wait for: those of a model that is asked, or of a library that computes for long.

A text is asked about once however many want its vector, and whoever stops waiting leaves the call to the others and to the memory
of vectors. What is under way is bounded. Once an embedder has failed or was late some times in a row nobody waits for it
(`gateway.cache.patience`), but for one text a second that tells whether it is well again.
"""

import asyncio
import logging
from typing import Any, Final, Protocol

from gateway.cache.embedder import Embedding, TextRefused, Unembedded
from gateway.cache.patience import Patience
from gateway.cache.remembered import Remembered, name_of
from gateway.cache.store import Vector

log = logging.getLogger("haechi")

AT_ONCE: Final = 32
_MOST: Final = 256
"""Texts under way, with those that wait for one of the `AT_ONCE`."""
SECONDS: Final = 10.0
"""For one text."""
_PROBE: Final = "haechi"
_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


class Source(Protocol):
    """`id` is empty until the first answer, where only that tells how many numbers a vector has. `title`: for the log."""

    title: str

    @property
    def id(self) -> str: ...

    async def vector(self, text: str, asker: Any) -> Vector:
        """Of length one. Raises `Unembedded`, or `TextRefused` where another text may fare better."""
        ...

    def whose(self, asker: Any) -> str:
        """Who else gets the same vector for a text: all with the same words."""
        ...


class Awaited:
    """See `Embedder`. `deadline` in seconds: what takes longer is late."""

    def __init__(self, source: Source, remembered: Remembered, deadline: float) -> None:
        self._source = source
        self._remembered = remembered
        self._deadline = deadline
        self._clock = asyncio.get_running_loop().time
        self._patience = Patience()
        self._under_way: dict[bytes, asyncio.Task[Vector | None]] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._told: set[str] = set()
        self._made = self._failures = self._latenesses = 0
        self._closed = False
        self._learning = None if source.id else asyncio.create_task(self._learn())

    @property
    def id(self) -> str:
        return self._source.id

    def at_hand(self, text: str, asker: Any) -> Vector | None:
        return self._remembered.find(self._name(text, asker))

    async def embed(self, text: str, asker: Any, *, hurried: bool = False) -> Vector:
        name = self._name(text, asker)
        if (found := self._remembered.find(name)) is not None:
            return found
        task = self._under_way.get(name) or self._begin(name, text, asker, hurried=hurried)
        if hurried and self._patience.is_over:
            raise Unembedded("away")
        vector = await asyncio.shield(task)
        if vector is None:
            raise Unembedded("failed")
        return vector

    def figures(self) -> Embedding:
        state = "away" if self._patience.is_away else "slow" if self._patience.is_over else "ready"
        held = self._remembered
        return Embedding(
            id=self.id,
            state=state if self.id else "not known yet",
            remembered=len(held),
            recalled=held.recalled,
            made=self._made,
            failed=self._failures,
            late=self._latenesses,
        )

    async def aclose(self) -> None:
        """Nothing is asked any more; what is under way is dropped."""
        self._closed = True
        tasks = [*self._under_way.values(), *([self._learning] if self._learning is not None else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _name(self, text: str, asker: Any) -> bytes:
        return name_of(self.id, text, self._source.whose(asker))

    def _begin(self, name: bytes, text: str, asker: Any, *, hurried: bool) -> asyncio.Task[Vector | None]:
        if self._closed or len(self._under_way) >= _MOST:
            raise Unembedded("busy")
        if not self._patience.may_ask(self._clock(), hurried=hurried):
            raise Unembedded("away")
        task = asyncio.create_task(self._asked(name, text, asker))
        self._under_way[name] = task
        task.add_done_callback(lambda _: self._under_way.pop(name, None))
        return task

    async def _asked(self, name: bytes, text: str, asker: Any) -> Vector | None:
        """None for what is counted and told already: perhaps nobody waits for it any more."""
        began = self._clock()
        late = asyncio.get_running_loop().call_later(self._deadline, self._is_late)
        try:
            vector = await self._vector(text, asker)
        finally:
            late.cancel()
        if vector is not None:
            self._made += 1
            self._remembered.add(name, vector)
            self._is_well(in_time=self._clock() - began <= self._deadline)
        return vector

    async def _vector(self, text: str, asker: Any) -> Vector | None:
        try:
            async with asyncio.timeout(SECONDS), self._at_once:
                return await self._source.vector(text, asker)
        except TextRefused as error:
            self._failures += 1
            self._tell(str(error))
        except Unembedded as error:
            self._has_failed(str(error))
        except TimeoutError:
            self._has_failed(f"no answer within {SECONDS:g} seconds")
        return None

    async def _learn(self) -> None:
        """Asks until it is known how many numbers a vector has."""
        tries = 0
        while await self._vector(_PROBE, None) is None:
            await asyncio.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
            tries += 1
        self._is_well(in_time=False)

    def _has_failed(self, why: str) -> None:
        self._failures += 1
        self._tell(why)
        self._patience.failed()

    def _is_late(self) -> None:
        self._latenesses += 1
        self._patience.late()
        if self._patience.is_over:
            self._tell(f"it takes longer than {self._deadline * 1000:g} ms (`cache.semantic.deadline_ms`)")

    def _is_well(self, *, in_time: bool) -> None:
        was_over = self._patience.is_over
        self._patience.answered(in_time=in_time)
        if was_over and not self._patience.is_over:
            log.warning("cache: %s embeds again", self._source.title)
            self._told.clear()

    def _tell(self, why: str) -> None:
        """Once, until it is well again."""
        if why not in self._told:
            self._told.add(why)
            log.warning("cache: %s gives no vector in time, so the models are asked: %s", self._source.title, why)
