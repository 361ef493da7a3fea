"""The page about the ledger knows every table and column, and its queries run."""

import re
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from gateway.config.ledger import Ledger as Settings
from gateway.ledger.engine import Database
from gateway.ledger.migrating import migrate
from gateway.ledger.tables import metadata

_PAGE: Final = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
_QUERIES: Final = re.findall(r"```text\n(SELECT .*?)```", _PAGE, re.DOTALL)


@pytest.mark.parametrize("name", metadata.tables)
def test_every_column_is_told(name: str) -> None:
    (told,) = (line for line in _PAGE.splitlines() if re.match(rf"\| (`\w+`, )*`{name}`", line))
    assert [column.name for column in metadata.tables[name].columns if f"`{column.name}`" not in told] == []


async def test_every_query_runs(settings: Settings) -> None:
    database = Database(settings)
    await migrate(database)
    assert len(_QUERIES) == 2
    for query in _QUERIES:
        async with database.reading() as connection:
            assert (await connection.execute(text(query))).all() == []
    await database.aclose()
