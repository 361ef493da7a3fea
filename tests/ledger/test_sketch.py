from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.sketch import BINS, ERROR, LEAST, MOST, count, packed, quantiles, sketch, unpacked

seconds = st.floats(min_value=LEAST, max_value=MOST)
shares = st.floats(min_value=0, max_value=1)


@given(st.lists(seconds, min_size=1), shares)
def test_a_quantile_is_off_by_no_more_than_is_said(some: list[float], share: float) -> None:
    exact = sorted(some)[int(share * (len(some) - 1))]
    (found,) = quantiles(sum(map(sketch, some)), (share,))
    assert abs(found - exact) <= ERROR * exact * 1.000001


@given(st.lists(seconds), st.lists(seconds))
def test_sketches_of_two_sets_add_up_to_that_of_both(one: list[float], other: list[float]) -> None:
    both = sum(map(sketch, one)) + sum(map(sketch, other))
    assert both == sum(map(sketch, [*one, *other]))
    assert count(both) == len(one) + len(other)


@given(st.dictionaries(st.integers(0, BINS - 1), st.integers(1, 2**63)))
def test_what_is_stored_comes_back(digits: dict[int, int]) -> None:
    sketched = sum(number << (64 * place) for place, number in digits.items())
    assert unpacked(packed(sketched)) == sketched


def test_a_sketch_of_few_is_small() -> None:
    assert len(packed(sketch(0.2))) == 4
    assert len(packed(sketch(0.1) + sketch(0.2))) < 20


def test_what_lies_beyond_counts_at_the_end() -> None:
    for beyond in (0.0, -1.0, float("nan")):
        assert quantiles(sketch(beyond), (0.5,)) == [LEAST]
    assert abs(quantiles(sketch(float("1e9")), (0.5,))[0] - MOST) < MOST * 2 * ERROR
