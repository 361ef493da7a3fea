"""What the metrics page shows, handed on now and then to the process that pushes it."""

import asyncio
import os
import time
from collections.abc import Mapping

from gateway.api.scraped import state_of
from gateway.config.pushing import push_every
from gateway.pipeline import Pipeline
from gateway.record.measured import Moment, measured


class Pushes:
    """Collected in the event loop, as a scrape is, since what is counted there may change anywhere else."""

    def __init__(self, pipeline: Pipeline, env: Mapping[str, str] = os.environ) -> None:
        self._pipeline = pipeline
        self._every = push_every(env)
        self._started = time.time()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Once, and only where somebody wants them."""
        if self._task is None and self._every is not None:
            going = self._go_on(self._every)
            self._task = asyncio.get_running_loop().create_task(going, name="metrics to be pushed")

    async def aclose(self) -> None:
        """With the last figures."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            await self._tell()

    async def _go_on(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self._tell()

    async def _tell(self) -> None:
        recorder = self._pipeline.recorder
        families = recorder.metrics.families(await state_of(self._pipeline))
        recorder.hand_on(Moment(self._started, measured(families)))
