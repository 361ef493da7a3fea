"""Pieces of a text (segments, words with their times) that shall say no more than what a rule has left of it."""

from collections.abc import Iterator, Sequence
from typing import Final

_AHEAD: Final = 2_000
"""Characters in which a piece is looked for, so that many pieces of a long text stay cheap."""


def follows(pieces: Sequence[str], text: str) -> bool:
    """Whether the pieces stand in the text, one behind another: then whoever has read it has read them."""
    return all(span is not None for span in _found(pieces, text))


def recut(pieces: Sequence[str], text: str) -> list[str]:
    """As many pieces, each a part of `text`, in its order and none of it twice.

    A piece that still stands there stays. Of those that do not, the first between two that do gets all that is between them. White
    space counts for nothing.
    """
    spans = list(_found(pieces, text))
    made: list[str] = []
    at, took = 0, False
    for place, (piece, span) in enumerate(zip(pieces, spans, strict=True)):
        if span is not None:
            made.append(piece)
            at, took = span[1], False
        elif took:
            made.append("")
        else:
            behind = next((one[0] for one in spans[place:] if one is not None), len(text))
            made.append(piece[: len(piece) - len(piece.lstrip())] + text[at:behind].strip())
            took = True
    return made


def _found(pieces: Sequence[str], text: str) -> Iterator[tuple[int, int] | None]:
    """Where each stands, white space around it aside; an empty one stands anywhere."""
    at = 0
    for piece in pieces:
        said = piece.strip()
        start = text.find(said, at, at + len(said) + _AHEAD)
        if start < 0:
            yield None
        else:
            at = start + len(said)
            yield start, at
