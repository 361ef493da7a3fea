"""What a pattern can match at most, worked out from its syntax tree: how long, of which characters, at what risk.

A pattern that fails here cannot guard a stream, since nobody could say when text is safe to send.
"""

import re
import string
from dataclasses import dataclass
from re import _constants as sre  # type: ignore[attr-defined]  # the tree that CPython itself matches with
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

WIDEST: Final = 4_096
MOST_WAYS: Final = 10_000

REPEATS: Final = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_ANYTHING: Final = (sre.ANY, sre.NOT_LITERAL, sre.GROUPREF, sre.GROUPREF_EXISTS)
_CATEGORIES: Final = {
    sre.CATEGORY_DIGIT: re.compile("[0-9]"),
    sre.CATEGORY_NOT_DIGIT: re.compile("[^0-9]"),
    sre.CATEGORY_WORD: re.compile("[A-Za-z0-9_]"),
    sre.CATEGORY_NOT_WORD: re.compile("[^A-Za-z0-9_]"),
    sre.CATEGORY_SPACE: re.compile(r"\s"),
    sre.CATEGORY_NOT_SPACE: re.compile(r"\S"),
}


class Unbounded(ValueError):
    """Says what stands in the pattern that cannot guard a stream, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`widest`: characters of the longest match. `risky`: repeats inside repeats. `many`: it may match in more than `MOST_WAYS` ways,
    which may mean that it fails in as many steps, or only that it has long parts.
    """

    widest: int
    risky: bool
    many: bool
    _tree: Any

    def may_hold(self, char: str) -> bool:
        """Whether a match can contain this character. True where that cannot be told."""
        return _holds(self._tree, *_cases(char))

    def may_begin(self, char: str) -> bool:
        """Whether a match can begin with this character. True where that cannot be told."""
        return _begins(self._tree, *_cases(char))

    def apart(self) -> bool:
        """Whether no match begins right behind an ASCII letter or digit."""
        operator, value = self._tree[0]
        if operator is not sre.ASSERT_NOT or value[0] != -1 or len(value[1]) != 1 or value[1][0][0] is not sre.IN:
            return False
        items = value[1][0][1]
        if items[0][0] is sre.NEGATE:
            return False
        return all(in_class(items, ord(char), ord(char)) for char in string.ascii_letters + string.digits)


def bounds(pattern: str) -> Bounds:
    """Raises `Unbounded` for a pattern that has no longest match, looks around by more than one character or back at a group."""
    try:
        tree = _parser.parse(pattern, re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise Unbounded(f"the pattern cannot be read: {error}") from None
    if tree.state.flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.LOCALE):
        raise Unbounded(
            "flags for the whole pattern would change the others; write `(?i:…)` around the part they are for"
        )
    _check(tree)
    widest = tree.getwidth()[1]
    if widest > WIDEST:
        raise Unbounded(f"the longest match has {widest} characters; {WIDEST} are allowed")
    if widest == 0:
        raise Unbounded("the pattern matches nothing but the empty text")
    return Bounds(widest, _nested(tree, inside=False), _ways(tree) > MOST_WAYS, tree)


def _check(tree: Any) -> None:
    for operator, value in tree:
        if operator in REPEATS and value[1] == sre.MAXREPEAT:
            raise Unbounded(
                f"`{_spelled(value[0])}` has no upper limit; write `{{{value[0]},64}}` or the most there can be"
            )
        if operator in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            raise Unbounded(
                "a reference back to a group cannot be followed through a stream; write the alternatives out"
            )
        if operator in (sre.ASSERT, sre.ASSERT_NOT) and value[1].getwidth()[1] > 1:
            raise Unbounded("a look-around of more than one character; look at one, or make the rest part of the match")
        if operator is sre.AT and value not in (sre.AT_BOUNDARY, sre.AT_NON_BOUNDARY):
            raise Unbounded("`^` and `$` mean nothing in a stream; name the character that stands before or behind")
        for part in _parts(operator, value):
            _check(part)


def _spelled(least: int) -> str:
    return {0: "*", 1: "+"}.get(least, f"{{{least},}}")


def _parts(operator: Any, value: Any) -> tuple[Any, ...]:
    """The trees inside a node."""
    if operator in REPEATS:
        return (value[2],)
    if operator is sre.SUBPATTERN:
        return (value[3],)
    if operator is sre.BRANCH:
        return tuple(value[1])
    if operator in (sre.ASSERT, sre.ASSERT_NOT):
        return (value[1],)
    if operator is sre.ATOMIC_GROUP:
        return (value,)
    return ()


def _nested(tree: Any, *, inside: bool) -> bool:
    """Whether a repeat of varying count stands inside another: that is where time can explode."""
    for operator, value in tree:
        varies = operator in REPEATS and value[0] != value[1]
        if (varies and inside and value[1] > 1) or (varies and value[1] > 1 and value[2].getwidth()[0] == 0):
            return True
        if any(_nested(part, inside=inside or (varies and value[1] > 1)) for part in _parts(operator, value)):
            return True
    return False


def _ways(tree: Any) -> int:
    """In how many ways a text can be matched at most, as far as that is told by counts and alternatives; up to a little more than
    `MOST_WAYS`.
    """
    ways = 1
    for operator, value in tree:
        ways = min(ways * _ways_of(operator, value), MOST_WAYS + 1)
    return ways


def _ways_of(operator: Any, value: Any) -> int:
    if operator in (sre.ASSERT, sre.ASSERT_NOT):
        return 1
    parts = [_ways(part) for part in _parts(operator, value)]
    if operator not in REPEATS:
        return sum(parts) or 1
    least, most, _ = value
    (each,) = parts
    if each == 1:
        return int(most - least) + 1
    enough = MOST_WAYS.bit_length()  # two to this power is more
    return sum(each ** min(count, enough) for count in range(least, min(most, least + enough) + 1))


def _cases(char: str) -> tuple[int, int]:
    return ord(char.lower()[0]), ord(char.upper()) if len(char.upper()) == 1 else ord(char)


def _begins(tree: Any, lower: int, upper: int) -> bool:
    for operator, value in tree:
        if operator in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
            continue
        if operator is sre.LITERAL:
            return value in (lower, upper)
        if operator is sre.IN:
            return in_class(value, lower, upper)
        parts = _parts(operator, value)
        if not parts or any(_begins(part, lower, upper) for part in parts):
            return True
        optional = operator in REPEATS and value[0] == 0
        if not optional and min(part.getwidth()[0] for part in parts) > 0:
            return False
    return True


def _holds(tree: Any, lower: int, upper: int) -> bool:
    for operator, value in tree:
        if operator in _ANYTHING:
            return True
        if operator is sre.LITERAL and value in (lower, upper):
            return True
        if operator is sre.IN and in_class(value, lower, upper):
            return True
        if operator not in (sre.ASSERT, sre.ASSERT_NOT) and any(
            _holds(part, lower, upper) for part in _parts(operator, value)
        ):
            return True
    return False


def in_class(items: Any, lower: int, upper: int) -> bool:
    for operator, value in items:
        if operator is sre.NEGATE:
            return True
        if operator is sre.LITERAL and value in (lower, upper):
            return True
        if operator is sre.RANGE and (value[0] <= lower <= value[1] or value[0] <= upper <= value[1]):
            return True
        if operator is sre.CATEGORY and (found := _CATEGORIES.get(value)) and found.match(chr(lower)):
            return True
    return False
