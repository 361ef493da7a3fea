"""Changing what all replicas share: read, change and swap, once more where another has changed it meanwhile."""

import asyncio
import random
from collections.abc import Callable
from typing import Final, TypeVar

from gateway.cache.store import Store

_T = TypeVar("_T")
_TRIES: Final = 16
_FIRST: Final = 0.001
_LONGEST: Final = 0.05


async def changed(store: Store, name: str, change: Callable[[bytes | None], tuple[bytes | None, _T]]) -> _T | None:
    """What `change` says of what stands under this name, once what it makes of it stands there. If it makes None, all stays.

    None where nobody can tell, or others came between each time. Between two tries it waits at random, longer each time (up to
    50 ms), so that replicas that change the same at once do not meet again and again.
    """
    for tried in range(_TRIES):
        found = await store.load_all((name,))
        if found is None:
            return None
        made, said = change(found[0])
        if made is None or await store.save(name, made, found[0]):
            return said
        await asyncio.sleep(random.random() * min(_LONGEST, _FIRST * 2**tried))
    return None
