import logging
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.app import start
from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.config.structs import Config, Record
from gateway.ledger.lazily import Lazily
from gateway.ledger.port import load
from gateway.ledger.views import LedgerRefused


async def test_a_gateway_opens_its_ledger_when_somebody_looks(tmp_path: Path) -> None:
    file = tmp_path / "below" / "ledger.db"
    record = Record(spool=str(tmp_path / "spool"))
    gateway = await start(Config(ledger=Settings(url=Secret(f"sqlite:///{file}")), record=record))
    assert gateway.ledger is not None
    assert not file.exists()
    reader = await gateway.ledger.reader()
    assert (await reader.page()).rows == []
    assert await gateway.ledger.reader() is reader
    await gateway.close()


def test_the_library_that_makes_the_tables_tells_nothing_of_its_parts() -> None:
    logging.getLogger("alembic").setLevel(logging.NOTSET)
    load()
    assert logging.getLogger("alembic").level == logging.WARNING


async def test_a_gateway_without_one_has_none() -> None:
    gateway = await start(Config())
    assert gateway.ledger is None
    await gateway.close()


async def test_who_looks_again_after_a_failure_tries_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    ledger = Lazily(Settings(url=Secret(f"sqlite:///{tmp_path}/file/ledger.db")))
    with pytest.raises(LedgerRefused, match=r"ledger\.db cannot be opened for writing"):
        await ledger.reader()
    (tmp_path / "file").unlink()
    assert await (await ledger.reader()).find("req_none") is None
    await ledger.aclose()


def test_nothing_of_the_library_is_loaded_before() -> None:
    script = "import sys, gateway.app; print([name for name in ('sqlalchemy', 'alembic', 'aiosqlite', 'asyncpg') if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "[]\n"
