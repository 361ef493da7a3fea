"""Texts made against a pattern: full of what its repeats hold, and wrong at the very end, so that all ways to match are tried."""

import re
import string
from collections.abc import Callable, Iterator
from re import _constants as sre  # type: ignore[attr-defined]  # the tree that CPython itself matches with
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

from gateway.guards.bounds import REPEATS, Bounds, character_sets, forms, in_class, parts

LEAST: Final = 1_000
"""Characters of a text; more, where a match can be longer."""
MOST_LETTERS: Final = 3

_LETTERS: Final = string.ascii_letters + string.digits + string.punctuation + " \n가é"
_ENDS: Final = "!#~\x00\n가a0"


def texts(written: str, known: Bounds) -> Iterator[str]:
    """Those first that tell most; each but once."""
    tree = _parser.parse(written, re.ASCII)
    room = max(LEAST, known.widest + 1)
    letters = _letters(tree)
    made = dict.fromkeys(letter * room for letter in letters)
    for letter in letters:
        for lean in (True, False):
            made |= dict.fromkeys(_Speller(letter, lean=lean, room=room).pumped(tree))
    end = next((char for char in _ENDS if not known.may_hold(char)), "")
    # An engine does not search at all in a text that lacks what every match holds.
    end += _Speller(end or _LETTERS[0], lean=True, room=room).least(tree)
    for text in made:
        yield (text + end) * max(1, room // len(text + end))


def _letters(tree: Any) -> list[str]:
    """Those that most parts of the pattern may hold, each of another choice of parts: what several hold can be split in many ways."""
    every = [(items, any_case) for items, any_case in character_sets(tree)]
    by_parts: dict[tuple[bool, ...], str] = {}
    for letter in _LETTERS:
        by_parts.setdefault(tuple(_is_member(items, letter, any_case=any_case) for items, any_case in every), letter)
    best = sorted((one for one in by_parts if any(one)), key=sum, reverse=True)
    return [by_parts[one] for one in best[:MOST_LETTERS]]


class _Speller:
    """Writes what parts of a pattern match, with one letter wherever it may stand. A lean one leaves out what may be missing."""

    def __init__(self, letter: str, *, lean: bool, room: int) -> None:
        self._letter = letter
        self._lean = lean
        self._room = room

    def pumped(self, tree: Any, before: str = "") -> Iterator[str]:
        """For every repeat, what leads there and as many of it as there may be, or as there is room for."""
        for operator, value in tree:
            if operator in REPEATS and value[1] > 1:
                yield (before + self._most(operator, value))[: self._room]
            if operator not in (sre.ASSERT, sre.ASSERT_NOT):
                for part in parts(operator, value):
                    yield from self.pumped(part, before)
            before += self._least(operator, value)

    def least(self, tree: Any) -> str:
        return "".join(self._least(operator, value) for operator, value in tree)[: self._room]

    def _least(self, operator: Any, value: Any) -> str:
        if operator in REPEATS:
            return self.least(value[2]) * min(int(value[0]), self._room)
        return self._once(operator, value, self.least)

    def most(self, tree: Any) -> str:
        return "".join(self._most(operator, value) for operator, value in tree)[: self._room]

    def _most(self, operator: Any, value: Any) -> str:
        if operator in REPEATS:
            if self._lean and value[0] == 0 and value[1] == 1:
                return ""
            inner = self.most(value[2])
            return inner * min(int(value[1]), self._room // max(len(inner), 1) + 1)
        return self._once(operator, value, self.most)

    def _once(self, operator: Any, value: Any, write: Callable[[Any], str]) -> str:
        """What is no repeat; of alternatives, the one that has most of the letter."""
        if operator in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
            return ""
        if operator is sre.LITERAL:
            return chr(value)
        if inner := parts(operator, value):
            return max(
                (write(part) for part in inner),
                key=lambda text: (text.count(self._letter) / max(len(text), 1), len(text)),
            )
        items = value if operator is sre.IN else [(sre.NEGATE, None), (sre.LITERAL, value)]
        return next((one for one in (self._letter, *_LETTERS) if _is_member(items, one, any_case=False)), self._letter)


def _is_member(items: Any, letter: str, *, any_case: bool) -> bool:
    points = forms(letter, any_case=any_case)
    if items[0][0] is sre.NEGATE:
        return not in_class(items[1:], points)
    return in_class(items, points)
