"""A pattern without a longest match is refused with what to write instead; its bounds say what it can hold."""

import pytest

from gateway.guards.bounds import Unbounded, bounds


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (r"INT-[0-9]+", "{1,64}"),
        (r"INT-[0-9]*", "{0,64}"),
        (r"INT-[0-9]{3,}", "{3,64}"),
        (r"(?:a|b[0-9]+?)c", "{1,64}"),
        (r"[0-9]{3}(?=-99)", "more than one character"),
        (r"(?<!abc)x", "more than one character"),
        (r"([ab])\1", "alternatives"),
        (r"^x", "stream"),
        (r"x$", "stream"),
        (r"(?i)secret", "(?i:"),
        (r"(x", "cannot be read"),
        (r"(?:)", "nothing but the empty text"),
        (r"a{1,20000}", "16384"),
    ],
)
def test_what_cannot_guard_a_stream_is_refused_with_what_to_write(pattern: str, says: str) -> None:
    with pytest.raises(Unbounded) as caught:
        bounds(pattern)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "widest"), [(r"INT-[0-9]{6}", 10), (r"(?:ab|c){1,3}(?![0-9])", 6), (r"\bkey\b", 3), (r"(?i:AB)", 2)]
)
def test_the_longest_match_is_known(pattern: str, widest: int) -> None:
    assert bounds(pattern).widest == widest


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        (r"(?<!x)INT-[0-9]{6}(?!y)", "INT-0", "xy@ 가"),
        (r"(?i:sk)[a-f]{2}", "sSkKaf", "Fg0 "),
        (r"[^0-9]{1,3}", "a가9", ""),
        (r"a.{1,3}", "가\n", ""),
        (r"\d\w?\s?", "0a_ \n", "-"),
        (r"전화번호", "전호", "a가"),
        (r"(?i:a(?-i:b)c)", "aAbcC", "B"),
        (r"\S{2}", "\x85\u2028a", " \n"),
        (r"\s{2}", " \n", "\x85\u2028a"),
    ],
)
def test_it_is_told_which_characters_a_match_may_hold(pattern: str, inside: str, outside: str) -> None:
    found = bounds(pattern)
    assert all(found.may_hold(char) for char in inside)
    assert not any(found.may_hold(char) for char in outside)


@pytest.mark.parametrize(
    ("pattern", "risky"),
    [
        (r"(?:\w{1,3}-?){1,12}#", True),
        (r"(?:[0-9]{3}-){1,4}", False),
        (r"[a-z]{1,64}@[a-z]{1,9}", False),
        (r"(?:a?){1,9}b", True),
    ],
)
def test_repeats_inside_repeats_are_risky(pattern: str, risky: bool) -> None:
    assert bounds(pattern).risky is risky
