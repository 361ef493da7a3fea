"""What the reviews of a class say, as somebody may see it: precision and recall over thresholds, and how far it is to a certificate. Pure."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gateway.cache.bounds import upper
from gateway.cache.stats import Standing, Tallied

WIDTH: Final = 320
HEIGHT: Final = 190
LEFT, RIGHT, TOP, FOOT = 46, 12, 12, 30
_STEPS: Final = 4


class Point(Struct, frozen=True):
    """At and above one threshold. `bound`: the share of wrong ones is no more, at the class's confidence, if one looks but once.
    `x`, `y`: where it stands in the picture.
    """

    threshold: float
    reviews: int
    wrong: int
    precision: float | None
    recall: float | None
    bound: float
    x: float = 0.0
    y: float = 0.0


class Line(Struct, frozen=True):
    """One of the grid, with what stands at it."""

    at: float
    share: float


class Picture(Struct, frozen=True):
    """`wanted`: where the precision stands that the class has to show, None where that lies below the picture."""

    points: list[Point]
    across: list[Line]
    down: list[Line]
    wanted: float | None

    @property
    def path(self) -> str:
        return " ".join(f"{one.x:.1f},{one.y:.1f}" for one in self.points)


def points(standing: Standing) -> list[Point]:
    """Strictest first. Recall is of all right ones among the reviews."""
    right = max((one.reviews - one.wrong for one in standing.reviews), default=0)
    return [_point(one, right, standing.confidence) for one in standing.reviews]


def picture(standing: Standing) -> Picture | None:
    """None where nothing was reviewed, or nothing that is right."""
    all_ = [one for one in points(standing) if one.precision is not None and one.recall is not None]
    if not all_:
        return None
    wanted = 1 - standing.wrong
    least = min([one.precision or 0.0 for one in all_] + [wanted])
    floor = max(0.0, int((least - 0.01) * 20) / 20)
    placed = [
        Point(
            one.threshold, one.reviews, one.wrong, one.precision, one.recall, one.bound,
            x=_across(one.recall or 0.0), y=_down(one.precision or 0.0, floor),
        )
        for one in all_
    ]  # fmt: skip
    shares = [step / _STEPS for step in range(_STEPS + 1)]
    across = [Line(_down(floor + (1 - floor) * share, floor), floor + (1 - floor) * share) for share in shares]
    return Picture(placed, across, [Line(_across(share), share) for share in shares], _down(wanted, floor))


def nearest(all_: Sequence[Point]) -> Point | None:
    """The threshold with the most reviews and none wrong: the one that a certificate is nearest at."""
    return max((one for one in all_ if one.reviews and not one.wrong), key=lambda one: one.reviews, default=None)


def _point(one: Tallied, right: int, confidence: float) -> Point:
    good = one.reviews - one.wrong
    return Point(
        one.threshold,
        one.reviews,
        one.wrong,
        good / one.reviews if one.reviews else None,
        good / right if right and one.reviews else None,
        upper(one.wrong, one.reviews, confidence),
    )


def _across(recall: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * recall


def _down(precision: float, floor: float) -> float:
    return TOP + (HEIGHT - TOP - FOOT) * (1 - (precision - floor) / (1 - floor))
