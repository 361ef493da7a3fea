from typing import Any

import pytest

from gateway.ledger.ledger import Ledger
from gateway.ledger.views import Filter
from gateway.record.batch import Batch
from gateway.record.row import Row
from tests.support.ledgered import NOON, a_row


def ids(rows: list[Row]) -> list[int]:
    return [int(row.request_id.removeprefix("req_"), 16) for row in rows]


async def test_pages_show_every_row_once_from_the_newest(ledger: Ledger) -> None:
    """Rows of one moment too."""
    await ledger.write(Batch(NOON, [a_row(number, time=NOON + number // 4) for number in range(25)]))
    seen: list[int] = []
    page = await ledger.page(limit=7)
    while True:
        seen += ids(page.rows)
        if page.older is None:
            break
        page = await ledger.page(before=page.older, limit=7)
    assert seen == list(reversed(range(25)))


async def test_rows_that_come_while_somebody_pages_move_nothing(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(number) for number in range(6)]))
    first = await ledger.page(limit=3)
    await ledger.write(Batch(NOON, [a_row(number) for number in range(6, 9)]))
    assert ids((await ledger.page(before=first.older, limit=3)).rows) == [2, 1, 0]


async def test_who_watches_gets_what_came_since(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(1)]))
    page = await ledger.page()
    assert (await ledger.page(after=page.newest)).rows == []
    assert (await ledger.page(after=page.newest)).newest == page.newest
    await ledger.write(Batch(NOON, [a_row(number) for number in range(2, 6)]))
    page = await ledger.page(after=page.newest, limit=3)
    assert ids(page.rows) == [4, 3, 2]
    assert ids((await ledger.page(after=page.newest, limit=3)).rows) == [5]


NAMED: dict[str, dict[str, Any]] = {
    "key": {"key": "other"},
    "team": {"team": "other"},
    "user": {"user": "other"},
    "model": {"model": "other"},
    "model_served": {"model_served": "other"},
    "provider": {"provider": "other"},
    "outcome": {"outcome": "failed"},
    "code": {"code": "stream_cut"},
    "cache": {"cache": "hit"},
    "prompt": {"prompt": "greeting@1"},
    "conversation": {"conversation": "c_1"},
    "response_id": {"response_id": "resp_1"},
    "trace_id": {"trace_id": "f" * 32},
}


async def test_every_filter_lets_its_rows_through(ledger: Ledger) -> None:
    names = Filter.__struct_fields__
    await ledger.write(Batch(NOON, [a_row(0), *(a_row(place, **NAMED[name]) for place, name in enumerate(names, 1))]))
    for place, name in enumerate(names, 1):
        (value,) = NAMED[name].values()
        assert ids((await ledger.page(Filter(**{name: (value,)}))).rows) == [place]
        assert ids((await ledger.page(Filter(**{name: (value, "none")}))).rows) == [place]
        assert ids((await ledger.page(Filter(**{name: ("none",)}))).rows) == []


VARIED = [
    a_row(
        number,
        time=NOON + number * 977.0,
        key=("a", "b", None)[number % 3],
        model=("fast", "slow", "rare")[(number * 7) % 11 % 3],
        provider=("house", "abroad")[number // 5 % 2],
        outcome="failed" if number % 13 == 0 else "answered",
        cache=(None, "hit", "miss")[number // 2 % 3],
        prompt=(None, "p@1")[number % 2],
        user=f"u{number % 9}",
    )
    for number in range(400)
]


SEVERAL = (
    Filter(key=("a",), model=("rare",)),
    Filter(key=("",), outcome=("failed",)),
    Filter(key=("a", "b"), provider=("abroad",), outcome=("failed",), cache=("", "hit")),
    Filter(model=("fast", "slow", "rare", "none")),
    Filter(key=("a",), model=("none",)),
    Filter(key=("a",), prompt=("p@1",)),
    Filter(user=("u4", "u5"), key=("b",), outcome=("answered",)),
    Filter(prompt=("p@1", "")),
)


async def test_pages_of_several_filters_show_what_a_look_at_every_row_finds(ledger: Ledger) -> None:
    """And nothing of somebody who was forgotten in between, though sums still know."""
    await ledger.write(Batch(NOON, VARIED))
    await ledger.forget("u3")
    since, until = NOON + 20_000.5, NOON + 350_000.25
    for asked in SEVERAL:
        expected = [
            row.request_id
            for row in reversed(VARIED)
            if row.user != "u3"
            and since <= row.time < until
            and all(
                (getattr(row, name) or "") in names
                for name in Filter.__struct_fields__
                if (names := getattr(asked, name))
            )
        ]
        limit = max(len(expected) // 4, 1)
        found: list[str] = []
        page = await ledger.page(asked, since=since, until=until, limit=limit)
        while True:
            found += [row.request_id for row in page.rows]
            if page.older is None:
                break
            page = await ledger.page(asked, since=since, until=until, limit=limit, before=page.older)
        assert found == expected
        everything = await ledger.page(asked, since=since, until=until, limit=1_000)
        assert [row.request_id for row in everything.rows] == expected


async def test_an_empty_name_stands_for_rows_that_say_nothing(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(1), a_row(2, user="u"), a_row(3, user="v")]))
    assert ids((await ledger.page(Filter(user=("",)))).rows) == [1]
    assert ids((await ledger.page(Filter(user=("", "u")))).rows) == [2, 1]


async def test_a_time_has_its_beginning_and_not_its_end(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(number) for number in range(5)]))
    assert ids((await ledger.page(since=NOON + 1, until=NOON + 3)).rows) == [2, 1]


async def test_what_is_no_cursor_is_refused(ledger: Ledger) -> None:
    for cursor in ("", "1", "-", "a-1", "1-a", "1--1", "\u00b2-1", "9" * 50 + "-1", "9" * 19 + "-1", "1-" + "9" * 19):
        with pytest.raises(ValueError, match="cursor: is none of this ledger's"):
            await ledger.page(before=cursor)


async def test_a_page_is_bounded(ledger: Ledger) -> None:
    for limit in (0, 1_001):
        with pytest.raises(ValueError, match="limit: must be from 1 to 1000"):
            await ledger.page(limit=limit)


async def test_a_filter_may_hold_anything(ledger: Ledger) -> None:
    """An address of the console may be written by hand."""
    odd = ("\0", "x" * 10_000, "\ud83d\ude00", "%", "'; DROP TABLE requests")
    await ledger.write(Batch(NOON, [a_row(1, user="\0", key="x" * 10_000)]))
    for name in Filter.__struct_fields__:
        expected = [1] if name in ("user", "key") else []
        assert ids((await ledger.page(Filter(**{name: odd}))).rows) == expected
        both = Filter(**{"provider": ("house",), name: odd[:1]})
        assert ids((await ledger.page(both)).rows) == ([1] if name == "user" else [])
    assert (await ledger.summary(Filter(key=odd), NOON, NOON + 60)).figures.requests == 1
    assert await ledger.find("\0") is None


async def test_what_is_no_time_is_refused(ledger: Ledger) -> None:
    for time in (-1.0, 1e30, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="must be seconds since 1970"):
            await ledger.page(since=time)
        with pytest.raises(ValueError, match="must be seconds since 1970"):
            await ledger.summary(Filter(), NOON, time)
        with pytest.raises(ValueError, match="must be seconds since 1970"):
            await ledger.series(Filter(), time, NOON, "day")
