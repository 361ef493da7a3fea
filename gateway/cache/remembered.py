"""Vectors of the texts that were met last."""

from collections import OrderedDict
from hashlib import blake2b
from typing import Any, Final

from gateway.cache.embedder import Embedding, Library
from gateway.cache.store import Vector

MOST: Final = 4_096
"""Vectors: 4 MB of them with 256 numbers each, 25 MB with 1,536."""


class Remembered:
    """By digest, never by text; the one that was not asked for the longest leaves first."""

    def __init__(self, most: int = MOST) -> None:
        self.recalled = 0
        self._most = most
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()

    def __len__(self) -> int:
        return len(self._vectors)

    def find(self, name: bytes) -> Vector | None:
        found = self._vectors.get(name)
        if found is not None:
            self._vectors.move_to_end(name)
            self.recalled += 1
        return found

    def add(self, name: bytes, vector: Vector) -> None:
        self._vectors[name] = vector
        self._vectors.move_to_end(name)
        if len(self._vectors) > self._most:
            self._vectors.popitem(last=False)


def name_of(embedder: str, text: str, whose: str = "") -> bytes:
    """Of a vector: it is another one by another embedder, or for somebody whose rules may change the text."""
    said = f"{len(embedder)}:{embedder}{len(whose)}:{whose}{text}"
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Inline:
    """A library that takes a tenth of a millisecond: it is asked where it is needed, without a thread. See `Embedder`."""

    def __init__(self, library: Library, remembered: Remembered) -> None:
        self.id = library.id
        self._library = library
        self._remembered = remembered
        self._made = 0

    def at_hand(self, text: str, asker: Any = None) -> Vector:  # noqa: ARG002  nobody else is shown the text
        name = name_of(self.id, text)
        vector = self._remembered.find(name)
        if vector is None:
            vector = self._library.embed([text])[0]
            self._made += 1
            self._remembered.add(name, vector)
        return vector

    async def embed(self, text: str, asker: Any = None, *, hurried: bool = False) -> Vector:  # noqa: ARG002  it is never slow
        return self.at_hand(text, asker)

    def figures(self) -> Embedding:
        held = self._remembered
        return Embedding(id=self.id, remembered=len(held), recalled=held.recalled, made=self._made)
