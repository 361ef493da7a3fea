"""The bars of the cache, as data, and the caches that are filled for them."""

from typing import Final

from tests.bench.bars import Bar
from tests.bench.cache_lookups import Order
from tests.bench.cache_run import Cell

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
SCOPES: Final = (1, 100, 10_000)
SHARED_SIZES: Final = (1_000, 10_000)
LOOKS: Final = 300
EXACT: Final = "memory, exact"
EXACT_REDIS: Final = "Redis, exact"


def memory(scopes: int) -> str:
    return f"memory, {scopes:,} scope{'' if scopes == 1 else 's'}"


MOST: Final = memory(SCOPES[-1])

CELLS: Final = (
    Cell(EXACT, Order(1, SIZES, LOOKS, semantic=False)),
    *(
        Cell(memory(scopes), Order(scopes, sizes, LOOKS, semantic=True))
        for scopes, sizes in ((1, SIZES), (100, SIZES), (10_000, SIZES[1:]))
    ),
    Cell(EXACT_REDIS, Order(1, SHARED_SIZES, LOOKS, semantic=False, redis="")),
    Cell("Redis, 100 scopes", Order(100, SHARED_SIZES, LOOKS, semantic=True, redis="")),
)

BARS: Final = (
    Bar("exact hit in the gateway process, memory, 1 M entries, p50", "1000000.hit.p50_ms", EXACT, None, 0.3, "ms"),
    Bar("exact hit in the gateway process, Redis, 10 k entries, p50", "10000.hit.p50_ms", EXACT_REDIS, None, 1, "ms"),
    Bar(
        "semantic hit, 1 M entries in 10,000 scopes, embedding included, p50",
        "1000000.semantic.p50_ms",
        MOST,
        None,
        1,
        "ms",
    ),
    Bar(
        "semantic miss, 1 M entries in 10,000 scopes, embedding included, p50",
        "1000000.miss.p50_ms",
        MOST,
        None,
        1,
        "ms",
    ),
    Bar(
        "CPU per exact hit in memory, LiteLLM Proxy over Haechi",
        "cpu_us",
        "litellm",
        "haechi",
        10,
        "times",
        at_least=True,
    ),
)
