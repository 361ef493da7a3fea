"""How often what a judge has confirmed is wrong, and what a confirmation is about."""

import random
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.bounds import upper
from gateway.cache.certify import THRESHOLDS, Certificate, Reviewer, Target
from gateway.cache.confirmed import bands, confirms, most_called_wrong, name_of

TARGET: Final = Target(reviewer=Reviewer(3, 200))
RUNS: Final = 400


def reviewed(right: int, wrong: int, similarity: float = 0.81, target: Target = TARGET) -> Certificate:
    certificate = Certificate()
    for number in range(right + wrong):
        certificate.review(similarity, wrong=number >= right, target=target)
    return certificate


@given(st.integers(0, 50), st.integers(1, 400), st.floats(0.001, 0.2), st.floats(0.01, 0.5))
def test_at_the_most_that_it_may_call_wrong_no_more_than_the_target_of_the_confirmed_is_wrong(
    missed: int, more: int, wrong: float, alpha: float
) -> None:
    target = Target(wrong, alpha, Reviewer(missed, missed + more))
    share = most_called_wrong(target)
    bound = upper(missed, missed + more, 1 - alpha * 0.2)
    assert 0 < share <= 0.3
    assert share / (1 - share) * bound / (1 - bound) <= wrong + 1e-9


def runs_that_promote(true: float, missed: float, reviews: int, rng: random.Random) -> int:
    """Of classes whose would-be hits are wrong at this rate, with a judge that misses as many of those as it was measured to at worst."""
    promoted = 0
    for _ in range(RUNS):
        certificate = Certificate()
        for _ in range(reviews):
            called = rng.random() < true and rng.random() >= missed
            certificate.review(0.81, wrong=called, target=TARGET)
            if confirms(certificate, 0.81, TARGET):
                promoted += 1
                break
    return promoted


def test_where_more_of_the_confirmed_are_wrong_than_may_be_nothing_is_promoted_but_by_chance() -> None:
    missed = upper(3, 200, 0.99)
    for wrong_of_confirmed, most in ((0.01, 0.05), (0.02, 0.01)):
        # true · missed / (1 - true · (1 - missed)) is the share of wrong ones among those it confirms
        true = wrong_of_confirmed / (missed + wrong_of_confirmed * (1 - missed))
        assert runs_that_promote(true, missed, 300, random.Random(7)) / RUNS <= most


def test_it_takes_some_forty_clean_reviews_and_a_few_more_where_one_in_twenty_is_wrong() -> None:
    count = next(count for count in range(1, 500) if confirms(reviewed(count, 0), 0.81, TARGET))
    assert 25 < count < 50
    assert runs_that_promote(0.05, 0.02, 300, random.Random(8)) / RUNS > 0.95


def test_each_band_of_likeness_speaks_for_itself() -> None:
    certificate = reviewed(100, 0, 0.96)
    assert bands(certificate, TARGET) == [0.95]
    assert confirms(certificate, 0.951, TARGET)
    assert not confirms(certificate, 0.949, TARGET)
    assert not confirms(certificate, 0.7, TARGET)


@given(st.integers(0, 200), st.integers(0, 20))
def test_wrong_ones_never_help(right: int, wrong: int) -> None:
    if confirms(reviewed(right, wrong + 1), 0.81, TARGET):
        assert confirms(reviewed(right, wrong), 0.81, TARGET)


def test_a_judge_that_was_not_measured_confirms_nothing() -> None:
    assert not bands(reviewed(3_000, 0, target=Target()), Target())


def test_a_withdrawal_ends_it() -> None:
    certificate = reviewed(100, 0)
    assert bands(certificate, TARGET) == [THRESHOLDS[-1]]
    certificate.withdraw()
    assert not bands(certificate, TARGET)


ABOUT: Final[dict[str, Any]] = {"scope": b"s" * 24, "of": "a", "asked": "b", "stored": "c", "answer": "d", "epochs": {"all": 1}}  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"scope": b"t" * 24},
        {"of": "x"},
        {"asked": "x"},
        {"stored": "x"},
        {"answer": "x"},
        {"epochs": {"all": 2}},
        {"asked": "c", "stored": "b"},
        {"asked": "bc", "stored": ""},
        {"asked": "\ud800"},
    ],
)
def test_a_confirmation_is_about_one_scope_one_question_one_answer_and_one_state_of_what_was_purged(
    other: dict[str, Any],
) -> None:
    assert name_of(**ABOUT) != name_of(**{**ABOUT, **other})
    assert name_of(**ABOUT) == name_of(**ABOUT)
