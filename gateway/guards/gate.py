"""What a text has to hold for a pattern to match in it, as bits: so that most patterns need not be searched for in most texts.

Letters, digits and white space are a bit per class, every other ASCII character is one of its own, and one stands for all the rest.
"""

import re
import string
from re import _constants as sre  # type: ignore[attr-defined]  # the tree that CPython itself matches with
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

from gateway.guards.bounds import REPEATS, forms, in_any_case, in_class

BEYOND: Final = 1
_CLASSES: Final = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.whitespace)
_BITS: Final = {
    **{char: 2 << place for place, every in enumerate(_CLASSES) for char in every},
    **{char: 2 << place for place, char in enumerate(string.punctuation, len(_CLASSES))},
}
_BY_CODE: Final = tuple(_BITS.get(chr(code), BEYOND) for code in range(128))


def held(text: str) -> int:
    """The bits of all characters in a text."""
    ascii_only = text.encode("ascii", "ignore")
    bits = 0 if len(ascii_only) == len(text) else BEYOND
    for code in set(ascii_only):
        bits |= _BY_CODE[code]
    return bits


def needed(pattern: str) -> tuple[int, ...]:
    """Bits of each of which every match holds at least one."""
    return tuple(sorted(set(_needed(_parser.parse(pattern, re.ASCII), any_case=False))))


def _needed(tree: Any, *, any_case: bool) -> list[int]:
    every: list[int] = []
    for operator, value in tree:
        if operator is sre.LITERAL:
            every.append(held("".join(map(chr, forms(chr(value), any_case=any_case)))))
        elif operator is sre.IN:
            every.append(_of_class(value, any_case=any_case))
        elif operator in REPEATS and value[0] > 0:
            every += _needed(value[2], any_case=any_case)
        elif operator is sre.SUBPATTERN:
            every += _needed(value[3], any_case=in_any_case(operator, value, any_case=any_case))
        elif operator is sre.ATOMIC_GROUP:
            every += _needed(value, any_case=any_case)
        elif operator is sre.BRANCH:
            every += _of_any([_needed(branch, any_case=any_case) for branch in value[1]])
    return every


def _of_class(items: Any, *, any_case: bool) -> int:
    bits = 0 if all(_ascii(operator, value) for operator, value in items) else BEYOND
    for char, bit in _BITS.items():
        if in_class(items, forms(char, any_case=any_case)):
            bits |= bit
    return bits


def _ascii(operator: Any, value: Any) -> bool:
    return (operator is sre.LITERAL and value < 0x80) or (operator is sre.RANGE and value[1] < 0x80)


def _of_any(branches: list[list[int]]) -> list[int]:
    """What one of the branches needs: of each the bits that are fewest."""
    if not all(branches):
        return []
    bits = 0
    for branch in branches:
        bits |= min(branch, key=int.bit_count)
    return [bits]
