"""Precision over recall as a picture and as a table."""

from typing import Final
from xml.etree import ElementTree as ET

from gateway.cache.curve import Curve, Point, chart, points, table

CURVE: Final = Curve(
    "ko",
    [Point(0.9, 0.2, 1.0), Point(0.8, 0.6, 0.99)],
    [Point(0.95, 0.1, 0.7), Point(0.9, 0.3, 0.6), Point(0.8, 0.9, 0.55)],
    0.8,
)


def test_a_threshold_without_a_hit_is_no_point() -> None:
    def counted(threshold: float, vetoed: bool) -> tuple[int, int, int]:
        hits = 0 if threshold > 0.9 else 10
        return hits, 0 if vetoed else hits // 2, 20

    assert points((0.95, 0.9), counted, vetoed=True) == [Point(0.9, 0.5, 1.0)]
    assert points((0.95, 0.9), counted, vetoed=False) == [Point(0.9, 0.25, 0.5)]


def test_the_picture_holds_both_lines_and_the_threshold_inside_its_frame() -> None:
    drawn = ET.fromstring(chart([CURVE, CURVE._replace(language="<&>")]))
    lines = [one.get("points", "").split() for one in drawn.iter() if one.tag.endswith("polyline")]
    assert [len(one) for one in lines] == [3, 2, 3, 2]
    _, _, width, height = map(float, drawn.get("viewBox", "").split())
    for place in (place for one in lines for place in one):
        x, y = map(float, place.split(","))
        assert 0 <= x <= width
        assert 0 <= y <= height
    assert sum(one.tag.endswith("circle") for one in drawn.iter()) == 2


def test_nothing_to_draw_is_a_picture_too() -> None:
    ET.fromstring(chart([]))
    ET.fromstring(chart([Curve("", [], [], 0.9)]))


def test_the_table_marks_what_was_chosen() -> None:
    (marked,) = [line for line in table([CURVE]).splitlines() if line.endswith("chosen")]
    assert marked.split() == ["0.800", "99.00%", "60.0%", "55.00%", "90.0%", "chosen"]
    assert "unknown language" in table([CURVE._replace(language="")])
