from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.periods import edges, parts, whole_minutes
from gateway.ledger.views import Step

YEARS = (1_700_000_000, 1_830_000_000)
ZONES = (
    "UTC",
    "Asia/Seoul",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Havana",
)
minute = st.integers(YEARS[0] // 60, YEARS[1] // 60).map(lambda n: n * 60)


@given(st.lists(minute, min_size=2, max_size=6, unique=True).map(sorted))
def test_days_hours_and_minutes_make_up_the_time_and_cross_no_edge(marks: list[int]) -> None:
    days, hours, minutes = parts(marks)
    assert all(first % 86_400 == last % 86_400 == 0 for first, last in days)
    assert all(first % 3600 == last % 3600 == 0 for first, last in hours)
    spans = sorted([*minutes, *hours, *days])
    assert spans[0][0] == marks[0]
    assert spans[-1][1] == marks[-1]
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert not any(first < mark < last and mark % 3600 for mark in marks for first, last in hours)
    assert not any(first < mark < last and mark % 86_400 for mark in marks for first, last in days)
    assert sum(last - first for first, last in minutes) < (len(marks) - 1) * 7_200
    assert sum(last - first for first, last in hours) < (len(marks) - 1) * 2 * 86_400


@given(minute, st.integers(1, 40 * 24 * 60), st.sampled_from(ZONES), st.sampled_from(["hour", "day", "week", "month"]))
def test_a_series_covers_its_time_and_its_steps_begin_in_the_zone(
    since: int, length: int, zone: str, step: Step
) -> None:
    until = since + length * 60
    found = edges(since, until, step, ZoneInfo(zone))
    assert (found[0], found[-1]) == (since, until)
    assert all(one < other for one, other in pairwise(found))
    inner = [datetime.fromtimestamp(one, ZoneInfo(zone)) for one in found[1:-1]]
    if step == "hour":
        assert all(other - one <= 3600 for one, other in pairwise(found))
    else:
        assert all(one.hour <= 1 for one in inner)  # Havana has no midnight on one day of the year
    if step == "week":
        assert all(one.weekday() == 0 for one in inner)
    if step == "month":
        assert all(one.day == 1 for one in inner)


def test_days_have_the_hours_that_they_have_there() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    since = datetime(2026, 3, 27, tzinfo=berlin)
    days = edges(since.timestamp(), datetime(2026, 3, 31, tzinfo=berlin).timestamp(), "day", berlin)
    assert [(other - one) // 3600 for one, other in pairwise(days)] == [24, 24, 23, 24]


def test_half_an_hour_beside_whole_hours_is_read_by_minutes() -> None:
    since = datetime(2026, 11, 19, 18, 30, tzinfo=UTC)  # midnight in Kolkata
    marks = edges(since.timestamp(), (since + timedelta(days=2)).timestamp(), "day", ZoneInfo("Asia/Kolkata"))
    _, hours, minutes = parts(marks)
    assert sum(last - first for first, last in minutes) == 4 * 1800
    assert sum(last - first for first, last in hours) == 2 * 23 * 3600


def test_minutes_that_a_time_touches() -> None:
    assert whole_minutes(59.9, 60.1) == (0, 120)
    assert whole_minutes(60, 120) == (60, 120)


@pytest.mark.parametrize(
    ("since", "until", "said"), [(0, 1e9, "more than 2000"), (60, 60, "must be after"), (120, 60, "must be after")]
)
def test_what_makes_no_series_is_refused(since: float, until: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        edges(since, until, "minute", ZoneInfo("UTC"))
