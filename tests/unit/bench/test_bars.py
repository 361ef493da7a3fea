"""A bar is held against the median over the rounds; what was not measured is never a pass."""

import pytest

from tests.bench.bars import BARS, Bar, Judgement, exit_code, judge
from tests.bench.contenders import NAMES
from tests.bench.figures import Book
from tests.bench.report import bars_table

AT_MOST = Bar("ours over theirs", "cpu_us", "ours", "theirs", 2.0, "times")
AT_LEAST = Bar("theirs over ours", "cpu_us", "theirs", "ours", 5.0, "times", at_least=True)
ABSOLUTE = Bar("memory", "rss_mb", "ours", None, 70.0, "MB")


def book_of(ours: list[float], theirs: list[float], measure: str = "cpu_us") -> Book:
    book = Book()
    for name, values in (("ours", ours), ("theirs", theirs)):
        for turn, value in enumerate(values):
            book.put(turn, name, measure, value)
    return book


def test_the_median_of_ratios_decides_and_not_the_ratio_of_medians() -> None:
    # Ratios 1.5, 3, 1; the medians 30 and 10 would give 3.
    judgement = judge(AT_MOST, book_of([15, 30, 100], [10, 10, 100]))
    assert judgement == Judgement(AT_MOST, "yes", 1.5, 1.0, 3.0, 3)


@pytest.mark.parametrize(("ours", "verdict"), [(1.9, "yes"), (2.0, "yes"), (2.1, "no")])
def test_the_limit_itself_is_allowed(ours: float, verdict: str) -> None:
    assert judge(AT_MOST, book_of([ours], [1.0])).verdict == verdict


@pytest.mark.parametrize(("theirs", "verdict"), [(5.1, "yes"), (5.0, "yes"), (4.9, "no")])
def test_some_bars_ask_for_at_least(theirs: float, verdict: str) -> None:
    assert judge(AT_LEAST, book_of([1.0], [theirs])).verdict == verdict


def test_a_bar_without_baseline_is_held_against_the_value() -> None:
    assert judge(ABSOLUTE, book_of([69, 75, 70], [], "rss_mb")).verdict == "yes"
    assert judge(ABSOLUTE, book_of([71, 75, 70], [], "rss_mb")).verdict == "no"


def test_without_the_baseline_a_bar_is_not_measured() -> None:
    assert judge(AT_MOST, book_of([1.0], [])).verdict == "not measured"


def test_the_ratio_told_beside_a_bar_judges_nothing() -> None:
    bar = Bar("ours over theirs", "cpu_us", "ours", "theirs", 2.0, "times", beside="third")
    book = book_of([6.0, 6.0], [2.0, 2.0])
    book.put(0, "third", "cpu_us", 6.0)
    assert judge(bar, book) == Judgement(bar, "no", 3.0, 3.0, 3.0, 2, beside=1.0)
    titles = {"third": "their other way"}
    assert "| at most 2 times | 3 times (their other way: 1) | 3 to 3, 2 rounds | no |" in bars_table(
        [judge(bar, book)], titles
    )


def test_the_exit_code_tells_a_fallen_bar_from_an_unmeasured_one() -> None:
    stands, fell, unknown = (Judgement(AT_MOST, verdict) for verdict in ("yes", "no", "not measured"))
    assert exit_code([stands], every_bar=True) == 0
    assert exit_code([stands, fell, unknown], every_bar=True) == 1
    assert exit_code([stands, unknown], every_bar=True) == 2
    assert exit_code([stands, unknown], every_bar=False) == 0


def test_every_bar_speaks_of_contenders_there_are() -> None:
    assert {name for bar in BARS for name in (bar.contender, bar.against, bar.beside) if name} <= set(NAMES)
