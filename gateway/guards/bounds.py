"""What a pattern can match at most, worked out from its syntax tree: how long, of which characters, at what risk.

A pattern that fails here cannot guard a stream, since nobody could say when text is safe to send.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from re import _constants as sre  # type: ignore[attr-defined]  # the tree that CPython itself matches with
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

WIDEST: Final = 16_384
MOST_WAYS: Final = 10_000

REPEATS: Final = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_ANYTHING: Final = (sre.ANY, sre.NOT_LITERAL, sre.GROUPREF, sre.GROUPREF_EXISTS)
_CATEGORIES: Final = {
    sre.CATEGORY_DIGIT: re.compile("[0-9]"),
    sre.CATEGORY_NOT_DIGIT: re.compile("[^0-9]"),
    sre.CATEGORY_WORD: re.compile("[A-Za-z0-9_]"),
    sre.CATEGORY_NOT_WORD: re.compile("[^A-Za-z0-9_]"),
    sre.CATEGORY_SPACE: re.compile(r"\s", re.ASCII),
    sre.CATEGORY_NOT_SPACE: re.compile(r"\S", re.ASCII),
}


class Unbounded(ValueError):
    """Says what stands in the pattern that cannot guard a stream, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`widest`, `narrowest`: characters of the longest match and of the shortest. `risky`: repeats inside repeats. `many`: it may match in more than `MOST_WAYS` ways,
    which may mean that it fails in as many steps, or only that it has long parts.
    """

    widest: int
    narrowest: int
    risky: bool
    many: bool
    _tree: Any
    _sets: tuple[tuple[Any, bool], ...]

    def may_hold(self, char: str) -> bool:
        """Whether a match can contain this character. True where that cannot be told."""
        return any(in_class(items, forms(char, any_case=any_case)) for items, any_case in self._sets)

    def may_begin(self, char: str) -> bool:
        """Whether a match can begin with this character. True where that cannot be told."""
        return _begins(self._tree, char, any_case=False)

    def edges(self) -> set[int]:
        """The code points at which a range of characters that are alike to this pattern ends and the next begins."""
        return set(_edges(self._tree))

    def may_follow(self, char: str) -> bool:
        """Whether a match can begin right behind this character. True where that cannot be told."""
        operator, value = self._tree[0]
        if operator is not sre.ASSERT_NOT or value[0] != -1 or len(value[1]) != 1:
            return True
        ((kind, items),) = value[1]
        if kind is sre.LITERAL:
            return bool(items != ord(char))
        return kind is not sre.IN or items[0][0] is sre.NEGATE or not in_class(items, forms(char, any_case=False))


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
    narrowest, widest = tree.getwidth()
    if widest > WIDEST:
        raise Unbounded(f"the longest match has {widest} characters; {WIDEST} are allowed")
    if widest == 0:
        raise Unbounded("the pattern matches nothing but the empty text")
    sets = tuple({repr(one): one for one in character_sets(tree)}.values())
    return Bounds(widest, narrowest, _nested(tree, inside=False), _ways(tree) > MOST_WAYS, tree, sets)


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
        for part in parts(operator, value):
            _check(part)


def _spelled(least: int) -> str:
    return {0: "*", 1: "+"}.get(least, f"{{{least},}}")


def parts(operator: Any, value: Any) -> tuple[Any, ...]:
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
        if any(_nested(part, inside=inside or (varies and value[1] > 1)) for part in parts(operator, value)):
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
    each_way = [_ways(part) for part in parts(operator, value)]
    if operator not in REPEATS:
        return sum(each_way) or 1
    least, most, _ = value
    (each,) = each_way
    if each == 1:
        return int(most - least) + 1
    enough = MOST_WAYS.bit_length()  # two to this power is more
    return sum(each ** min(count, enough) for count in range(least, min(most, least + enough) + 1))


def forms(char: str, *, any_case: bool) -> Collection[int]:
    """The code points as which a pattern may write this character; the engine knows no case beyond ASCII."""
    return {ord(char.lower()), ord(char.upper())} if any_case and char.isascii() else (ord(char),)


def in_any_case(operator: Any, value: Any, *, any_case: bool) -> bool:
    """Whether case counts for nothing inside of this node, if it is so around it."""
    if operator is not sre.SUBPATTERN:
        return any_case
    _, added, taken, _ = value
    return bool(added & re.IGNORECASE) or (any_case and not taken & re.IGNORECASE)


def _begins(tree: Any, char: str, *, any_case: bool) -> bool:
    for operator, value in tree:
        if operator in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
            continue
        if operator is sre.LITERAL:
            return value in forms(char, any_case=any_case)
        if operator is sre.IN:
            return in_class(value, forms(char, any_case=any_case))
        inner = parts(operator, value)
        inside = in_any_case(operator, value, any_case=any_case)
        if not inner or any(_begins(part, char, any_case=inside) for part in inner):
            return True
        optional = operator in REPEATS and value[0] == 0
        if not optional and min(part.getwidth()[0] for part in inner) > 0:
            return False
    return True


def character_sets(tree: Any, *, any_case: bool = False) -> Iterator[tuple[Any, bool]]:
    """Sets of characters of which every character of a match is one, and whether in any case."""
    for operator, value in tree:
        if operator in _ANYTHING:
            yield [(sre.NEGATE, None)], any_case
        elif operator is sre.LITERAL:
            yield [(operator, value)], any_case
        elif operator is sre.IN:
            yield value, any_case
        elif operator not in (sre.ASSERT, sre.ASSERT_NOT):
            inside = in_any_case(operator, value, any_case=any_case)
            for part in parts(operator, value):
                yield from character_sets(part, any_case=inside)


def _edges(tree: Any) -> Iterator[int]:
    for operator, value in tree:
        items = value if operator is sre.IN else [(operator, value)]
        for kind, item in items:
            if kind is sre.RANGE:
                yield from (item[0], item[1] + 1)
            elif kind in (sre.LITERAL, sre.NOT_LITERAL):
                yield from (item, item + 1)
        for part in parts(operator, value):
            yield from _edges(part)


def in_class(items: Any, points: Collection[int]) -> bool:
    """Whether one of these code points may be in a set of characters."""
    for operator, value in items:
        if operator is sre.NEGATE:
            return True
        if operator is sre.LITERAL and value in points:
            return True
        if operator is sre.RANGE and any(value[0] <= point <= value[1] for point in points):
            return True
        if (
            operator is sre.CATEGORY
            and (found := _CATEGORIES.get(value))
            and any(found.match(chr(one)) for one in points)
        ):
            return True
    return False
