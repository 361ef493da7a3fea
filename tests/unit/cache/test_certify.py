"""Certificates: how often one is given wrongly, how many reviews it takes, how soon it is withdrawn."""

import random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.bounds import upper
from gateway.cache.certify import ALARM, THRESHOLDS, Certificate, Reviewer, Target, planned, reviews_needed

TARGET: Final = Target()
RUNS: Final = 1_000


def certified_after(share: float, most: int, rng: random.Random, target: Target = TARGET) -> int | None:
    """Reviews until a class with this share of wrong hits is certified."""
    certificate = Certificate()
    for count in range(1, most + 1):
        if certificate.review(THRESHOLDS[0], wrong=rng.random() < share, target=target):
            return count
    return None


def test_a_class_with_one_and_a_half_percent_wrong_is_certified_in_fewer_than_five_of_a_hundred_runs() -> None:
    rng = random.Random(20261120)
    wrongly = sum(certified_after(0.015, 1_000, rng) is not None for _ in range(RUNS))
    assert wrongly / RUNS < 0.05


def test_at_the_target_itself_it_is_certified_no_more_often_than_it_says() -> None:
    """The worst that may be; within two standard deviations of a simulation."""
    rng = random.Random(1)
    wrongly = sum(certified_after(0.01, 1_000, rng) is not None for _ in range(RUNS))
    assert wrongly / RUNS < 0.05 + 2 * (0.05 * 0.95 / RUNS) ** 0.5


def test_a_clean_class_needs_some_hundred_reviews() -> None:
    assert 350 < reviews_needed(TARGET) < 500
    rng = random.Random(2)
    assert certified_after(0.0, 1_000, rng) == reviews_needed(TARGET)


def test_a_reviewer_that_misses_some_has_to_see_more() -> None:
    good, poor = Target(reviewer=Reviewer(0, 300)), Target(reviewer=Reviewer(40, 100))
    assert reviews_needed(TARGET) < reviews_needed(good) < reviews_needed(poor)
    assert planned(poor).tested < 0.01 * 0.6 + 1e-9


def test_a_reviewer_that_may_have_missed_everything_certifies_nothing() -> None:
    with pytest.raises(ValueError, match="certify nothing"):
        reviews_needed(Target(reviewer=Reviewer(5, 5)))


def test_only_what_a_threshold_would_have_let_pass_speaks_for_it() -> None:
    certificate = Certificate()
    for number in range(700):
        certificate.review(0.96, wrong=False, target=TARGET)
        certificate.review(0.85, wrong=number % 5 == 0, target=TARGET)
    assert certificate.threshold is not None
    assert certificate.threshold > 0.85


def test_a_class_whose_questions_are_never_that_like_is_not_stuck_at_the_strictest() -> None:
    certificate = Certificate()
    count = 0
    while certificate.threshold is None:
        certificate.review(0.9, wrong=False, target=TARGET)
        count += 1
    assert reviews_needed(TARGET) < count < 700


def test_ten_percent_wrong_withdraw_it_soon_and_half_a_percent_hardly_ever() -> None:
    rng = random.Random(3)

    def withdrawn_after(share: float, most: int) -> int:
        certificate = Certificate(certified=[0])
        for count in range(1, most + 1):
            if certificate.audit(wrong=rng.random() < share, target=TARGET):
                return count
        return most + 1

    bad = sorted(withdrawn_after(0.1, 1_000) for _ in range(200))
    assert bad[100] < 60
    assert bad[-1] <= 1_000
    assert sum(withdrawn_after(0.005, 1_000) <= 1_000 for _ in range(200)) < 30


def test_what_is_withdrawn_begins_anew() -> None:
    certificate = Certificate()
    for _ in range(600):
        certificate.review(1.0, wrong=False, target=TARGET)
    while not certificate.audit(wrong=True, target=TARGET):
        pass
    assert certificate.threshold is None
    assert certificate.withdrawals == 1
    assert all(tally.reviews == 0 for tally in certificate.tallies)
    assert not certificate.audit(wrong=True, target=TARGET), "nothing is given, so nothing is audited"


def test_clean_audits_never_add_up_to_credit_for_wrong_ones() -> None:
    certificate = Certificate(certified=[0])
    for _ in range(5_000):
        certificate.audit(wrong=False, target=TARGET)
    assert certificate.alarm == 0.0
    assert planned(TARGET).alarmed * 2 < ALARM, "two wrong ones are no alarm"


@pytest.mark.parametrize(
    ("wrong", "of", "bound"), [(0, 299, 0.00997), (0, 59, 0.0495), (1, 100, 0.0466), (5, 100, 0.1023), (3, 3, 1.0)]
)
def test_the_bound_is_that_of_the_tables(wrong: int, of: int, bound: float) -> None:
    """Values of the one-sided 95 % bound, from any table of the binomial."""
    assert upper(wrong, of) == pytest.approx(bound, abs=0.0005)


@given(st.integers(0, 30), st.integers(1, 300), st.floats(0.01, 0.2))
def test_the_bound_lies_above_what_was_seen_and_falls_with_more_to_see(wrong: int, more: int, alpha: float) -> None:
    of = wrong + more
    bound = upper(wrong, of, 1 - alpha)
    assert wrong / of < bound <= 1.0
    assert upper(wrong, of + 50, 1 - alpha) < bound
