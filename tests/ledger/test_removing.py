"""What goes: at the end of its time, or because somebody is to be forgotten."""

from pathlib import Path

import pytest

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from gateway.ledger.views import Body, Filter
from gateway.record.batch import Batch
from tests.support.ledgered import NOON, a_row

DAY = 86_400
ALL = Filter()


async def test_what_is_old_goes_and_sums_stay_longer(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(0, time=NOON - 31 * DAY), a_row(1, time=NOON - 29 * DAY), a_row(2)]))
    nothing = dict.fromkeys(("bodies", "feedback", "feedback_sums", "readings", "hours", "days"), 0)
    assert await ledger.tidy(NOON) == {"requests": 1, "minutes": 6, **nothing}
    assert [row.request_id for row in (await ledger.page()).rows] == [a_row(2).request_id, a_row(1).request_id]
    assert (await ledger.summary(ALL, NOON - 32 * DAY, NOON + 60)).figures.requests == 3
    assert (await ledger.tidy(NOON + 730 * DAY))["hours"] == 12
    assert (await ledger.summary(ALL, NOON - 32 * DAY, NOON + 60)).figures.requests == 1


async def test_more_than_one_portion_goes(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(number) for number in range(2_500)]))
    assert (await ledger.tidy(NOON + 31 * DAY))["requests"] == 2_500
    assert (await ledger.tidy(NOON + 31 * DAY))["requests"] == 0


async def test_a_file_shrinks_again(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    ledger = await Ledger.open(Settings(url=Secret(f"sqlite:///{file}")))
    await ledger.write(Batch(NOON, [a_row(number, prompt="p" * 400) for number in range(3_000)]))
    await ledger.aclose()
    large = file.stat().st_size
    ledger = await Ledger.open(Settings(url=Secret(f"sqlite:///{file}")))
    await ledger.tidy(NOON + 31 * DAY)
    await ledger.aclose()
    assert file.stat().st_size < large / 2


async def test_somebody_is_forgotten(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(number, user="u" if number % 2 else "v") for number in range(2_401)]))
    await ledger.keep_bodies([Body("req_1", NOON + DAY, "u", "text"), Body("req_2", NOON + DAY, "v", "text")])
    before = await ledger.summary(ALL, NOON, NOON + 3_600)
    assert await ledger.forget("u") == {"feedback": 0, "bodies": 1, "requests": 1_200}
    assert await ledger.forget("u") == {"feedback": 0, "bodies": 0, "requests": 0}
    assert (await ledger.page(Filter(user=("u",)))).rows == []
    assert len((await ledger.page(Filter(user=("v",)), limit=1_000)).rows) == 1_000
    assert await ledger.summary(ALL, NOON, NOON + 3_600) == before


async def test_a_body_has_its_end_and_no_reading_goes_unseen(ledger: Ledger) -> None:
    body = Body("req_1", NOON + 60, None, "ask\0", "answer")
    await ledger.keep_bodies([body, Body("req_2", NOON + DAY)])
    found = await ledger.read_body("req_1", "auditor", NOON)
    assert found == Body("req_1", NOON + 60, None, "ask\ufffd", "answer")
    assert await ledger.read_body("req_1", "auditor", NOON + 60) is None
    assert await ledger.read_body("req_3", "somebody", NOON + 61) is None
    assert [(one.at, one.reader, one.request_id, one.found) for one in await ledger.readings()] == [
        (NOON + 61, "somebody", "req_3", False),
        (NOON + 60, "auditor", "req_1", False),
        (NOON, "auditor", "req_1", True),
    ]
    assert (await ledger.tidy(NOON + 3_600))["bodies"] == 1
    assert await ledger.read_body("req_2", "auditor", NOON + 3_600) is not None


async def test_a_later_body_replaces_the_first(ledger: Ledger) -> None:
    await ledger.keep_bodies([])
    await ledger.keep_bodies([Body("req_1", NOON + 60, request="one")])
    await ledger.keep_bodies([Body("req_1", NOON + 60, request="two")])
    assert await ledger.read_body("req_1", "auditor", NOON) == Body("req_1", NOON + 60, request="two")


@pytest.mark.parametrize("days", [1, 400])
async def test_the_settings_say_how_long(settings: Settings, days: int) -> None:
    ledger = await Ledger.open(Settings(url=settings.url, keep_days=days))
    await ledger.write(Batch(NOON, [a_row(0)]))
    assert (await ledger.tidy(NOON + 2 * DAY))["requests"] == (1 if days == 1 else 0)
    await ledger.aclose()
