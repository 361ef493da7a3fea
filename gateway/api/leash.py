"""What can end an exchange from outside: its caller leaves, the time is up, the gateway shuts down."""

import asyncio
from collections.abc import Callable
from typing import Final, Literal

from starlette.types import Receive, Scope

from gateway.errors import GatewayError
from gateway.exchange import Exchange, Outcome

Reason = Literal["client_gone", "out_of_time", "draining"]


LEAVING: Final = "haechi.leaving"
"""ASGI extension of our server, a `Leaving`: saves the task that would have to wait beside each request."""

SAID: Final[dict[Reason, GatewayError]] = {
    "out_of_time": GatewayError("upstream_timeout", "The answer was not complete within the time a request may take."),
    "draining": GatewayError("draining", "The gateway is shutting down. Try again."),
}
_OUTCOMES: Final[dict[Reason, Outcome]] = {"client_gone": "client_gone", "out_of_time": "cut", "draining": "drained"}


class Leaving:
    """Of one connection: who wants to know when it is lost, and whether it is."""

    def __init__(self) -> None:
        self.lost = False
        self._told: set[Callable[[], None]] = set()

    def tell(self, callback: Callable[[], None]) -> None:
        """Calls at once where the connection is lost already."""
        if self.lost:
            callback()
        else:
            self._told.add(callback)

    def forget(self, callback: Callable[[], None]) -> None:
        self._told.discard(callback)

    def lose(self) -> None:
        self.lost = True
        for callback in list(self._told):
            callback()


class Leash:
    """Holds the task of one exchange, from the moment it is made. `pull` cancels it once; `reason` says why."""

    __slots__ = ("_leaving", "_task", "_watching", "reason", "x")

    def __init__(self, x: Exchange, scope: Scope) -> None:
        self._task = x.deadlines.task()
        self.x = x
        self._watching: asyncio.Task[None] | None = None
        self._leaving: Leaving | None = scope.get("extensions", {}).get(LEAVING)
        self.reason: Reason | None = None
        x.deadlines.tell_at(x.deadline, self._out_of_time)

    def pull(self, reason: Reason) -> None:
        if self.reason is None:
            self.reason = reason
            if not self.x.ended:  # else the caller has it all, and only the upstream's connection is being drained
                self.x.error = SAID.get(reason)
                self.x.outcome = "failed" if reason == "out_of_time" and not self.x.committed else _OUTCOMES[reason]
            self._task.cancel()

    def loosen(self) -> None:
        """After the cancellation has been handled: the task goes on to say goodbye."""
        self._task.uncancel()

    def watch(self, receive: Receive) -> None:
        """From now on, when the request is read, the caller's leaving pulls. Our own server tells; others have to be asked."""
        if self._leaving is not None:
            self._leaving.tell(self._left)
        else:
            self._watching = asyncio.create_task(self._wait(receive))

    def drop(self) -> None:
        """The exchange is over."""
        self.x.deadlines.close()
        if self._leaving is not None:
            self._leaving.forget(self._left)
        if self._watching is not None:
            self._watching.cancel()

    def _out_of_time(self) -> None:
        self.pull("out_of_time")

    def _left(self) -> None:
        self.pull("client_gone")

    async def _wait(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._left()
