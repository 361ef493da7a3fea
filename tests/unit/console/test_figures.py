"""Numbers as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.figures import UNKNOWN, Figures, zone_named

SEOUL = Figures("ko", zone_named("Asia/Seoul"))
UTC = Figures("en", zone_named(None))
AT = 1_763_683_200.25  # 2025-11-21 00:00:00.25 UTC


@pytest.mark.parametrize(
    ("nanodollars", "shown"),
    [
        (0, "$0.00"),
        (12_345_678_900_000, "$12,345.68"),
        (1_500_000_000, "$1.50"),
        (123_400_000, "$0.123"),
        (500_000_000, "$0.50"),
        (1_234_000, "$0.00123"),
        (1, "$0.000000001"),
        (-2_000_000_000, "−$2.00"),
        (None, UNKNOWN),
    ],
)
def test_money_has_the_digits_that_say_something(nanodollars: int | None, shown: str) -> None:
    assert UTC.money(nanodollars) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.00042, "0.4 ms"),
        (0.0994, "99.4 ms"),
        (0.25, "250 ms"),
        (0.9996, "1.00 s"),
        (9.99, "9.99 s"),
        (9.996, "10.0 s"),
        (99.96, "100 s"),
        (1234.5, "1,234 s"),
        (None, UNKNOWN),
    ],
)
def test_durations_have_three_digits(seconds: float | None, shown: str) -> None:
    assert UTC.seconds(seconds) == shown


def test_times_are_those_of_the_reader() -> None:
    assert UTC.time(AT) == "21 Nov 2025 00:00:00"
    assert SEOUL.time(AT) == "2025. 11. 21. 09:00:00"
    assert SEOUL.offset(AT) == "UTC+09:00"
    assert SEOUL.machine(AT) == "2025-11-21T09:00:00.250+09:00"
    assert SEOUL.clock(AT) == "09:00:00.250"


@given(st.integers(0, 4_000_000_000))
def test_what_a_field_shows_is_read_as_the_same_minute(seconds: int) -> None:
    """In a zone without summer time: with it one hour of the year is written twice."""
    assert SEOUL.instant(SEOUL.local(seconds)) == seconds - seconds % 60


@given(st.text(max_size=40))
def test_a_time_that_is_none_is_none(text: str) -> None:
    at = UTC.instant(text)
    assert at is None or math.isfinite(at)


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "1969-12-31T23:59", "9999-12-31T23:59"])
def test_a_time_that_no_ledger_takes_is_none(text: str) -> None:
    assert UTC.instant(text) is None


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "/etc/localtime", "Europe/../UTC", "No/Where", "x" * 500, "a\0"]
)
def test_a_zone_that_is_none_is_utc(name: str) -> None:
    assert zone_named(name).key == "UTC"
