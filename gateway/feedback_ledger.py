"""The ledger as feedback sees it. Nobody waits long for it, and what is being written is never broken off: it goes on alone."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, TypeVar

from gateway.ledger.lazily import Lazily
from gateway.ledger.views import Filter, LedgerError, Page
from gateway.record.feedback import Feedback
from gateway.record.recent import Answered, By
from gateway.record.row import Row
from gateway.store.shelf import Away

log = logging.getLogger("haechi")

SECONDS: Final = 5.0
_MOST_AT_ONCE: Final = 256
_T = TypeVar("_T")


class Opinions(Protocol):
    """Of `gateway.ledger.ledger.Ledger`."""

    async def find(self, request_id: str) -> Row | None: ...

    async def page(self, rows: Filter, *, limit: int) -> Page: ...

    async def add_feedback(self, one: Feedback) -> Feedback: ...

    async def feedback_of(self, request_id: str) -> list[Feedback]: ...


class FeedbackLedger:
    """See `gateway.feedback.Ledger`."""

    def __init__(self, lazily: Lazily, seconds: float = SECONDS) -> None:
        self._lazily = lazily
        self._seconds = seconds
        self._under_way: set[asyncio.Task[Any]] = set()
        self._well = True

    async def find(self, by: By, name: str, key: str | None) -> Answered | None:
        async def look(opinions: Opinions) -> Row | None:
            if by == "request_id":
                return await opinions.find(name)
            rows = Filter(**{by: (name,)}, key=() if key is None else (key,))
            return next(iter((await opinions.page(rows, limit=1)).rows), None)

        found = await self._soon(look)
        return None if found is None else _answered(found)

    async def add_feedback(self, one: Feedback) -> Feedback:
        return await self._soon(lambda opinions: opinions.add_feedback(one))

    async def feedback_of(self, request_id: str) -> list[Feedback]:
        return await self._soon(lambda opinions: opinions.feedback_of(request_id))

    async def aclose(self) -> None:
        """Waits for what is being written."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _soon(self, ask: Callable[[Opinions], Coroutine[Any, Any, _T]]) -> _T:
        if len(self._under_way) >= _MOST_AT_ONCE:
            raise Away
        task = asyncio.create_task(self._asked(ask))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(_heard)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            raise Away from None

    async def _asked(self, ask: Callable[[Opinions], Coroutine[Any, Any, _T]]) -> _T:
        try:
            found = await ask(await self._lazily.reader())
        except LedgerError as error:
            if self._well:
                log.error("feedback cannot be kept: %s", error)  # noqa: TRY400 - no trace is wanted
            self._well = False
            raise Away from None
        self._well = True
        return found


def _heard(task: "asyncio.Task[Any]") -> None:
    """Whoever waited may have gone."""
    if not task.cancelled():
        task.exception()


def _answered(row: Row) -> Answered:
    """Rows know callers by name."""
    return Answered(
        request_id=row.request_id,
        owner="",
        key=row.key or "",
        team=row.team,
        tags=frozenset(),
        told=row.user,
        model=row.model,
        model_served=row.model_served,
        policies=tuple(name.partition("@")[0] for name in row.policies or ()),
        prompt=row.prompt,
        conversation=row.conversation,
        response_id=row.response_id,
        trace_id=row.trace_id,
        span_id=row.span_id,
    )
