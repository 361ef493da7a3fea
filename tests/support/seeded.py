"""A ledger as a file, with rows and what was said of them."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from gateway.record.batch import Batch
from gateway.record.feedback import Feedback
from gateway.record.row import Row


async def written(path: Path, made: Sequence[Row], said: Sequence[Feedback] = ()) -> str:
    """Its address, once it holds these besides what it held."""
    url = f"sqlite:///{path}"
    ledger = await Ledger.open(Settings(url=Secret(url)))
    for first in range(0, len(made), 500):
        await ledger.write(Batch(time.time(), list(made[first : first + 500])))
    for one in said:
        await ledger.add_feedback(one)
    await ledger.aclose()
    return url


def written_apart(path: Path, made: Sequence[Row], said: Sequence[Feedback] = ()) -> str:
    """The same for whoever has no event loop, or one that may not wait: a browser's."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(written(path, made, said))).result()
