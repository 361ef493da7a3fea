"""What those who show the ledger see of it, without the library behind it; and the one place that loads that."""

import importlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.config.ledger import Ledger as Settings
from gateway.ledger.views import (
    Body,
    Dimension,
    Filter,
    OpinionFilter,
    OpinionPage,
    Page,
    Point,
    Reading,
    Score,
    ScoredBy,
    Share,
    Step,
    Summary,
)
from gateway.record.feedback import Feedback
from gateway.record.row import Row


class Rows(Protocol):
    """Single requests. The contracts are those of `gateway.ledger.ledger`."""

    async def find(self, request_id: str) -> Row | None: ...

    async def page(
        self,
        rows: Filter = ...,
        *,
        before: str | None = None,
        after: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
    ) -> Page: ...


class Sums(Protocol):
    """All of them together."""

    async def summary(self, rows: Filter, since: float, until: float) -> Summary: ...

    async def series(
        self, rows: Filter, since: float, until: float, step: Step, zone: ZoneInfo = ...
    ) -> list[Point]: ...

    async def split(self, by: Dimension, rows: Filter, since: float, until: float) -> list[Share]: ...


class Names(Protocol):
    """What there is to filter by."""

    async def names(self, by: Dimension) -> list[str]: ...


class Bodies(Protocol):
    """Texts of requests and answers, where they are kept."""

    async def read_body(self, request_id: str, reader: str, now: float) -> Body | None: ...

    async def readings(self, limit: int = 100) -> list[Reading]: ...


class Erasing(Protocol):
    async def forget(self, user: str) -> dict[str, int]: ...


class Opinions(Protocol):
    """What was said of answers, one by one and added up."""

    async def add_feedback(self, one: Feedback) -> Feedback: ...

    async def feedback_of(self, request_id: str) -> list[Feedback]: ...

    async def feedback_page(
        self,
        which: OpinionFilter = ...,
        *,
        before: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
    ) -> OpinionPage: ...


class Scores(Protocol):
    async def scores(
        self,
        by: ScoredBy | None,
        which: OpinionFilter,
        since: float,
        until: float,
        step: Step | None = None,
        zone: ZoneInfo = ...,
    ) -> list[Score]: ...


class Reader(Rows, Sums, Names, Bodies, Erasing, Opinions, Scores, Protocol):
    """An open ledger."""

    async def aclose(self) -> None: ...


def load() -> Callable[[Settings], Awaitable[Reader]]:
    """`Ledger.open`. Imports SQLAlchemy and alembic: some 0.3 s and 25 MB. Call it in a thread."""
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each of its parts as it is imported
    opens: Callable[[Settings], Awaitable[Reader]] = importlib.import_module("gateway.ledger.ledger").Ledger.open
    return opens
