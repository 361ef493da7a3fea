"""Patterns that are taken are found as they were measured."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards.bounds import bounds
from gateway.policy.unfit import unfit


@pytest.mark.parametrize(
    "pattern",
    [
        "[[:alpha:]]{3}",
        "[a--b]",
        "[a&&b]",
        "[a||b]",
        "[a~~b]",
        "(?:abc){e<=1}X",
        "(?:abc){i<=1,s}X",
        "a{x}",
        "a{",
        "[0-9]+",
        "a*",
    ],
)
def test_what_is_unbounded_or_read_in_two_ways_is_refused(pattern: str) -> None:
    assert unfit(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    ["a{3}", "a{,3}b", "a{1,3}", r"\{x\}", "[{]x", r"[\]{]x", "[]{]x", "[^]{]x", r"[\[]x", "a{3}[{e}]", r"INT-\d{6}"],
)
def test_what_means_one_thing_is_taken(pattern: str) -> None:
    assert unfit(pattern) is None


PIECES = ["a", "b", "{", "}", "1", "2", ",", "[", "]", "^", "-", "e<=", "\\", "(?:", ")", "|", "?", "&", "~", ":", "["]


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), st.text("ab{}12,[]^-e<=&~:", max_size=6))
def test_what_is_taken_never_matches_more_than_was_measured(pattern: str, text: str) -> None:
    if unfit(pattern) is not None:
        return
    for found in regex.finditer(pattern, text, flags=regex.ASCII, overlapped=True):
        assert len(found.group()) <= bounds(pattern).widest
        assert all(bounds(pattern).may_hold(char) for char in found.group())
