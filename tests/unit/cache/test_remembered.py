"""Vectors that are made once: by digest of the text, bounded, and never of another embedder or for another's rules."""

from collections.abc import Sequence

import numpy as np

from gateway.cache.remembered import Inline, Remembered, name_of
from tests.support.matrix import CANARY


class Counting:
    """A library that counts what it is asked."""

    dimensions = 2

    def __init__(self, name: str) -> None:
        self.id = name
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str], /) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        self.asked.extend(texts)
        return np.array([[1.0, len(text)] for text in texts], np.float32)


async def test_a_text_is_embedded_once() -> None:
    library = Counting("a")
    embedder = Inline(library, Remembered())
    one = await embedder.embed("Is it open?", None)
    assert embedder.at_hand("Is it open?", None) is one
    assert library.asked == ["Is it open?"]
    figures = embedder.figures()
    assert (figures.made, figures.recalled, figures.remembered) == (1, 1, 1)


async def test_vectors_of_two_embedders_never_meet() -> None:
    remembered = Remembered()
    first, second = Inline(Counting("a"), remembered), Inline(Counting("b"), remembered)
    assert await first.embed("x", None) is not await second.embed("x", None)


def test_no_two_of_embedder_rules_and_text_share_a_name() -> None:
    names = {name_of("a", "b"), name_of("ab", ""), name_of("", "ab"), name_of("a", "", "b"), name_of("a", "\ud800")}
    assert len(names) == 5


def test_the_one_that_nobody_asked_for_the_longest_leaves() -> None:
    remembered = Remembered(2)
    for name in (b"a", b"b"):
        remembered.add(name, name)
    assert remembered.find(b"a") == b"a"
    remembered.add(b"c", b"c")
    assert [remembered.find(name) for name in (b"a", b"b", b"c")] == [b"a", None, b"c"]
    assert len(remembered) == 2


def test_it_holds_digests_and_no_text() -> None:
    remembered = Remembered()
    Inline(Counting("a"), remembered).at_hand(CANARY, None)
    assert len(remembered._vectors) == 1
    assert CANARY not in repr(vars(remembered))
