"""A pattern is left out only where it cannot match."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards.bounds import bounds
from gateway.guards.catalogue import ENTITIES
from gateway.guards.fold import fold
from gateway.guards.gate import held, needed
from tests.support.corpus import Labelled, generate

EVERY = [pattern.regex for patterns in ENTITIES.values() for pattern in patterns]
ODD = ["(?i:ab|c)[0-9]{2}", "a?b?c", "(?:a|)b{0,3}[^x]", "(?>é|[가-힣])-?", r"\w{1,3}\s", "(?<!a)(?:[ab]|cd){2}"]


@given(st.text("abcdxABX019 -é가나_\n", max_size=12), st.sampled_from(ODD))
def test_what_matches_holds_all_that_is_needed_and_begins_as_it_may(text: str, pattern: str) -> None:
    _agrees(pattern, text)


@pytest.mark.parametrize("labelled", generate(seed=5, count=120))
def test_it_holds_for_the_catalogue(labelled: Labelled) -> None:
    for pattern in EVERY:
        _agrees(pattern, fold(labelled.text).text)


@pytest.mark.parametrize(
    ("pattern", "text"), [("[0-9]x", "hello"), ("a@b", "ab"), ("[가-힣]1", "1a"), ("(?:sk|pk)_", "sk")]
)
def test_a_text_without_them_is_told_apart(pattern: str, text: str) -> None:
    assert not all(held(text) & bits for bits in needed(pattern))


@pytest.mark.parametrize(
    ("pattern", "behind"),
    [
        ("(?<![0-9A-Za-z.])x", "a0Z."),
        ("(?<![0-9])x", "0"),
        ("(?<!-)x", "-"),
        ("(?<![가-힣])x", "가힣"),
        ("x", ""),
        ("(?<=[0-9A-Za-z])x", ""),
        ("(?<![^0-9A-Za-z])x", ""),
        ("(?<!a|b)x", "a"),
    ],
)
def test_it_is_known_behind_what_a_match_never_begins(pattern: str, behind: str) -> None:
    assert [char for char in "a0Z.-가힣 " if not bounds(pattern).may_follow(char)] == [
        char for char in "a0Z.-가힣 " if char in behind
    ]


def _agrees(pattern: str, text: str) -> None:
    every = bounds(pattern)
    for match in regex.finditer(pattern, text, flags=regex.ASCII, overlapped=True):
        assert all(held(match.group()) & bits for bits in needed(pattern))
        assert not match.group() or every.may_begin(match.group()[0])
        assert not match.start() or every.may_follow(text[match.start() - 1])
        assert all(every.may_hold(char) for char in match.group())
        assert every.narrowest <= len(match.group()) <= every.widest
