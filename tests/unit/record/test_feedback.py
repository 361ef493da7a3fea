"""What may be said of a metric, and what tells two sayings apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.config.feedback import Rating
from gateway.record.feedback import NotSaid, Reading, digest_of, reading
from gateway.record.feedback_metrics import bounds_of

THUMBS = Rating()
STARS = Rating(kind="score", min=1, max=5, bad=2)
SECONDS = Rating(kind="score", min=0, max=60, bad=30, better="lower")
REASON = Rating(kind="category", values=["wrong", "rude", "fine"], bad_values=["wrong", "rude"])


@pytest.mark.parametrize(
    ("rating", "value", "read"),
    [
        (THUMBS, True, Reading(1.0, "up", bad=False)),
        (THUMBS, "down", Reading(0.0, "down", bad=True)),
        (Rating(better="lower"), True, Reading(1.0, "up", bad=True)),
        (STARS, 3, Reading(3.0, None, bad=False)),
        (STARS, 2, Reading(2.0, None, bad=True)),
        (STARS, 1.5, Reading(1.5, None, bad=True)),
        (SECONDS, 29.9, Reading(29.9, None, bad=False)),
        (SECONDS, 30, Reading(30.0, None, bad=True)),
        (Rating(kind="score", min=1, max=5), 1, Reading(1.0, None, bad=False)),
        (REASON, "fine", Reading(None, "fine", bad=False)),
        (REASON, "rude", Reading(None, "rude", bad=True)),
    ],
)
def test_a_value_says_a_number_or_a_word_and_whether_it_is_bad(rating: Rating, value: object, read: Reading) -> None:
    assert reading("m", rating, value) == read


@pytest.mark.parametrize(
    ("rating", "value"),
    [
        (THUMBS, 1),
        (THUMBS, "yes"),
        (STARS, True),
        (STARS, 0.9),
        (STARS, 5.1),
        (STARS, "3"),
        (REASON, "other"),
        (REASON, 1),
    ],
)
def test_what_a_metric_does_not_take_is_said_without_what_came(rating: Rating, value: object) -> None:
    with pytest.raises(NotSaid) as said:
        reading("stars", rating, value)
    assert "`stars` takes" in str(said.value)


WORDS = some.lists(some.none() | some.booleans() | some.text(max_size=8), min_size=2, max_size=2)


@given(one=WORDS, other=WORDS)
def test_two_sayings_have_one_digest_only_if_they_are_the_same(one: list[object], other: list[object]) -> None:
    assert (digest_of(*one) == digest_of(*other)) == (one == other)


def test_letters_of_placeholders_which_are_of_a_secret_tell_nothing_apart_and_kinds_do() -> None:
    said = "call <KR_PHONE_abcdefghij>"
    assert digest_of(said) == digest_of(said.replace("abcdefghij", "bcdefghijk"))
    assert digest_of(said) != digest_of(said.replace("PHONE", "EMAIL"))


def test_scores_are_counted_by_whole_steps_if_there_are_few_and_by_tenths_of_their_range_otherwise() -> None:
    assert bounds_of(STARS) == (1, 2, 3, 4, 5)
    assert bounds_of(Rating(kind="score")) == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    assert len(bounds_of(SECONDS)) == 10
