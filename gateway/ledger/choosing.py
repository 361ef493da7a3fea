"""Which sums answer a question: those of the coarsest grain that tells apart what is asked for."""

from typing import Any

from sqlalchemy import Select, select

from gateway.ledger.plain import plain_names
from gateway.ledger.tables import groups
from gateway.ledger.tallies import GRAINS
from gateway.ledger.views import Filter


def chosen(rows: Filter, by: str | None = None) -> Select[Any]:
    """The ids of their groups, which tell apart what is asked for and `by`.

    Sums are found by these ids and a time. A join would leave the order to the database, and SQLite then reads the sums of all.
    """
    asked = {name for name in GRAINS["full"] if getattr(rows, name)} | ({by} if by else set())
    grain = next(name for name, tells in GRAINS.items() if asked <= set(tells))
    conditions = [groups.c[name].in_(plain_names(names)) for name in GRAINS["full"] if (names := getattr(rows, name))]
    return select(groups.c.id).where(groups.c.grain == grain, *conditions)
