"""What a text must hold for a pattern to match anywhere in it, worked out from the pattern, and cheap to look for.

It only ever asks for less than the pattern does. So a pattern that is left out because of it would have found nothing.
"""

import re
import string
from dataclasses import dataclass
from re import _constants as sre  # type: ignore[attr-defined]  # the tree that CPython itself matches with
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final, Protocol

import regex

_DIGITS: Final = regex.compile(r"\d+")
_WORDS: Final = regex.compile(r"\w+")
"""In the sense of the module that searches: marks count."""
_REPEATS: Final = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_NOTHING_WIDE: Final = (sre.AT, sre.ASSERT, sre.ASSERT_NOT)
_SIGNS: Final = frozenset(string.punctuation) - {"_"}


class _Belongs(Protocol):
    def __call__(self, operator: Any, value: Any, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """Of a text: its longest run of digits, its longest run of letters and digits, and its characters."""

    digits: int
    word: int
    signs: frozenset[str]


def facts(text: str) -> Facts:
    return Facts(
        max(map(len, _DIGITS.findall(text)), default=0),
        max(map(len, _WORDS.findall(text)), default=0),
        _SIGNS.intersection(text),
    )


@dataclass(frozen=True, slots=True)
class Needs:
    """Of a pattern: at least so many digits in a row, so many letters and digits in a row, and all of these signs."""

    digits: int = 0
    word: int = 0
    signs: frozenset[str] = frozenset()

    def met(self, held: Facts) -> bool:
        return self.digits <= held.digits and self.word <= held.word and self.signs <= held.signs


def needs(pattern: str) -> Needs:
    """Nothing, for a pattern that cannot be read here."""
    try:
        tree = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return Needs()
    return Needs(_run(tree, _is_digit).best, _run(tree, _is_word).best, _signs(tree))


@dataclass(frozen=True, slots=True)
class _Run:
    """`best`: the longest run that every match holds. `pure`: a match is nothing else, and at least `least` long."""

    best: int
    pure: bool
    least: int


def _run(tree: Any, belongs: _Belongs) -> _Run:
    best = run = 0
    pure = True
    for operator, value in tree:
        if operator in _NOTHING_WIDE:
            continue
        each = _run_of(operator, value, belongs)
        best = max(best, each.best)
        run = run + each.least if each.pure else 0
        pure = pure and each.pure
        best = max(best, run)
    return _Run(best, pure, run if pure else 0)


def _run_of(operator: Any, value: Any, belongs: _Belongs) -> _Run:
    if operator in _REPEATS:
        least, _, inner = value
        each = _run(inner, belongs)
        return _Run(max(each.best if least else 0, each.least * least), each.pure, each.least * least)
    if operator in (sre.SUBPATTERN, sre.ATOMIC_GROUP):
        return _run(value[-1] if operator is sre.SUBPATTERN else value, belongs)
    if operator is sre.BRANCH:
        ways = [_run(way, belongs) for way in value[1]]
        return _Run(min(way.best for way in ways), all(way.pure for way in ways), min(way.least for way in ways))
    if operator is sre.LITERAL:
        return _one(belongs(sre.LITERAL, value))
    if operator is sre.IN:
        return _one(value[0][0] is not sre.NEGATE and all(belongs(*item) for item in value))
    return _Run(0, pure=False, least=0)


def _one(belongs: bool) -> _Run:
    return _Run(1, pure=True, least=1) if belongs else _Run(0, pure=False, least=0)


def _is_digit(operator: Any, value: Any) -> bool:
    if operator is sre.RANGE:
        return bool(ord("0") <= value[0] and value[1] <= ord("9"))
    if operator is sre.LITERAL:
        return bool(ord("0") <= value <= ord("9"))
    return operator is sre.CATEGORY and value is sre.CATEGORY_DIGIT


def _is_word(operator: Any, value: Any) -> bool:
    """Of letters, ASCII ones: what a pattern that ignores case matches for them is one, too."""
    if operator is sre.RANGE:
        return _is_ascii_word(value[0]) and _is_ascii_word(value[1]) and value[1] - value[0] < 26
    if operator is sre.LITERAL:
        return _is_ascii_word(value)
    return operator is sre.CATEGORY and value in (sre.CATEGORY_DIGIT, sre.CATEGORY_WORD)


def _is_ascii_word(point: int) -> bool:
    return chr(point) in string.ascii_letters + string.digits + "_"


def _signs(tree: Any) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for operator, value in tree:
        if operator is sre.LITERAL and chr(value) in _SIGNS:
            found |= {chr(value)}
        elif operator is sre.SUBPATTERN:
            found |= _signs(value[-1])
        elif operator is sre.ATOMIC_GROUP:
            found |= _signs(value)
        elif operator in _REPEATS and value[0]:
            found |= _signs(value[2])
        elif operator is sre.BRANCH:
            found |= frozenset.intersection(*(_signs(way) for way in value[1]))
    return found
