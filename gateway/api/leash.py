"""What can end an exchange from outside: its caller leaves, the time is up, the gateway shuts down."""

import asyncio
from typing import Final, Literal

from starlette.types import Receive

from gateway.exchange import Exchange, Outcome

Reason = Literal["client_gone", "out_of_time", "draining"]


_OUTCOMES: Final[dict[Reason, Outcome]] = {"client_gone": "client_gone", "out_of_time": "cut", "draining": "drained"}


class Leash:
    """Holds the task of one exchange. `pull` cancels it once; `reason` says why."""

    def __init__(self, x: Exchange) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a leash is made inside the task it holds")
        self._task = task
        self._x = x
        self.reason: Reason | None = None

    def pull(self, reason: Reason) -> None:
        if self.reason is None:
            self.reason = reason
            self._x.outcome = _OUTCOMES[reason]
            self._task.cancel()

    def loosen(self) -> None:
        """After the cancellation has been handled: the task goes on to say goodbye."""
        self._task.uncancel()

    async def watch(self, receive: Receive) -> None:
        """Runs beside the exchange once its request is read; ends with the caller's connection."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.pull("client_gone")
