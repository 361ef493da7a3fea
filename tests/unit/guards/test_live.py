"""What is known of characters before a pattern is asked changes nothing in what is held."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards.allowance import Allowance
from gateway.guards.compiled import Compiled
from gateway.guards.fold import SENTINEL
from gateway.guards.live import Live
from gateway.guards.pattern import Pattern

WRITTEN = [
    "INT-[0-9]{2,6}",
    "(?<![가-힣])[가-힣]{1,6}[시군구] [가-힣]{1,3}",
    "(?<![a-z])[a-z]{1,40}@[a-z]{1,9}",
    "(?i:no[x-z])[A-C]{1,2}",
    "[^0-9a-z]{2}#",
    r"(?<=:)\S{3}|\s!|é{2}",
    "<[a-z ]{0,60}>",
    "(?:a|bc)?x.-",
]
LETTERS = "INT-019az가힣ힰ시 @:<>#!xXnNoOéÉA\n\x85"


def plainly(written: list[str], text: str, begin: int) -> int:
    """Every pattern asked at every character."""
    closed = [regex.compile(f"(?:{one}){SENTINEL}", regex.ASCII) for one in written]
    live = (at for at in range(begin, len(text)) if any(one.match(text, pos=at, partial=True) for one in closed))
    return next(live, len(text))


@given(st.text(LETTERS, max_size=60), st.integers(0, 50), st.sets(st.sampled_from(WRITTEN), min_size=1))
def test_it_is_held_what_some_pattern_could_still_match(text: str, begin: int, written: set[str]) -> None:
    every = sorted(written)
    begin = min(begin, len(text))
    live = Live([Compiled(Pattern("X", one)) for one in every])
    assert live.first(text, begin, Allowance()) == plainly(every, text, begin)


@pytest.mark.parametrize(
    ("written", "asked", "text"),
    [
        ("[가-힣]{2}!", "\ud7b0", "힣힣"),
        ("[가-힣]{2}!", "\uabff", "가가"),
        ("[^가-힣]{2}!", "힣", "\ud7b0"),
        ("힣{2}!", "\ud7b0", "힣"),
        ("(?<![가-힣])[a-z]{2}", "\ud7b0", "a"),
    ],
)
def test_a_character_is_not_taken_for_its_neighbour_that_came_before(written: str, asked: str, text: str) -> None:
    live = Live([Compiled(Pattern("X", written))])
    live.first(asked, 0, Allowance())
    assert live.first(text, 0, Allowance()) == plainly([written], text, 0) == 0


def test_nothing_is_live_without_patterns() -> None:
    assert Live([]).first("abc", 0, Allowance()) == 3
