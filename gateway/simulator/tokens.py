"""How the simulator cuts text into tokens and counts them: word-like, at code points, joined again without loss."""

import re
from collections.abc import Iterable

_PIECE = re.compile(r" ?[A-Za-z0-9_']{1,12}| ?[^\sA-Za-z0-9_']{1,2}|\s+")


def split(text: str) -> list[str]:
    """Pieces that join to `text`: a word with the blank before it, or two signs of any other script."""
    return _PIECE.findall(text)


def shred(text: str, width: int = 6) -> list[str]:
    """Pieces of `width` code points: how arguments of a tool call are streamed."""
    return [text[at : at + width] for at in range(0, len(text), width)]


def estimate(texts: Iterable[str]) -> int:
    """Tokens of a prompt, by length alone, so that a long prompt costs nothing to count."""
    return sum(len(text) for text in texts) // 4 + 1
