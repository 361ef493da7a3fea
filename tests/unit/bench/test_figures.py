"""Arithmetic of the benchmark: pairs within a round, medians over rounds, percentiles, and when a request is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figures import Book, due_by, intended_start, percentile, rotated


def test_ratios_pair_only_values_of_the_same_round() -> None:
    book = Book()
    for turn, value in ((0, 10.0), (1, 20.0), (3, 90.0)):
        book.put(turn, "ours", "cpu_us", value)
    for turn, value in ((0, 5.0), (1, 40.0), (2, 1.0)):
        book.put(turn, "theirs", "cpu_us", value)
    assert book.ratios("cpu_us", "ours", "theirs") == [2.0, 0.5]


def test_a_ratio_to_nothing_says_nothing() -> None:
    book = Book()
    book.put(0, "ours", "cpu_us", 10.0)
    book.put(0, "theirs", "cpu_us", 0.0)
    assert book.ratios("cpu_us", "ours", "theirs") == []


def test_the_column_is_in_the_order_of_rounds_and_a_repeat_replaces() -> None:
    book = Book()
    for turn, value in ((2, 30.0), (0, 1.0), (1, 20.0), (0, 10.0)):
        book.put(turn, "ours", "cpu_us", value)
    assert book.column("ours", "cpu_us") == [10.0, 20.0, 30.0]
    assert book.median("ours", "cpu_us") == 20.0
    assert book.value(1, "ours", "cpu_us") == 20.0


def test_what_was_not_measured_has_no_median() -> None:
    assert Book().median("ours", "cpu_us") is None
    assert Book().value(0, "ours", "cpu_us") is None


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 50.0, 99.0, 100.0]
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_at_least_that_share_of_the_values_lies_at_or_below_a_percentile(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


@given(first=st.floats(0, 1e5), rate=st.floats(0.5, 20_000), past=st.floats(0, 30))
def test_every_request_whose_time_has_come_is_due_and_no_other(first: float, rate: float, past: float) -> None:
    now = first + past
    count = due_by(first, rate, now)
    assert count >= 1
    assert intended_start(first, rate, count - 1) <= now < intended_start(first, rate, count)


def test_nothing_is_due_before_the_first() -> None:
    assert due_by(10.0, 100.0, 9.999) == 0


def test_each_contender_goes_first_once() -> None:
    names = ["a", "b", "c"]
    assert [rotated(names, turn)[0] for turn in range(4)] == ["a", "b", "c", "a"]
    assert all(sorted(rotated(names, turn)) == names for turn in range(7))
    assert rotated([], 3) == []
