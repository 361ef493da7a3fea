"""Texts of requests and answers, where somebody has them kept: apart from rows, with an end of their own, and no reading goes unseen."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from gateway.ledger.columns import microseconds
from gateway.ledger.engine import Database
from gateway.ledger.plain import plain, plain_or_none
from gateway.ledger.tables import bodies, readings
from gateway.ledger.views import Body, Reading

_MICRO = 1_000_000


class Bodies:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, some: Iterable[Body]) -> None:
        """Those of a request that has one already replace it."""
        stored = {one.request_id: _stored(one) for one in some}
        if stored:
            async with self._database.writing() as connection:
                await connection.execute(delete(bodies).where(bodies.c.request_id.in_(list(stored))))
                await connection.execute(insert(bodies), list(stored.values()))

    async def read(self, request_id: str, reader: str, now: float) -> Body | None:
        """The reading is written down first, with who it was, or nothing is shown."""
        asked = select(bodies).where(bodies.c.request_id == request_id, bodies.c.until > microseconds(now))
        async with self._database.writing() as connection:
            found = (await connection.execute(asked)).mappings().first()
            entry = {"at": microseconds(now), "reader": plain(reader), "request_id": plain(request_id)}
            await connection.execute(insert(readings).values(**entry, found=found is not None))
        if found is None:
            return None
        return _body(found)

    async def read_all(self, request_ids: Sequence[str], reader: str, now: float) -> list[Body]:
        """Those that are there, each reading written down."""
        asked = select(bodies).where(bodies.c.request_id.in_(request_ids), bodies.c.until > microseconds(now))
        async with self._database.writing() as connection:
            found = (await connection.execute(asked)).mappings().all()
            said = {"at": microseconds(now), "reader": plain(reader), "found": True}
            if found:
                await connection.execute(insert(readings), [{**said, "request_id": one["request_id"]} for one in found])
        return [_body(one) for one in found]

    async def readings(self, limit: int) -> list[Reading]:
        """The newest first."""
        asked = select(readings).order_by(readings.c.at.desc(), readings.c.id.desc()).limit(limit)
        async with self._database.reading() as connection:
            rows = (await connection.execute(asked)).mappings().all()
        return [Reading(row["at"] / _MICRO, row["reader"], row["request_id"], row["found"]) for row in rows]


def _body(found: Mapping[Any, Any]) -> Body:
    return Body(found["request_id"], found["until"] / _MICRO, found["end_user"], found["request"], found["answer"])


def _stored(one: Body) -> dict[str, Any]:
    return {
        "request_id": plain(one.request_id),
        "until": microseconds(one.until),
        "end_user": plain_or_none(one.user),
        "request": _text(one.request),
        "answer": _text(one.answer),
    }


def _text(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "\ufffd")
