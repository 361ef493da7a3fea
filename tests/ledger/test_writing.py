from pathlib import Path

from sqlalchemy import text

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.engine import Database
from gateway.ledger.ledger import Ledger
from gateway.ledger.views import Filter
from gateway.record.batch import Batch, Position
from gateway.record.row import Step
from gateway.record.settlement import Settlement
from tests.support.ledgered import NOON, a_row
from tests.support.postgres_server import PostgresServer

ALL = Filter()


async def test_a_row_comes_back_as_it_was_written(ledger: Ledger) -> None:
    row = a_row(
        7,
        user="u_1",
        prompt="greeting@3",
        overhead_seconds=0.001,
        steps=[Step("attempt", 0.1, 0.2, {"status": 200}, "b7ad6b7169203331")],
        vault=[("response", "kept")],
    )
    bare = a_row(
        8, key=None, team=None, model=None, input_tokens=None, cost_nanodollars=None, policies=None, verdicts=None
    )
    await ledger.write(Batch(NOON, [row, bare]))
    assert await ledger.find(row.request_id) == row
    assert await ledger.find(bare.request_id) == bare
    assert await ledger.find("req_none") is None


async def test_a_batch_counts_once_however_often_it_comes(ledger: Ledger) -> None:
    batch = Batch(
        NOON, [a_row(1), a_row(2)], [Settlement(int(NOON), "a", None, "fast", "house", requests=3, cost_nanodollars=5)]
    )
    assert await ledger.write(batch, Position("one", 1, 100))
    assert not await ledger.write(batch, Position("one", 1, 100))
    assert not await ledger.write(batch, Position("one", 0, 900))
    counted = (await ledger.summary(ALL, NOON, NOON + 60)).figures
    assert (counted.requests, counted.cost_nanodollars) == (5, 2_005)


async def test_a_request_that_is_known_counts_no_second_time(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(1), a_row(2)]), Position("one", 1, 100))
    assert await ledger.write(Batch(NOON, [a_row(2), a_row(3), a_row(3)]), Position("another", 0, 50))
    assert [row.request_id for row in (await ledger.page()).rows] == [a_row(n).request_id for n in (3, 2, 1)]
    assert (await ledger.summary(ALL, NOON, NOON + 60)).figures.requests == 3


async def test_positions_of_spools_rise_apart(ledger: Ledger) -> None:
    assert await ledger.write(Batch(NOON, [a_row(1)]), Position("one", 2, 100))
    assert await ledger.write(Batch(NOON, [a_row(2)]), Position("another", 0, 50))
    assert await ledger.write(Batch(NOON, [a_row(3)]), Position("one", 3, 0))
    assert (await ledger.summary(ALL, NOON, NOON + 60)).figures.requests == 3


async def test_the_position_of_a_spool_that_is_gone_goes(ledger: Ledger) -> None:
    for spool in ("gone", "here"):
        await ledger.write(Batch(NOON, [a_row(1)]), Position(spool, 2, 100))
    await ledger.drop_positions(["gone", "unknown"])
    assert await ledger.write(Batch(NOON), Position("gone", 1, 1))
    assert not await ledger.write(Batch(NOON), Position("here", 1, 1))


async def test_what_is_written_outlives_the_server(postgres: PostgresServer, shared: str) -> None:
    """Which has synchronous_commit off."""
    database = Database(Settings(url=Secret(postgres.url(shared))))
    asked = text("SHOW synchronous_commit")
    async with database.reading() as connection:
        assert await connection.scalar(asked) == "off"
    async with database.writing() as connection:
        assert await connection.scalar(asked) == "on"
    async with database.reading() as connection:
        assert await connection.scalar(asked) == "off"
    await database.aclose()


async def test_a_file_outlives_its_machine(tmp_path: Path) -> None:
    database = Database(Settings(url=Secret(f"sqlite:///{tmp_path}/h.db")))
    async with database.writing() as connection:
        assert await connection.scalar(text("PRAGMA synchronous")) == 2  # FULL
    await database.aclose()


async def test_what_somebody_wrote_never_holds_up_a_batch(ledger: Ledger) -> None:
    """An upstream may claim any usage, and a caller name anything."""
    strange = a_row(
        1,
        user="\0" + "사" * 5_000,
        conversation="x\0",
        input_tokens=10**30,
        output_tokens=-4,
        cost_nanodollars=10**40,
        code="\0",
    )
    assert await ledger.write(Batch(NOON, [strange, a_row(2)]), Position("one", 1, 1))
    assert (await ledger.summary(ALL, NOON, NOON + 60)).figures.requests == 2
    found = await ledger.find(strange.request_id)
    assert found is not None
    assert found.user == "\ufffd" + "사" * 399
    assert found.output_tokens == 0


async def test_money_of_lost_rows_is_told_apart(ledger: Ledger) -> None:
    lost = Settlement(
        int(NOON),
        "a",
        "t",
        "fast",
        "house",
        requests=3,
        failed=1,
        input_tokens=9,
        cost_nanodollars=5,
        saved_nanodollars=2,
    )
    await ledger.write(Batch(NOON, [a_row(1)], [lost]))
    shares = {one.name: one.figures for one in await ledger.split("outcome", ALL, NOON, NOON + 3600)}
    assert shares["lost"].requests == 3
    assert (shares["lost"].failed, shares["lost"].input_tokens, shares["lost"].saved_nanodollars) == (1, 9, 2)
    assert shares["lost"].latency is None
    assert shares["answered"].requests == 1
    only = (await ledger.summary(Filter(key=("a",)), NOON, NOON + 3600)).figures
    assert (only.requests, only.cost_nanodollars) == (3, 5)
