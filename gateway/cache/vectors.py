"""Vectors in memory: a block of its own for each scope, so that nobody's question is ever compared with another scope's.

Held as signed bytes (a component of a vector of length one times 127), which costs a thousandth of similarity; numpy multiplies
a block piece by piece, as each of them becomes floats.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.cache.store import Near

_SCALE: Final = 127.0
_FIRST: Final = 4
_PIECE: Final = 512
"""Rows that become floats at once: as many as stay in a core's cache (0.5 MB of 256 dimensions)."""
Block = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float32]


class Vectors:
    """`most` in one scope: the oldest of it leave first. A full block grows by half. All vectors of a scope are of one size."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._scopes: dict[bytes, _Scope] = {}

    def bytes_of(self, vector: Floats) -> int:
        """What it takes, with its part of a block that is not full."""
        return len(vector) * 3 // 2 + 200

    def __len__(self) -> int:
        return sum(len(scope.keys) for scope in self._scopes.values())

    def holds(self, scope: bytes) -> bool:
        return scope in self._scopes

    def add(self, scope: bytes, key: bytes, vector: Floats) -> None:
        found = self._scopes.get(scope)
        if found is None:
            found = self._scopes[scope] = _Scope(len(vector))
        if key not in found.places and len(found.keys) >= self._most:
            found.remove(next(iter(found.places)))
        found.add(key, np.rint(vector * _SCALE).astype(np.int8))

    def row(self, scope: bytes, key: bytes) -> bytes | None:
        found = self._scopes.get(scope)
        place = None if found is None else found.places.get(key)
        return None if found is None or place is None else found.block[place].tobytes()

    def add_row(self, scope: bytes, key: bytes, row: bytes) -> None:
        """As `row` gave it. Does nothing where the others of the scope are of another length."""
        found = self._scopes.get(scope)
        if row and (found is None or found.block.shape[1] == len(row)):
            self.add(scope, key, np.frombuffer(row, np.int8).astype(np.float32) / np.float32(_SCALE))

    def remove(self, scope: bytes, key: bytes) -> None:
        found = self._scopes.get(scope)
        if found is not None:
            found.remove(key)
            if not found.keys:
                del self._scopes[scope]

    def near(self, scope: bytes, vector: Floats, count: int) -> list[Near]:
        found = self._scopes.get(scope)
        return [] if found is None else found.near(vector, count)


class _Scope:
    """Rows without gaps: what is removed is replaced by the last. `places` is in the order of their coming."""

    __slots__ = ("block", "keys", "places")

    def __init__(self, dimensions: int) -> None:
        self.block: Block = np.zeros((_FIRST, dimensions), np.int8)
        self.keys: list[bytes] = []
        self.places: dict[bytes, int] = {}

    def add(self, key: bytes, row: Block) -> None:
        place = self.places.get(key)
        if place is None:
            place = self.places[key] = len(self.keys)
            self.keys.append(key)
            if place >= len(self.block):
                grown = np.zeros((place + max(_FIRST, place // 2), self.block.shape[1]), np.int8)
                grown[:place] = self.block
                self.block = grown
        self.block[place] = row

    def remove(self, key: bytes) -> None:
        place = self.places.pop(key, None)
        if place is None:
            return
        last = self.keys.pop()
        if last != key:
            self.keys[place] = last
            self.places[last] = place
            self.block[place] = self.block[len(self.keys)]

    def near(self, vector: Floats, count: int) -> list[Near]:
        rows = _products(self.block[: len(self.keys)], vector / _SCALE)
        best = np.argsort(rows)[::-1][:count] if len(rows) <= count * 8 else _top(rows, count)
        return [Near(self.keys[place], float(rows[place])) for place in best]


def _products(block: Block, vector: Floats) -> Floats:
    rows = np.empty(len(block), np.float32)
    for start in range(0, len(block), _PIECE):
        part = slice(start, start + _PIECE)
        np.dot(block[part].astype(np.float32), vector, out=rows[part])
    return rows


def _top(rows: Floats, count: int) -> npt.NDArray[np.intp]:
    some = np.argpartition(rows, -count)[-count:]
    return some[np.argsort(rows[some])[::-1]]
