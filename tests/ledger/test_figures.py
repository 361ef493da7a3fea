"""Totals agree with the rows they are totals of."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from gateway.ledger.ledger import Ledger
from gateway.ledger.sketch import ERROR
from gateway.ledger.tallies import DAY, GRAINS, added, all_grains, by_minute, longer, tally
from gateway.ledger.views import Figures, Filter, Spread
from gateway.record.batch import Batch
from gateway.record.row import Row
from tests.support.ledgered import NOON, a_row

ALL = Filter()
HOUR = 3600
USED = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens")


def some(*names: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, *names])


tokens = st.none() | st.integers(0, 10**6)
duration = st.floats(0.0002, 5_000)
rows = st.lists(
    st.builds(
        lambda at, **more: {"time": NOON - 5 * HOUR + at, **more},
        at=st.floats(0, 10 * HOUR, exclude_max=True),
        key=some("a", "b"),
        team=some("t"),
        model=some("fast", "slow"),
        provider=some("house", "abroad"),
        model_served=some("llama"),
        outcome=st.sampled_from(["answered", "answered", "failed", "blocked", "cut", "client_gone"]),
        code=some("stream_cut", "policy_blocked"),
        cache=some("hit", "semantic", "miss", "bypass", "shadow"),
        streamed=st.booleans(),
        seconds=duration,
        first_token_seconds=st.none() | duration,
        overhead_seconds=st.none() | duration,
        usage_estimated=st.booleans(),
        unscanned=st.sampled_from([None, {}, {"image": 1}]),
        **dict.fromkeys((*USED, "cost_nanodollars", "saved_nanodollars"), tokens),
    ),
    max_size=40,
)


def told(some: Iterable[Row]) -> Figures:
    """Added up from rows, in plain words."""
    taken = list(some)
    used = [row for row in taken if row.cache not in ("hit", "semantic")]
    return Figures(
        requests=len(taken),
        failed=sum(row.outcome != "answered" for row in taken),
        blocked=sum(row.outcome == "blocked" for row in taken),
        streamed=sum(row.streamed for row in taken),
        attempts=sum(len(row.attempts) for row in taken),
        **{name: sum(getattr(row, name) or 0 for row in used) for name in USED},
        estimated=sum(bool(row.usage_estimated) for row in used),
        cost_nanodollars=sum(row.cost_nanodollars or 0 for row in taken),
        unpriced=sum(row.cost_nanodollars is None and row.outcome == "answered" for row in used),
        saved_nanodollars=sum(row.saved_nanodollars or 0 for row in taken),
        lookups=sum(row.cache in ("hit", "semantic", "miss", "shadow") for row in taken),
        hits=len(taken) - len(used),
        unscanned=sum(bool(row.unscanned) for row in taken),
        latency=spread([row.seconds for row in taken]),
        first_token=spread([row.first_token_seconds for row in taken if row.first_token_seconds is not None]),
        overhead_seconds=sum(row.overhead_seconds or 0 for row in taken),
    )


def spread(seconds: list[float]) -> Spread | None:
    if not seconds:
        return None
    exact = [sorted(seconds)[int(share * (len(seconds) - 1))] for share in (0.5, 0.9, 0.95, 0.99)]
    return Spread(len(seconds), sum(seconds) / len(seconds), *exact)


def assert_agree(found: Figures, exact: Figures) -> None:
    """Every count and sum is the same, and times are within what is said of them."""
    for name in Figures.__struct_fields__:
        one, other = getattr(found, name), getattr(exact, name)
        if isinstance(one, Spread) and isinstance(other, Spread):
            assert one.count == other.count
            assert one.mean == pytest.approx(other.mean, rel=0.001, abs=2e-6)
            for share in ("p50", "p90", "p95", "p99"):
                assert getattr(one, share) == pytest.approx(getattr(other, share), rel=ERROR * 1.0001), share
        elif isinstance(one, float):
            assert one == pytest.approx(other, abs=1e-4), name
        else:
            assert one == other, name


@given(rows)
def test_every_grain_and_step_has_the_same_sums(written: list[dict[str, Any]]) -> None:
    taken = [a_row(number, **fields) for number, fields in enumerate(written)]
    expected = None
    for row in taken:
        expected = tally(row) if expected is None else added(expected, tally(row))
    sums = all_grains(by_minute(taken, []))
    for grain in GRAINS:
        for one in (sums, longer(sums, HOUR), longer(sums, DAY)):
            total = None
            for (group, _), held in one.items():
                if group.grain == grain:
                    total = held if total is None else added(total, held)
            assert total == expected


FILTERS = (
    ALL,
    Filter(key=("a",)),
    Filter(key=("",)),
    Filter(key=("a", "")),
    Filter(model=("fast", "slow"), team=("t",)),
    Filter(provider=("house",), outcome=("failed", "cut")),
    Filter(cache=("hit",)),
)


def lets_through(rows: Filter, row: Row) -> bool:
    return all((getattr(row, name) or "") in names for name in rows.__struct_fields__ if (names := getattr(rows, name)))


async def test_totals_series_and_splits_agree_with_the_rows(ledger: Ledger) -> None:
    """Over ten hours, and over times whose edges lie within hours."""
    written: list[Row] = []

    @how(max_examples=6, database=None, derandomize=True)
    @given(rows.filter(lambda one: len(one) > 10))
    def collect(fields: list[dict[str, Any]]) -> None:
        first = len(written)
        written.extend(a_row(first + number, **one) for number, one in enumerate(fields))

    collect()
    for first in range(0, len(written), 17):
        await ledger.write(Batch(NOON, written[first : first + 17]))
    begin = NOON - 5 * HOUR
    for since, until in (
        (begin, begin + 10 * HOUR),
        (begin + 1234 * 60 % HOUR, begin + 7 * HOUR + 660),
        (NOON + 60, NOON + 600),
    ):
        for asked in FILTERS:
            within = [row for row in written if since <= row.time < until and lets_through(asked, row)]
            assert_agree((await ledger.summary(asked, since, until)).figures, told(within))
            for point in await ledger.series(asked, since, until, "hour", ZoneInfo("Asia/Kolkata")):
                assert_agree(point.figures, told(row for row in within if point.since <= row.time < point.until))
            for by in ("model", "key", "outcome"):
                shares = await ledger.split(by, asked, since, until)
                assert sum(one.figures.requests for one in shares) == len(within)
                for one in shares:
                    assert_agree(one.figures, told(row for row in within if (getattr(row, by) or "") == one.name))


async def test_a_series_has_points_without_rows_too(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(0), a_row(7200)]))
    points = await ledger.series(ALL, NOON, NOON + 3 * HOUR, "hour")
    assert [one.figures.requests for one in points] == [1, 0, 1]
    assert points[1].figures.latency is None


async def test_an_empty_ledger_has_nothing(ledger: Ledger) -> None:
    assert (await ledger.summary(ALL, NOON, NOON + 60)).figures == Figures()
    assert await ledger.split("model", ALL, NOON, NOON + 60) == []
    assert await ledger.names("model") == []


async def test_totals_know_no_single_users(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="user, prompt is known of single rows alone"):
        await ledger.summary(Filter(user=("u",), prompt=("p",)), NOON, NOON + 60)


async def test_filters_offer_what_there_is(ledger: Ledger) -> None:
    await ledger.write(Batch(NOON, [a_row(0, model="slow"), a_row(1), a_row(2, model=None), a_row(3, key="a")]))
    assert await ledger.names("model") == ["fast", "slow"]
    assert await ledger.names("key") == ["a", "support-desk"]
