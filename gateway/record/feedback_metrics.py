"""Feedback in figures. Labels are bounded: metrics, their words and models stand in the configuration, sources are four."""

from typing import Final

from gateway.config.feedback import Rating
from gateway.histogram import Histogram
from gateway.record.feedback import Feedback
from gateway.record.series import MOST, OTHER, Series

_STEPS: Final = 10
_MOST_WHOLE: Final = 20


class FeedbackCounts:
    """`said`: by metric, model, source, word and verdict. `scores`: by metric and model. `complaints`: by what the cache did."""

    def __init__(self) -> None:
        self.said = Series()
        self.complaints = Series()
        self.scores: dict[tuple[str, str], Histogram] = {}

    def count(self, one: Feedback, rating: Rating, model: str, complaint: str) -> None:
        """`model`: its name in the configuration. `complaint`: what became of it in the cache, in a word; empty if it was none."""
        of = (one.metric, model)
        self.said.add((*of, one.source, one.label or "-", "bad" if one.bad else "good"))
        if complaint:
            self.complaints.add((complaint,))
        if rating.kind == "score" and one.score is not None:
            self._score(of, bounds_of(rating)).observe(one.score)

    def _score(self, of: tuple[str, str], bounds: tuple[float, ...]) -> Histogram:
        """Begins anew where the configuration has another range now."""
        if of not in self.scores and len(self.scores) >= MOST:
            of = (of[0], OTHER)
        found = self.scores.get(of)
        if found is None or found.bounds != bounds:
            found = self.scores[of] = Histogram(bounds)
        return found


def bounds_of(rating: Rating) -> tuple[float, ...]:
    """Every whole score, if there are few; else ten equal steps."""
    low, high = float(rating.min), float(rating.max)
    if low.is_integer() and high.is_integer() and 1 < high - low <= _MOST_WHOLE:
        return tuple(low + step for step in range(int(high - low) + 1))
    return tuple(round(low + (high - low) * step / _STEPS, 9) for step in range(1, _STEPS + 1))
