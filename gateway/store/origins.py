"""Whose signed blocks callers hold, in memory: digests alone, bounded by number, each seen by its owner alone."""

from collections import OrderedDict
from collections.abc import Container, Iterable
from hashlib import blake2b
from typing import Final

_MOST: Final = 65_536  # some 10 MB
_DIGEST_BYTES: Final = 16


class Origins:
    """Signed or encrypted string -> the name of the provider that gave it. The oldest leave first for new ones.

    What is forgotten (or was given by another replica, or before a restart) is unknown: then nothing is said of it.
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._providers: OrderedDict[bytes, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._providers)

    def remember(self, owner: str, signed: str, provider: str) -> None:
        digest = _digest(owner, signed)
        self._providers[digest] = provider
        self._providers.move_to_end(digest)
        if len(self._providers) > self._most:
            self._providers.popitem(last=False)

    def find(self, owner: str, signed: Iterable[str], among: Container[str]) -> str | None:
        """The provider of the first string that one of these is known to have given. What is still in use becomes new again."""
        for text in signed:
            digest = _digest(owner, text)
            provider = self._providers.get(digest)
            if provider is not None and provider in among:
                self._providers.move_to_end(digest)
                return provider
        return None


def _digest(owner: str, signed: str) -> bytes:
    return blake2b(f"{owner}\0{signed}".encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
