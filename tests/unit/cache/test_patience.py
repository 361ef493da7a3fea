"""Nobody waits for long for an embedder that is away or slow."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.patience import SOME, TRIED_EVERY, Patience


def test_after_some_failures_in_a_row_one_text_a_second_is_tried() -> None:
    patience = Patience()
    for _ in range(SOME):
        assert patience.may_ask(10.0, hurried=True)
        patience.failed()
    assert (patience.is_over, patience.is_away) == (True, True)
    asked = [now for step in range(100) if patience.may_ask(now := 10.0 + step / 20, hurried=step % 2 == 0)]
    assert asked == [10.0 + TRIED_EVERY * step for step in range(5)]
    patience.answered(in_time=True)
    assert (patience.is_over, patience.is_away) == (False, False)
    assert patience.may_ask(20.0, hurried=True)
    assert patience.may_ask(20.0, hurried=True)


def test_what_is_late_serves_nobody_who_waits_and_is_asked_in_the_background_all_the_same() -> None:
    patience = Patience()
    for _ in range(SOME):
        patience.late()
        patience.answered(in_time=False)
    assert patience.is_over
    assert not patience.is_away
    assert all(patience.may_ask(1.0, hurried=False) for _ in range(10))
    assert [patience.may_ask(1.0, hurried=True) for _ in range(3)] == [True, False, False]


def test_one_good_answer_counts_more_than_what_came_before() -> None:
    patience = Patience()
    for _ in range(SOME - 1):
        patience.failed()
        patience.late()
    patience.answered(in_time=True)
    patience.failed()
    patience.late()
    assert not patience.is_over


@given(st.lists(st.sampled_from(["failed", "late", "in time", "too late"])))
def test_it_is_over_exactly_after_some_in_a_row(told: list[str]) -> None:
    patience = Patience()
    failed = late = 0
    for one in told:
        if one == "failed":
            patience.failed()
            failed += 1
        elif one == "late":
            patience.late()
            late += 1
        else:
            patience.answered(in_time=one == "in time")
            failed, late = 0, 0 if one == "in time" else late
    assert patience.is_away == (failed >= SOME)
    assert patience.is_over == (failed >= SOME or late >= SOME)
