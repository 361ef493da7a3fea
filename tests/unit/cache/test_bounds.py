from math import comb

import pytest

from gateway.cache.bounds import clean_needed, upper


@pytest.mark.parametrize(
    ("wrong", "count", "bound"),
    [
        (0, 299, 1 - 0.05 ** (1 / 299)),  # without wrong ones there is a closed form
        (0, 1, 0.95),
        (0, 10, 0.258866),
        (1, 10, 0.394163),
        (2, 30, 0.195326),
        (5, 100, 0.102253),
        (10, 10, 1.0),
        (0, 0, 1.0),
    ],
)
def test_the_bound_is_the_one_of_the_tables(wrong: int, count: int, bound: float) -> None:
    assert upper(wrong, count) == pytest.approx(bound, abs=2e-6)


@pytest.mark.parametrize(("wrong", "count"), [(0, 50), (3, 80), (12, 40)])
def test_at_the_bound_so_few_are_seen_one_time_in_twenty(wrong: int, count: int) -> None:
    rate = upper(wrong, count)
    tail = sum(comb(count, one) * rate**one * (1 - rate) ** (count - one) for one in range(wrong + 1))
    assert tail == pytest.approx(0.05, rel=1e-6)


def test_299_clean_reviews_certify_one_percent() -> None:
    assert upper(0, 299) <= 0.01 < upper(0, 298)
    assert clean_needed(0, 0, 0.01) == 299
    assert clean_needed(0, 200, 0.01) == 99
    assert clean_needed(0, 300, 0.01) == 0
    needed = clean_needed(1, 100, 0.01)
    assert upper(1, 100 + needed) <= 0.01 < upper(1, 99 + needed)


def test_another_confidence_gives_another_bound() -> None:
    assert upper(0, 100, 0.9) < upper(0, 100) < upper(0, 100, 0.99)
