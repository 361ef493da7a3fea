"""What an address asks for, and the address that asks for it."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.asked import GROUPS, NAMES, RANGES, asked
from gateway.console.figures import Figures, zone_named
from gateway.ledger.views import Filter

NOW: Final = 1_795_176_000.0
F: Final = Figures("en", zone_named("Asia/Seoul"))


@given(st.dictionaries(st.sampled_from(NAMES), st.text(min_size=1, max_size=20).filter(str.strip)))
def test_an_address_asks_again_for_what_it_was_made_of(names: dict[str, str]) -> None:
    once = asked(names, F, NOW, None)
    assert asked(once.query, F, NOW, None) == once
    exact = once.exactly(NOW - 60, NOW)
    assert asked(exact.query, F, NOW + 999, None) == exact


@given(st.dictionaries(st.sampled_from([*NAMES, "range", "since", "until"]), st.text(max_size=12)))
def test_whatever_an_address_says_a_key_asks_for_its_own_rows(query: dict[str, str]) -> None:
    about = asked(query, F, NOW, "anna")
    assert about.rows.key == ("anna",)
    assert about.sums.key == ("anna",)
    assert about.narrowed(key="root").rows.key == ("anna",)
    assert about.since < about.until


def test_a_range_ends_now_and_what_is_none_is_the_usual() -> None:
    assert asked({"range": "1h"}, F, NOW, None).since == NOW - 3600
    assert asked({"range": "never"}, F, NOW, None).since == NOW - RANGES["24h"]
    assert asked({"since": "200", "until": "100"}, F, NOW, None).named == "24h"


@pytest.mark.parametrize("until", ["0", "1.1", "1970-01-01T10:00", "9999-12-31T23:59"])
def test_an_end_near_the_beginning_of_time_asks_for_no_time_before_it(until: str) -> None:
    about = asked({"until": until}, F, NOW, None)
    assert 0 <= about.since < about.until <= NOW


def test_times_are_those_of_the_reader() -> None:
    about = asked({"since": "2026-11-20T00:00", "until": "2026-11-21T00:00"}, F, NOW, None)
    assert about.until - about.since == 86_400
    assert F.local(about.since) == "2026-11-20T00:00"


def test_a_dash_asks_for_rows_that_say_nothing_and_a_word_for_several() -> None:
    about = asked({"team": "-", "outcome": "not_answered", "cache": "given", "model": "given"}, F, NOW, None)
    assert about.rows == Filter(
        team=("",), outcome=GROUPS["outcome"]["not_answered"], cache=("hit", "semantic"), model=("given",)
    )


@pytest.mark.parametrize("seconds", [60, 900, 7200, 86_400, 86_400 * 7, 86_400 * 30, 86_400 * 365, 86_400 * 4000])
def test_a_series_has_no_more_points_than_can_be_seen(seconds: int) -> None:
    step = asked({"since": "0", "until": str(seconds)}, F, NOW, None).step
    lengths = {
        "minute": 60, "five_minutes": 300, "quarter": 900, "hour": 3600, "six_hours": 21_600, "day": 86_400, "month": 2_419_200
    }  # fmt: skip
    assert seconds / lengths[step] <= 400


def test_sums_are_not_asked_for_what_they_do_not_know() -> None:
    about = asked({"user": "u", "model": "m"}, F, NOW, None)
    assert about.sums == Filter(model=("m",))
    assert about.rows == Filter(model=("m",), user=("u",))
