"""Several waits at the same time, of which the first failure ends all."""

import asyncio
from collections.abc import Coroutine, Iterable
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")


async def gathered(waiting: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What they give, in their order. Raises what the first one raised, when the others have been cancelled and are done."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    if not tasks:
        return []
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def gathered_by(many: int, waiting: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The same, no more than so many at a time. `waiting` makes each when its turn comes."""
    found: list[T] = []
    turns = iter(waiting)
    while some := list(islice(turns, many)):
        found += await gathered(some)
    return found
