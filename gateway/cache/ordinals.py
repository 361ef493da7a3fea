"""How ordinals are written where placeholders stood, always ten characters for ten. Pure.

In a question, and in all that a scope is made of, as `77slotaaaa`: with its brackets that has the form of a placeholder, and whatever
reads those as names reads it as a name. In a kept answer as ten marks, each of which says of itself which ordinal it belongs to and at which
place: so it does not matter how a stream has cut them, and an answer is filled without being read.
"""

import re
from collections.abc import Sequence
from typing import Final

from gateway.guards.placeholders import CODE_LENGTH

MOST: Final = 256
"""Ordinals of one request."""
LIKE_A_SLOT: Final = re.compile("77slot", re.IGNORECASE)
"""What a request must not write itself."""
LIKE_A_MARK: Final = re.compile("[\U000f0000-\U000fffff]|\\\\ud[b][89a-f][0-9a-f]", re.IGNORECASE)
"""What an answer must not write itself, as characters or escaped."""

_HEAD: Final = "77slot"
_NUMERALS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_FIRST: Final = 0xF0000  # of a plane for private use
_ANY: Final = re.compile(rb"\xf3[\xb0-\xbf][\x80-\xbf]{2}")  # that plane in UTF-8
_ANY_CHARACTER: Final = re.compile("[\U000f0000-\U000fffff]")


def slot(ordinal: int) -> str:
    """In a question."""
    written = ""
    for _ in range(CODE_LENGTH - len(_HEAD)):
        ordinal, digit = divmod(ordinal, len(_NUMERALS))
        written = _NUMERALS[digit] + written
    return _HEAD + written


def marks(ordinal: int) -> str:
    """In an answer."""
    return "".join(chr(_FIRST + ordinal * CODE_LENGTH + place) for place in range(CODE_LENGTH))


def filled(raw: bytes, codes: Sequence[str]) -> bytes | None:
    """With the ten characters of each ordinal in place of its marks. None where there is one that has none."""
    try:
        return _ANY.sub(lambda found: _meant(found.group().decode(), codes).encode(), raw)
    except IndexError:
        return None


def readable(text: str) -> str:
    """As a question would have it."""
    return _ANY_CHARACTER.sub(lambda found: _meant(found.group(), _SLOTS), text)


def _meant(mark: str, codes: Sequence[str]) -> str:
    ordinal, place = divmod(ord(mark) - _FIRST, CODE_LENGTH)
    return codes[ordinal][place]


_SLOTS: Final = tuple(slot(ordinal) for ordinal in range(0x10000 // CODE_LENGTH + 1))
