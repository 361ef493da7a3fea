"""What was said of answers: every saying as a row, and sums of them by quarters of an hour, in one transaction.

Sums hold no end user and no words, and stay when these are forgotten.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.columns import microseconds
from gateway.ledger.engine import Database
from gateway.ledger.periods import edges
from gateway.ledger.plain import plain, plain_or_none
from gateway.ledger.tables import feedback, feedback_sums, requests
from gateway.ledger.views import OpinionFilter, OpinionPage, Score, ScoredBy, Step
from gateway.record.feedback import Feedback

QUARTER: Final = 900
_MICRO: Final = 1_000_000
_MOST: Final = 1_000
_UPSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_NAMES: Final = ("metric", "model", "model_served", "prompt", "source")
_TEXTS: Final = ("comment", "correction")
_SUMS: Final = ("said", "bad", "scored")
_SHORTEST: Final = frozenset[Step]({"minute", "five_minutes"})
_WITH_TIME: Final = frozenset({"id", "time", "user", *_TEXTS})
_PLAIN: Final = tuple(name for name in Feedback.__struct_fields__ if name not in _WITH_TIME)


class OpinionTables:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, one: Feedback) -> Feedback:
        """What stands there under its id: this one, as it came, or what was there before."""
        async with self._database.writing() as connection:
            stored = await self._completed(connection, _stored(one))
            kept = (
                _UPSERT[self._database.kind](feedback).values(stored).on_conflict_do_nothing().returning(feedback.c.id)
            )
            if (await connection.execute(kept)).first() is not None:
                await self._sum(connection, stored)
                return one
            before = (await connection.execute(select(feedback).where(feedback.c.id == one.id))).mappings().one()
        return _feedback(before)

    async def of_request(self, request_id: str) -> list[Feedback]:
        """The oldest first."""
        asked = (
            select(feedback).where(feedback.c.request_id == plain(request_id)).order_by(feedback.c.at, feedback.c.id)
        )
        async with self._database.reading() as connection:
            return [_feedback(row) for row in (await connection.execute(asked.limit(_MOST))).mappings()]

    async def of_requests(self, request_ids: Sequence[str]) -> list[Feedback]:
        """The oldest first."""
        asked = select(feedback).where(feedback.c.request_id.in_(request_ids)).order_by(feedback.c.at, feedback.c.id)
        async with self._database.reading() as connection:
            return [_feedback(row) for row in (await connection.execute(asked)).mappings()]

    async def page(
        self, which: OpinionFilter, *, before: str | None, since: float | None, until: float | None, limit: int
    ) -> OpinionPage:
        """The newest first. Raises ValueError for what is no cursor."""
        if not 0 < limit <= _MOST:
            raise ValueError(f"limit: must be from 1 to {_MOST}")
        asked = select(feedback).where(*_matching(which)).order_by(feedback.c.at.desc(), feedback.c.id.desc())
        if since is not None:
            asked = asked.where(feedback.c.at >= microseconds(since))
        if until is not None:
            asked = asked.where(feedback.c.at < microseconds(until))
        if before is not None:
            asked = asked.where(tuple_(feedback.c.at, feedback.c.id) < tuple_(*_place(before)))
        async with self._database.reading() as connection:
            rows = list((await connection.execute(asked.limit(limit + 1))).mappings())
        more, rows = len(rows) > limit, rows[:limit]
        return OpinionPage([_feedback(row) for row in rows], f"{rows[-1]['at']}-{rows[-1]['id']}" if more else None)

    async def scores(
        self, by: ScoredBy | None, which: OpinionFilter, since: float, until: float, step: Step | None, zone: ZoneInfo
    ) -> list[Score]:
        """By metric, name and step, in this order. Raises ValueError for what sums do not tell."""
        if which.bad is not None or which.with_words:
            raise ValueError("filter: sums tell neither bad feedback nor words apart; leave that out")
        if step in _SHORTEST:
            raise ValueError("step: sums of feedback are of a quarter of an hour; take that, or longer")
        first, last = _quarters(since, until)
        marks = [first, last] if step is None else edges(first, last, step, zone)
        c = feedback_sums.c
        name: list[Any] = [] if by is None else [c[by]]
        when: list[Any] = [] if step is None else [c.bucket]
        sums = [func.sum(c[one]) for one in (*_SUMS, "total")]
        keys = [c.metric, *name, *when]
        asked = select(*keys, *sums).where(c.bucket >= marks[0], c.bucket < marks[-1], *_of_sums(which)).group_by(*keys)
        found: dict[tuple[str, str, int], list[float]] = {}
        async with self._database.reading() as connection:
            for row in await connection.execute(asked):
                place = bisect_right(marks, row[len(keys) - 1]) - 1 if when else 0
                held = found.setdefault((row[0], row[1] if name else "", place), [0, 0, 0, 0.0])
                for index, value in enumerate(row[len(keys) :]):
                    held[index] += float(value)  # PostgreSQL adds up integers to decimals
        return [
            _score(metric, called, marks[place], marks[place + 1], sum_)
            for (metric, called, place), sum_ in sorted(found.items())
        ]

    async def _completed(self, connection: AsyncConnection, stored: dict[str, Any]) -> dict[str, Any]:
        """With what the row of the request knows, where whoever took it did not."""
        if stored["model"] is not None or stored["request_id"] is None:
            return stored
        c = requests.c
        asked = select(c.end_user, c.model, c.model_served, c.prompt, c.conversation, c.team, c.trace_id)
        row = (await connection.execute(asked.where(c.request_id == stored["request_id"]))).mappings().first()
        return stored if row is None else {**stored, **{name: stored[name] or value for name, value in row.items()}}

    async def _sum(self, connection: AsyncConnection, stored: Mapping[str, Any]) -> None:
        score = stored["score"]
        counts = {"said": 1, "bad": int(stored["bad"]), "scored": int(score is not None), "total": score or 0.0}
        names = {name: stored[name] or "" for name in _NAMES}
        bucket = stored["at"] // _MICRO // QUARTER * QUARTER
        upsert = _UPSERT[self._database.kind](feedback_sums).values(bucket=bucket, **names, **counts)
        added = {name: feedback_sums.c[name] + upsert.excluded[name] for name in counts}
        await connection.execute(upsert.on_conflict_do_update(index_elements=["bucket", *_NAMES], set_=added))


def _stored(one: Feedback) -> dict[str, Any]:
    found = {name: getattr(one, name) for name in _PLAIN}
    found = {name: plain_or_none(value) if isinstance(value, str) else value for name, value in found.items()}
    texts = {name: None if (text := getattr(one, name)) is None else text.replace("\0", "\ufffd") for name in _TEXTS}
    return {"id": one.id, "at": microseconds(one.time), "end_user": plain_or_none(one.user), **found, **texts}


def _feedback(row: Mapping[Any, Any]) -> Feedback:
    return Feedback(
        id=row["id"],
        time=row["at"] / _MICRO,
        user=row["end_user"],
        **{name: row[name] for name in (*_PLAIN, *_TEXTS)},
    )


def _matching(which: OpinionFilter) -> Iterator[ColumnElement[bool]]:
    c = feedback.c
    for name in _NAMES:
        if names := getattr(which, name):
            yield func.coalesce(c[name], "").in_(names)
    if which.key:
        yield c.key.in_(which.key)
    if which.bad is not None:
        yield c.bad.is_(which.bad)
    if which.with_words:
        yield c.comment.is_not(None) | c.correction.is_not(None)


def _of_sums(which: OpinionFilter) -> Iterator[ColumnElement[bool]]:
    if which.key:
        raise ValueError("filter: sums of feedback do not tell keys apart; leave that out")
    for name in _NAMES:
        if names := getattr(which, name):
            yield feedback_sums.c[name].in_(names)


def _quarters(since: float, until: float) -> tuple[int, int]:
    first, last = int(since // QUARTER) * QUARTER, int(-(-until // QUARTER)) * QUARTER
    if first >= last:
        raise ValueError("until: must be after `since`")
    return first, last


def _score(metric: str, name: str, since: int, until: int, sums: list[float]) -> Score:
    said, bad, scored, total = sums
    return Score(metric, name, since, until, int(said), int(bad), total / scored if scored else None)


def _place(cursor: str) -> tuple[int, str]:
    at, _, name = cursor.partition("-")
    if not (at.isascii() and at.isdecimal() and name.startswith("fb_") and len(cursor) < 80):
        raise ValueError("cursor: is none of this ledger's; begin with the first page")
    return int(at), name
