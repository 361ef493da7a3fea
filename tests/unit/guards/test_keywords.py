"""Listed words are found in any case, whole if wanted, with particles always."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards.bounds import bounds
from gateway.guards.keywords import keyword_pattern
from gateway.guards.scanner import Scanner


def found(words: list[str], text: str, *, whole: bool = True) -> list[str]:
    return [text[one.start : one.end] for one in Scanner([keyword_pattern(words, whole_words=whole)]).scan(text)]


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["project x"], "PROJECT\u00a0X는", ["PROJECT\u00a0X"]),
        (["cat"], "Cat, concat cats cat_ cat", ["Cat", "cat"]),
        (["비밀"], "극비밀입니다", ["비밀"]),
        (["a", "ab"], "ab", ["ab"]),
        (["C++", "a.b"], "c++ a.b axb", ["c++", "a.b"]),
        (["Über"], "ÜBER über", ["ÜBER", "über"]),
        (["ｓｅｃｒｅｔ"], "secret", ["secret"]),
    ],
)
def test_words_are_found(words: list[str], text: str, expected: list[str]) -> None:
    assert found(words, text) == expected


def test_parts_of_words_count_if_wanted() -> None:
    assert found(["cat"], "concat", whole=False) == ["cat"]


@pytest.mark.parametrize("words", [[], [""], [" \u200b"]])
def test_a_list_without_a_word_is_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        keyword_pattern(words, whole_words=True)


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5), st.booleans())
def test_any_words_make_a_pattern_that_can_guard_a_stream(words: list[str], whole: bool) -> None:
    try:
        made = keyword_pattern(words, whole_words=whole)
    except ValueError:
        return
    assert not bounds(made.regex).risky
    Scanner([made])
