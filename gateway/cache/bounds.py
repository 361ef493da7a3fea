"""What a count of wrong answers among reviewed ones says about the rate. Exact, and for a number of reviews fixed beforehand."""

from math import exp, lgamma, log, log1p
from typing import Final

CONFIDENCE: Final = 0.95
_STEPS: Final = 60
_MOST: Final = 10_000_000


def upper(wrong: int, count: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided bound of Clopper and Pearson (Biometrika 26, 1934): rates above it would show so few wrong ones less often
    than `1 - confidence`. 1 where nothing was reviewed.
    """
    if wrong >= count:
        return 1.0
    low, high = wrong / count, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_most(wrong, count, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def clean_needed(wrong: int, count: int, target: float, confidence: float = CONFIDENCE) -> int:
    """How many more reviews, none of them wrong, bring the bound down to the target."""
    if count and upper(wrong, count, confidence) <= target:
        return 0
    low, high = count, max(count, 1)
    while upper(wrong, high, confidence) > target:
        low, high = high, high * 2
        if high > _MOST:
            return _MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if upper(wrong, middle, confidence) <= target else (middle, high)
    return high - count


def _at_most(wrong: int, count: int, rate: float) -> float:
    """The chance of no more than `wrong` out of `count`."""
    if rate >= 1:
        return 0.0
    whole = lgamma(count + 1)
    return sum(
        exp(whole - lgamma(one + 1) - lgamma(count - one + 1) + one * log(rate) + (count - one) * log1p(-rate))
        for one in range(wrong + 1)
    )
