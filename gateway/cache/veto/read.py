"""Which reader a question gets."""

from collections.abc import Sequence
from typing import Final

from gateway.cache.veto import english, korean
from gateway.cache.veto.korean_frames import framed
from gateway.cache.veto.pieces import Piece, pieces
from gateway.cache.veto.reading import Reading

LONGEST: Final = 4_000
"""Characters of a question that are read."""


def read(text: str) -> Reading:
    """`text` as `fold.folded` gives it."""
    cut = pieces(text)
    if not _korean(cut):
        return english.read(cut)
    return korean.read(pieces(framed(text)))


def _korean(cut: Sequence[Piece]) -> bool:
    """More Korean words than others; or half as many, if the last word is one, as Korean sentences end in their verb."""
    words = [piece.kind for piece in cut if piece.kind in ("hangul", "word") and not (piece.glued and piece.kind == "word")]
    hangul = words.count("hangul")
    return hangul > 0 and (2 * hangul >= len(words) or (words[-1] == "hangul" and 3 * hangul >= len(words)))
