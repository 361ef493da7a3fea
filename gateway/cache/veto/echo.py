"""An answer that repeats what only the stored question named is no answer to another question."""

from collections.abc import Iterator
from typing import Final

from gateway.cache.veto.fold import folded
from gateway.cache.veto.pieces import pieces
from gateway.cache.veto.read import LONGEST, read
from gateway.cache.veto.reading import Item
from gateway.cache.veto.reason import Reason

_KINDS: Final = frozenset({"number", "time", "identifier", "quoted"})
_MOST: Final = 64
_SHORTEST_NOUN: Final = 2


def echo_veto(asked: str, stored_question: str, answer: str) -> list[Reason]:
    """Whether `answer` holds a number, identifier or name that stands in the question it was given to and not in the asked one."""
    question = folded(stored_question)[:LONGEST]
    mine = folded(asked).casefold()
    theirs = folded(answer).casefold()
    found = {
        kind
        for _, (text, kind) in zip(range(_MOST), _named(question), strict=False)
        if not _stands(text, mine) and _stands(text, theirs)
    }
    return [Reason("echo", kind) for kind in sorted(found)]


def _named(question: str) -> Iterator[tuple[str, str]]:
    for piece in pieces(question):
        if piece.kind in _KINDS or piece.named:
            yield piece.text, "name" if piece.named else piece.kind
    reading = read(question)
    if reading.language == "ko":
        yield from ((item.key, "name") for item in reading.items if _noun(item))


def _noun(item: Item) -> bool:
    return item.kind in ("word", "name") and not item.action and len(item.key) >= _SHORTEST_NOUN


def _stands(text: str, within: str) -> bool:
    """As a word of its own, as far as letters and digits of one script go: particles may follow."""
    at = within.find(text)
    while at >= 0:
        before, after = within[at - 1 : at], within[at + len(text) : at + len(text) + 1]
        if not (_runs_on(before, text[0]) or _runs_on(text[-1], after)):
            return True
        at = within.find(text, at + 1)
    return False


def _runs_on(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and left.isascii() and right.isascii()
