"""Words that somebody listed, as one pattern."""

import re
from collections.abc import Iterable

from gateway.guards.fold import fold
from gateway.guards.pattern import Pattern

KEYWORD = "KEYWORD"

_WORD = re.compile("[A-Za-z0-9_]")


def keyword_pattern(words: Iterable[str], *, whole_words: bool) -> Pattern:
    """One pattern that matches any of these words in whatever case; of two that begin alike, the longer.

    With `whole_words` no ASCII letter, digit or underscore may touch an end of a word that is one itself. Particles and other
    Hangul may, since Korean writes them together: `비밀` is found in `비밀입니다`. Raises ValueError where no word is left.
    """
    every = {fold(word).text.strip() for word in words} - {""}
    if not every:
        raise ValueError("a list of keywords holds no word; write at least one")
    longest_first = sorted(every, key=lambda word: (-len(word), word))
    return Pattern(KEYWORD, f"(?:{'|'.join(_alternative(word, whole_words) for word in longest_first)})", measured=True)


def _alternative(word: str, whole: bool) -> str:
    before = "(?<![A-Za-z0-9_])" if whole and _WORD.match(word[0]) else ""
    behind = "(?![A-Za-z0-9_])" if whole and _WORD.match(word[-1]) else ""
    return f"{before}{_any_case(word)}{behind}"


def _any_case(word: str) -> str:
    """Case beyond ASCII is written out, since the engine knows only that of ASCII."""
    if word.isascii():
        return f"(?i:{re.escape(word)})"
    return "(?i:" + "".join(map(_letter, word)) + ")"


def _letter(char: str) -> str:
    forms = sorted({form for form in (char, char.lower(), char.upper()) if len(form) == 1})
    return re.escape(char) if len(forms) == 1 or char.isascii() else f"[{''.join(forms)}]"
