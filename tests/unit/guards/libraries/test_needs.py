"""What a pattern needs is in every text that it matches: else it would be left out where it finds something."""

import random

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards.libraries.needs import Needs, facts, needs


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"\b[0-9]{8,17}\b", Needs(8, 8)),
        (r"\d{3}-\d{2}-\d{4}", Needs(4, 4, frozenset("-"))),
        (r"\d{3}[- ]?\d{4}", Needs(4, 4)),
        (r"(\d{3})(\d{4})(?!\d)", Needs(7, 7)),
        (r"[A-Z]{2}\d{7}|[a-z]9\d{7}", Needs(7, 9)),
        (r"\w+@\w+\.\w+", Needs(0, 1, frozenset("@."))),
        (r"(?:a@b)?c", Needs(0, 1)),
        (r"(?:a@b|c@d)", Needs(0, 1, frozenset("@"))),
        (r"[^0-9]{9}", Needs()),
        (r"(?=@)x", Needs(0, 1)),
        (r"(\d)\1{5}", Needs(1, 1)),
        (r"(?:\d-){3}", Needs(1, 1, frozenset("-"))),
        (r"(unclosed", Needs()),
    ],
)
def test_a_pattern_needs_what_each_of_its_matches_holds(pattern: str, needed: Needs) -> None:
    assert needs(pattern) == needed


def test_facts_are_those_of_the_longest_run_of_a_kind() -> None:
    held = facts("a1b22 - 가나다라마바사4 x@y")
    assert (held.digits, held.word, held.signs) == (2, 8, frozenset("-@"))


_ATOMS = st.sampled_from(
    [
        "a",
        "7",
        "@",
        r"\.",
        "-",
        "가",
        r"\d",
        r"\w",
        r"\s",
        "[0-9]",
        "[A-Z]",
        "[^a]",
        "[-:]",
        r"[\d-]",
        r"\b",
        "(?!x)",
        ".",
    ]
)
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda ways: f"(?:{'|'.join(ways)})"),
        st.tuples(inner, st.sampled_from(["?", "+", "*", "{2}", "{1,3}", "{0,2}?", "{3,}+"])).map(
            lambda pair: f"({pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(_PATTERNS, st.integers(0, 2**32))
def test_no_text_that_matches_lacks_what_is_needed(pattern: str, seed: int) -> None:
    searched = regex.compile(pattern, regex.IGNORECASE | regex.MULTILINE | regex.DOTALL)
    needed = needs(pattern)
    chance = random.Random(seed)
    for _ in range(20):
        text = "".join(chance.choices("aA7١@.-:가 \u0301ſ\n", k=chance.randrange(14)))
        if searched.search(text, timeout=1):
            assert needed.met(facts(text))
