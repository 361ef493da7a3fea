"""`python -m tests.bench.cache_lookups ORDER`: one filled cache, measured from inside its process. Prints a line of JSON for each size.

A process of its own for each number of scopes, so that what it takes in memory is the cache's.
"""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Iterable

import msgspec
import uvloop

from tests.bench import cache_world, procfs
from tests.bench.cache_world import World
from tests.bench.figures import percentile


class Order(msgspec.Struct, frozen=True):
    """`sizes` in rising order. `looks`: questions of each kind at each size. `redis`: where that is, instead of memory."""

    scopes: int
    sizes: tuple[int, ...]
    looks: int
    semantic: bool
    redis: str | None = None


class Line(msgspec.Struct, frozen=True):
    """What was measured at one size."""

    size: int
    figures: dict[str, float]


Ask = Callable[[int, str], Awaitable[tuple[str, float]]]


async def measured(order: Order, tell: Callable[[Line], None]) -> None:
    world = await cache_world.world(order.scopes, semantic=order.semantic, redis=order.redis)
    try:
        gc.collect()
        empty = own_bytes()
        for size in order.sizes:
            gc.disable()
            await world.fill(size, order.looks)
            gc.enable()
            gc.collect()
            grown = {} if order.redis else {"entry.kb": (own_bytes() - empty) / size / 1024}
            tell(Line(size, grown | await look_ups(world)))
    finally:
        await world.gateway.close()


async def look_ups(world: World) -> dict[str, float]:
    """Milliseconds for each kind of question, and the share of paraphrases that were served."""
    stored = list(world.stored_questions())
    for scope, question in list(world.new_questions())[:20]:  # imports, caches of code
        await world.ask(scope, question)
    figures = told("hit", await times(world.ask, ((scope, one) for scope, one, _ in stored), "hit"))
    if world.semantic:
        alike = await times(world.ask, ((scope, like) for scope, _, like in stored), "semantic")
        figures |= told("semantic", alike) | {"semantic.share": len(alike) / len(stored)}
    return figures | told("miss", await times(world.ask, world.new_questions(), "miss"))


async def times(ask: Ask, asked: Iterable[tuple[int, str]], wanted: str) -> list[float]:
    """Seconds of the answers that came as `wanted`. What did not is left out."""
    took = []
    for scope, question in asked:
        status, seconds = await ask(scope, question)
        if status == wanted:
            took.append(seconds)
    return took


def told(kind: str, took: list[float]) -> dict[str, float]:
    """Nothing where nothing came so."""
    if not took:
        return {}
    return {f"{kind}.p50_ms": percentile(took, 0.5) * 1e3, f"{kind}.p99_ms": percentile(took, 0.99) * 1e3}


def own_bytes() -> int:
    return procfs.rollup_bytes((procfs.PROC / "self/smaps_rollup").read_text())


def main() -> None:
    order = msgspec.json.decode(sys.argv[1], type=Order)

    def tell(line: Line) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
        sys.stdout.flush()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measured(order, tell))


if __name__ == "__main__":
    main()
