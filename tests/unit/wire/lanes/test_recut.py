"""Pieces of a text that say no more than what is left of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.lanes.recut import follows, recut

_WORDS = st.lists(st.text("ab 12", max_size=5), max_size=8)


@pytest.mark.parametrize(
    ("pieces", "text", "made"),
    [
        (["Call", " 010-1234", " now."], "Call 010-1234 now.", ["Call", " 010-1234", " now."]),
        (["Call", " 010-1234", " now."], "Call [PHONE] now.", ["Call", " [PHONE]", " now."]),
        (["It is 010-", "1234, ", "yes"], "It is [PHONE], yes", ["It is [PHONE],", "", "yes"]),
        (["a", "b"], "", ["", ""]),
        (["", "x"], "x", ["", "x"]),
        ([], "x", []),
    ],
)
def test_what_was_changed_goes_to_the_first_piece_that_is_not_there_any_more(
    pieces: list[str], text: str, made: list[str]
) -> None:
    assert recut(pieces, text) == made


@given(_WORDS, st.text("ab 12*", max_size=30))
def test_the_pieces_are_parts_of_the_text_in_its_order_and_none_twice(pieces: list[str], text: str) -> None:
    made = recut(pieces, text)
    assert len(made) == len(pieces)
    at = 0
    for piece in made:
        start = text.find(piece.strip(), at)
        assert start >= 0
        at = start + len(piece.strip())


@given(_WORDS)
def test_pieces_that_follow_a_text_stay_as_they_are(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert follows([one.strip() for one in pieces], text)
    assert recut(pieces, text) == pieces


def test_pieces_that_tell_something_else_do_not_follow() -> None:
    assert not follows(["one", "two"], "two one")
    assert not follows(["one", "one"], "one")


def test_a_great_many_pieces_that_are_not_there_stay_cheap() -> None:
    made = recut(["nowhere"] * 20_000, "x" * 200_000)
    assert made[0] == "x" * 200_000
    assert not any(made[1:])
