"""Ids and request numbers that look like the vendors' and never repeat within one simulator."""

import hashlib
from itertools import count

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Mint:
    """Makes ids from a seed and a counter: unique per call, the same again in a new simulator with the same seed."""

    def __init__(self, seed: str = "haechi") -> None:
        self._seed = seed.encode()
        self._count = count()

    def hexadecimal(self, prefix: str, length: int = 32) -> str:
        return prefix + self._digest().hex()[:length]

    def alphanumeric(self, prefix: str, length: int = 24) -> str:
        return prefix + "".join(_LETTERS[byte % 62] for byte in self._digest()[:length])

    def _digest(self) -> bytes:
        return hashlib.blake2b(b"%d" % next(self._count), key=self._seed).digest()
