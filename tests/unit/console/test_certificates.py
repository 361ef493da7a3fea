"""What the reviews of a class say."""

import pytest

from gateway.cache.stats import Standing, Tallied
from gateway.console.certificates import HEIGHT, WIDTH, nearest, picture, points

REVIEWED = Standing(
    serve="certified",
    state="shadow",
    wrong=0.01,
    confidence=0.95,
    reviews=[Tallied(0.95, 0, 0), Tallied(0.92, 100, 0), Tallied(0.89, 200, 10)],
)


def test_precision_is_of_those_at_a_threshold_and_recall_of_all_that_are_right() -> None:
    found = points(REVIEWED)
    assert [(one.precision, one.recall) for one in found] == [(None, None), (1.0, 100 / 190), (0.95, 1.0)]


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    assert points(REVIEWED)[1].bound == pytest.approx(1 - 0.05 ** (1 / 100))
    assert points(REVIEWED)[0].bound == 1.0


def test_points_stand_inside_the_picture_and_what_is_wanted_too() -> None:
    drawn = picture(REVIEWED)
    assert drawn is not None
    assert [one.threshold for one in drawn.points] == [0.92, 0.89]
    assert all(0 < one.x < WIDTH and 0 < one.y < HEIGHT for one in drawn.points)
    assert drawn.wanted is not None
    assert drawn.points[0].y < drawn.wanted < drawn.points[1].y
    assert len(drawn.path.split()) == 2


@pytest.mark.parametrize("reviews", [[], [Tallied(0.95, 0, 0)], [Tallied(0.95, 3, 3)]])
def test_without_anything_right_there_is_no_picture_but_where_all_are_wrong_it_is_told(reviews: list[Tallied]) -> None:
    drawn = picture(Standing(serve="certified", state="shadow", wrong=0.01, confidence=0.95, reviews=reviews))
    assert drawn is None


def test_a_certificate_is_nearest_where_most_were_reviewed_and_none_is_wrong() -> None:
    found = nearest(points(REVIEWED))
    assert found is not None
    assert found.threshold == 0.92
    assert nearest([]) is None
