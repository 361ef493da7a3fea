"""Which reader a question gets."""

import re
from functools import lru_cache
from typing import Final

from gateway.cache.veto import english, korean
from gateway.cache.veto.korean_frames import framed
from gateway.cache.veto.pieces import pieces
from gateway.cache.veto.reading import Reading

LONGEST: Final = 600
"""Characters of a question that are read: some 1 ms. Longer ones are prompts rather than questions."""

_HANGUL: Final = re.compile("[가-힣]")
_LETTERS: Final = re.compile(r"[^\W\d_]{2}")
_REMEMBERED: Final = 512


@lru_cache(maxsize=_REMEMBERED)
def read(text: str) -> Reading:
    """`text` as `fold.folded` gives it. Nobody changes what is returned: it is remembered, as one question meets many."""
    if _korean(text):
        return korean.read(pieces(framed(text)))
    return english.read(pieces(text))


def _korean(text: str) -> bool:
    """More Korean words than others; or half as many, if the last word is one, as Korean sentences end in their verb."""
    if not _HANGUL.search(text):
        return False
    words = [bool(_HANGUL.search(word)) for word in text.split() if _LETTERS.search(word)]
    hangul = sum(words)
    return 2 * hangul >= len(words) or (words[-1] and 3 * hangul >= len(words))
