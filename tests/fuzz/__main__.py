"""`python -m tests.fuzz [CASES] [SEED] [WORKERS]`: exits with 1 if chunking ever changed an outcome, or text went out that a match was part of."""
# ruff: noqa: T201  printing is what a command does

import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor

from gateway.guards.catalogue import ENTITIES
from tests.fuzz.cases import Result, run
from tests.fuzz.guards import NINE, Guards, everything, nine
from tests.fuzz.ordinary import ENGLISH, KOREAN, PIECE, cost

BATCH = 2_000
SHOWN = 10
DEFAULTS = (1_000_000, 1, 0)


def batch(seed: int, count: int) -> tuple[Result, list[str]]:
    """One process's share: its cases are those of the seed alone. Gives the texts that went wrong as well."""
    rng, guards = random.Random(seed), Guards(seed)
    result, wrong = Result(), list[str]()
    for _ in range(count):
        if (text := run(rng, guards, result)) is not None:
            wrong.append(text)
    return result, wrong


def main(count: int, seed: int, workers: int) -> int:
    """`workers`: processes; 0 for one on each core."""
    total, wrong = Result(), list[str]()
    shares = [min(BATCH, count - begun) for begun in range(0, count, BATCH)]
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        for result, texts in pool.map(batch, range(seed, seed + len(shares)), shares):
            total.add(result)
            wrong += texts
    for text in wrong[:SHOWN]:
        print(f"wrong: {text!r}")
    print(
        f"{total.cases:,} cases over {len(ENTITIES)} entities and written patterns, {total.found:,} findings: "
        f"{total.different} differences, {total.leaked} leaks"
    )
    print(
        f"awkward text, nothing but personal data: {total.chunks:,} chunks, {total.seconds / total.chunks * 1e6:.1f} µs each, "
        f"{total.held / total.chunks:.1f} characters held on average"
    )
    _tell_cost()
    return int(bool(wrong))


def _tell_cost() -> None:
    print(f"ordinary text in chunks of {PIECE} characters:")
    for name, guard in ((f"{len(NINE)} detectors", nine()), (f"all {len(ENTITIES)}", everything())):
        for language, text in (("English", ENGLISH), ("Korean", KOREAN)):
            one = cost(guard, text)
            print(
                f"  {name:12} {language:8} {one.micros:5.1f} µs each, {one.held:4.1f} characters held on average, {one.longest} at most"
            )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*given, *DEFAULTS[len(given) :]))
