"""`haechi export` and `haechi forget` on a ledger with requests, bodies and feedback in it, as an operator calls them."""

import asyncio
import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from gateway.cli import main
from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from gateway.ledger.views import Body
from gateway.record.batch import Batch
from gateway.record.users import key_of, pseudonym
from tests.support.gatewayprocess import written
from tests.support.ledgered import NOON, a_row, said

SECRET = "one secret for all replicas"
ANNA, BEN = (pseudonym(name, key_of(Secret(SECRET), None)) for name in ("anna", "ben"))
OLD = pseudonym("anna", key_of(Secret("the one before"), None))


async def _filled(url: str) -> None:
    ledger = await Ledger.open(Settings(url=Secret(url)))
    rows = [
        a_row(number, user=ANNA if number % 2 else BEN, model="fast" if number < 4 else "slow") for number in range(6)
    ]
    await ledger.write(Batch(NOON, [*rows, a_row(6, user=OLD), a_row(7, user="anna")]))
    asked = '{"messages":[{"role":"user","content":"수도는?"}]}'
    await ledger.keep_bodies(
        [Body(rows[1].request_id, 4e9, ANNA, asked, "부산"), Body(rows[2].request_id, 4e9, BEN, asked, "서울")]
    )
    await ledger.add_feedback(said(1, user=ANNA, bad=True, comment="틀려요", correction="서울"))
    await ledger.add_feedback(said(2, user=BEN))
    await ledger.aclose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    settings = {"url": f"sqlite:///{tmp_path}/ledger.db"}
    written(
        tmp_path,
        {
            "secret": SECRET,
            "other_secrets": ["the one before"],
            "ledger": settings,
            "record": {"spool": str(tmp_path / "spool"), "file": str(tmp_path / "records.jsonl")},
            "cache": {},
        },
    )
    asyncio.run(_filled(settings["url"]))
    return tmp_path


class Ran(NamedTuple):
    returncode: int
    stdout: bytes
    stderr: bytes


Haechi = Callable[..., Ran]


@pytest.fixture
def haechi(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, folder: Path) -> Haechi:
    """The command, in the folder of its configuration."""

    def run(*arguments: str) -> Ran:
        monkeypatch.chdir(folder)
        capfdbinary.readouterr()
        try:
            status = main(arguments)
        except SystemExit as left:
            status = int(left.code or 0)
        return Ran(status, *capfdbinary.readouterr())

    return run


def lines(ran: Ran) -> list[dict[str, object]]:
    assert ran.returncode == 0, ran.stderr
    return [msgspec.json.decode(line) for line in ran.stdout.splitlines()]


def test_figures_go_to_a_table_by_time_and_filters(haechi: Haechi, folder: Path) -> None:
    ran = haechi("export", "--format", "csv", "--out", "all.csv")
    assert (ran.returncode, ran.stderr) == (0, b"8 rows\n")
    rows = list(csv.DictReader(io.StringIO((folder / "all.csv").read_text())))
    assert [row["request_id"] for row in rows] == [a_row(number).request_id for number in range(7, -1, -1)]
    assert [row["feedback_bad"] for row in rows][-3:] == ["0", "1", "0"]
    assert "틀려요" not in (folder / "all.csv").read_text()
    some = haechi("export", "--format", "csv", "--model", "slow", "--since", "2026-11-20T12:00:05+00:00")
    assert [row["model"] for row in csv.DictReader(io.StringIO(some.stdout.decode()))] == ["slow"]
    hers = haechi("export", "--format", "csv", "--user", "anna")
    assert len(hers.stdout.splitlines()) == 1 + 5, "by all her names"


def test_texts_go_as_examples_and_as_pairs_and_every_reading_is_noted(haechi: Haechi, folder: Path) -> None:
    found = lines(haechi("export", "--format", "openai-jsonl"))
    turn = {"role": "user", "content": "수도는?"}
    assert found == [{"messages": [turn, {"role": "assistant", "content": "서울"}]}] * 2, "one by its correction"
    (pair,) = lines(haechi("export", "--format", "dpo"))
    assert pair["preferred_output"] == [{"role": "assistant", "content": "서울"}]
    assert pair["non_preferred_output"] == [{"role": "assistant", "content": "부산"}]


def test_where_there_are_no_texts_that_is_said_and_no_file_is_made(haechi: Haechi, folder: Path) -> None:
    ran = haechi("export", "--format", "dpo", "--model", "slow", "--out", "pairs.jsonl")
    assert ran.returncode == 1
    assert b"holds no texts of these requests" in ran.stderr
    assert not (folder / "pairs.jsonl").exists()


def test_somebody_is_forgotten_under_all_their_names(haechi: Haechi, folder: Path) -> None:
    dry = haechi("forget", "--user", "anna", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    told = dry.stdout.decode()
    assert told.startswith("Would be removed from the ledger:\n  feedback: 1\n  bodies: 1\n  requests: 5\n")
    assert len(lines_of(haechi)) == 8, "a dry run removes nothing"
    ran = haechi("forget", "--user", "anna")
    assert ran.stdout.decode() == told.replace("Would be removed", "Removed")
    for what in ("records.jsonl", "cache purge", "previous_response_id", "spool", "traces"):
        assert what in told
    assert len(lines_of(haechi)) == 3
    again = haechi("forget", "--user", "anna").stdout.decode()
    assert "  feedback: 0\n  bodies: 0\n  requests: 0\n" in again


def lines_of(haechi: Haechi) -> list[bytes]:
    return haechi("export", "--format", "csv").stdout.splitlines()[1:]


@pytest.mark.parametrize(
    ("arguments", "said_"),
    [
        (["export", "--format", "csv", "--out", "no/such/folder/x.csv"], "No such file"),
        (["export", "--format", "csv", "--since", "yesterday"], "write 2026-11-20"),
        (["export", "--format", "xml"], "invalid choice"),
    ],
)
def test_what_cannot_be_is_said(haechi: Haechi, folder: Path, arguments: list[str], said_: str) -> None:
    ran = haechi(*arguments)
    assert ran.returncode != 0
    assert said_ in ran.stderr.decode()
    assert b"Traceback" not in ran.stderr


def test_without_a_ledger_there_is_nothing_to_do(haechi: Haechi, folder: Path) -> None:
    written(folder, {})
    for arguments in (["forget", "--user", "anna"], ["export", "--format", "csv"]):
        ran = haechi(*arguments)
        assert (ran.returncode, b"no section `ledger`" in ran.stderr) == (1, True)
