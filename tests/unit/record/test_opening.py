"""What a configuration asks for is there, and nothing that it does not ask for."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config.ledger import Ledger
from gateway.config.strict import Secret
from gateway.config.structs import Config, Record
from gateway.record.opening import _outbox, recorder_of
from gateway.record.spool import settled_by, spools
from tests.support.eventually import eventually
from tests.support.exchanges import exchange

_LARGE = {"sqlalchemy", "alembic", "aiosqlite", "asyncpg", "opentelemetry", "grpc"}


def test_without_a_ledger_there_is_no_process_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = recorder_of(Config())
    made.record(exchange(outcome="answered"))
    assert made.waiting().figures is None
    made.close()
    assert list(tmp_path.iterdir()) == []


def test_with_one_rows_reach_it(tmp_path: Path) -> None:
    database, root = tmp_path / "h.db", tmp_path / "spool"
    made = recorder_of(Config(ledger=Ledger(url=Secret(f"sqlite:///{database}")), record=Record(spool=str(root))))
    made.record(exchange(outcome="answered"))
    eventually(lambda: (figures := made.waiting().figures) is not None and figures.status.rows == 1, 90)
    made.close(90)
    assert database.exists()
    assert list(spools(root)) == []
    assert (root / "users.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("ledger", "told"), [(None, ""), (Ledger(), "ledger")])
def test_a_spool_says_whether_it_is_for_a_ledger(tmp_path: Path, ledger: Ledger | None, told: str) -> None:
    outbox = _outbox(Config(ledger=ledger), tmp_path, pushes=True)
    assert [settled_by(one) for one in spools(tmp_path)] == [told]
    outbox.close(0)


def test_a_folder_that_cannot_be_used_is_said_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = Config(ledger=Ledger(), record=Record(spool=str(tmp_path / "file" / "spool")))
    with pytest.raises(
        ValueError, match=r"^record\.spool: .*/file/spool cannot be used: Not a directory; name a folder"
    ):
        recorder_of(config)


def test_what_serves_loads_nothing_of_what_keeps_records() -> None:
    code = "import sys, gateway.cli; print(*{name.partition('.')[0] for name in sys.modules}, 'gateway.scribe' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    *loaded, scribe = done.stdout.split()
    assert _LARGE.isdisjoint(loaded)
    assert scribe == "False"
