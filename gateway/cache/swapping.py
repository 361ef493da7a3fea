"""How long to wait before what another has changed meanwhile is read and changed once more."""

import asyncio
import random
from typing import Final

TRIES: Final = 16
_FIRST: Final = 0.001
_LONGEST: Final = 0.05


async def stand_back(tried: int) -> None:
    """At random, and longer each time (up to 50 ms), so that replicas that count at once do not meet again and again."""
    await asyncio.sleep(random.random() * min(_LONGEST, _FIRST * 2**tried))
