"""Bars are on the line, whatever steps say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.waterfall import WIDE, bars, marks
from gateway.record.row import Step

STEPS = st.lists(
    st.builds(
        Step,
        st.just("attempt"),
        st.floats(0, 1e6),
        st.floats(0, 1e6),
        st.dictionaries(st.just("first_token_seconds"), st.one_of(st.none(), st.floats(0, 1e6))),
    ),
    max_size=8,
)


@given(STEPS, st.floats(0, 1e6))
def test_every_bar_can_be_seen_and_none_leaves_the_line(steps: list[Step], seconds: float) -> None:
    for bar in bars(steps, seconds):
        assert 0 <= bar.left <= WIDE
        assert bar.width >= 2
        assert bar.left + bar.width <= WIDE + 0.01
        assert bar.first is None or 0 <= bar.first <= WIDE


@given(STEPS, st.floats(1e-6, 1e6))
def test_marks_are_a_few_and_in_their_order(steps: list[Step], seconds: float) -> None:
    found = marks(steps, seconds)
    assert 1 < len(found) < 6
    assert (found[0].left, found[0].seconds) == (0, 0)
    assert [one.left for one in found] == sorted(one.left for one in found)


@pytest.mark.parametrize(("seconds", "apart"), [(1.5, 0.5), (2.0, 0.5), (0.09, 0.025), (37, 10), (3.9, 1)])
def test_marks_are_round(seconds: float, apart: float) -> None:
    assert marks([], seconds)[1].seconds == pytest.approx(apart)


def test_steps_stand_where_they_were() -> None:
    first, second = bars([Step("a", 0.0, 0.5), Step("b", 0.5, 0.25)], 1.0)
    assert (first.left, first.width) == (0, 500)
    assert (second.left, second.width) == (500, 250)
    assert first.detail.get("nothing") is first.detail["nothing"] is None
