"""What a check promises: findings that make sense, the same again and at the same time, on time, and that it can be stopped."""

import asyncio
import inspect
import math
import random
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, Final, Self, TypeVar

from gateway.guards.check import Check, Nonsense, Said
from gateway.guards.finding import Finding
from gateway.guards.guests import believed
from gateway.guards.libraries.workers import LibraryFailed, Workers
from gateway.proving.subject import Failure, Subject
from gateway.proving.texts import DISGUISES, ODD, mixed

SECONDS: Final = 15.0
"""For each promise. Who needs longer for a few texts has hung."""
BLOCKS: Final = 0.002
"""Seconds for which the event loop may stand still, per kilobyte."""
_MEASURES: Final = 0.003
"""What a machine at work adds."""
_ROUNDS: Final = 15
"""One that is well is enough: what blocks does so each time, and a busy machine only now and then."""
_KILOBYTES: Final = (1, 16)
_STOPS: Final = 2.0
_MIXED: Final = 20

T = TypeVar("T")


def check_failures(subject: Subject, check: Check) -> Iterator[Failure]:
    with _Bench(subject, check) as bench:
        for promise in (_found, _odd, _again, _folding, _together, _blocking, _cancelled):
            try:
                wrong = bench.run(promise(bench))
            except TimeoutError:
                yield Failure(
                    "time",
                    f"it has not done with {promise.__name__.strip('_')} within {SECONDS:g} s; look at a text in bounded time",
                )
                return
            except Nonsense as error:
                yield Failure("findings", f"{error}; give a list of `Finding`, counted in code points of `said.text`")
                return
            except LibraryFailed as error:
                yield Failure("raises", f"it raises {error}; whatever the text is, it must give findings")
                return
            yield from wrong
            if wrong and promise is _found:
                return  # the others would only say the same once more


class _Bench:
    """An event loop of its own for the check, so that what hangs does not take the suite with it."""

    def __init__(self, subject: Subject, check: Check) -> None:
        self.subject = subject
        self.is_awaited = inspect.iscoroutinefunction(check.look)
        self._look: Callable[[Said], Any] = check.look
        self._workers = Workers("proving")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proving", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1)
        if not self._thread.is_alive():
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Raises TimeoutError."""
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return running.result(SECONDS)
        finally:
            running.cancel()

    async def look(self, text: str) -> list[Finding]:
        """Raises `Nonsense`, or `LibraryFailed` for whatever it raises."""
        return believed(await self.looked(self.subject.asked(text)), text)

    async def looked(self, said: Said) -> object:
        if not self.is_awaited:
            return await self._workers.run(lambda: self._look(said))
        try:
            return await self._look(said)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - it is anybody's code that runs here
            raise LibraryFailed(type(error).__name__) from None

    async def all(self) -> list[list[Finding]]:
        return [await self.look(text) for text in self.subject.texts]


async def _found(bench: _Bench) -> list[Failure]:
    wrong: list[Failure] = []
    for index, text in enumerate(bench.subject.positives):
        if not await bench.look(text):
            wrong.append(Failure("positives", f"nothing is found in positives[{index}]"))
    for index, text in enumerate(bench.subject.negatives):
        if found := await bench.look(text):
            kinds = ", ".join(sorted({one.kind for one in found}))
            wrong.append(Failure("negatives", f"{kinds} is found in negatives[{index}]"))
    return wrong


async def _odd(bench: _Bench) -> list[Failure]:
    """Nobody knows what models and callers write."""
    rng = random.Random(1)
    for text in [*ODD, *(mixed(rng, list(bench.subject.positives)) for _ in range(_MIXED))]:
        await bench.look(text)
    return []


async def _again(bench: _Bench) -> list[Failure]:
    if await bench.all() != await bench.all():
        return [Failure("again", "the same text gives other findings the second time; keep nothing between two texts")]
    return []


async def _folding(bench: _Bench) -> list[Failure]:
    wrong: list[Failure] = []
    for index, text in enumerate(bench.subject.positives if bench.subject.disguises else ()):
        for name, disguise in DISGUISES.items():
            if not await bench.look(disguise(text)):
                message = (
                    f"nothing is found in positives[{index}] with {name}; look at `fold(said.text).text` and give spans by its `start` and "
                    "`end`, or say `disguises=False` if it is the meaning that counts"
                )
                wrong.append(Failure("folding", message))
    return wrong


async def _together(bench: _Bench) -> list[Failure]:
    expected = await bench.all()
    many = await asyncio.gather(*(bench.all() for _ in range(8)))
    if any(one != expected for one in many):
        return [
            Failure(
                "together", "it finds something else when it looks at several texts at once; keep nothing in the check"
            )
        ]
    return []


async def _blocking(bench: _Bench) -> list[Failure]:
    if not bench.is_awaited:
        return []
    for kilobytes in _KILOBYTES:
        text = _long(bench.subject.positives, kilobytes)
        limit = BLOCKS * kilobytes + _MEASURES
        shortest, rounds = math.inf, 0
        while shortest > limit and rounds < _ROUNDS:
            shortest, rounds = min(shortest, await _longest_block(bench.look(text))), rounds + 1
        if shortest > limit:
            message = (
                f"the event loop stands still for {shortest * 1000:.0f} ms while it looks at {kilobytes} KB; await what waits, and write a plain "
                "`def look`, which runs in a thread, for what computes"
            )
            return [Failure("blocking", message)]
    return []


async def _longest_block(work: Awaitable[object]) -> float:
    """In seconds, as somebody sees it who wants to be called again and again."""
    longest, last = 0.0, time.perf_counter()
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.sleep(0)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    await task
    return longest


async def _cancelled(bench: _Bench) -> list[Failure]:
    """At the time-out of a rule, or when the caller has gone."""
    task = asyncio.ensure_future(bench.look(_long(bench.subject.positives, 16)))
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=_STOPS)
    if not task.done():
        return [Failure("stopping", f"it goes on for {_STOPS:g} s after it was cancelled; let CancelledError through")]
    try:
        async with asyncio.timeout(_STOPS):
            found = await bench.look(bench.subject.positives[0])
    except TimeoutError:
        found = []
    if not found:
        return [
            Failure(
                "stopping", "it finds nothing any more after it was cancelled once; free in `finally` what it holds"
            )
        ]
    return []


def _long(texts: Sequence[str], kilobytes: int) -> str:
    every = "\n".join(texts)
    return (f"{every}\n" * (kilobytes * 1024 // (len(every) + 1) + 1))[: kilobytes * 1024]
