"""The port to what turns a text into a vector."""

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from gateway.cache.store import Vector


class Unembedded(Exception):
    """There is no vector for this text now; the message says why in a word of ours. Whoever asked goes on without one."""


class TextRefused(Unembedded):
    """Of this text alone: another one may fare better."""


class Library(Protocol):
    """In this process. `id` names what it is, weights included: vectors of two ids are never compared."""

    id: str
    dimensions: int

    def embed(self, texts: Sequence[str], /) -> Any:
        """A row of length one for each text."""
        ...


class Embedding(Struct, frozen=True, kw_only=True):
    """Figures since the process began. `remembered`: vectors held now; `recalled`: those that nobody had to ask for again."""

    id: str
    state: str = "ready"
    remembered: int = 0
    recalled: int = 0
    made: int = 0
    failed: int = 0
    late: int = 0


class Embedder(Protocol):
    """`asker` says for whom (`policy.behind.Behind`), where a model is asked: what its rules make of a text is theirs."""

    @property
    def id(self) -> str:
        """As that of a `Library`. Empty until it is known; there are no vectors before."""
        ...

    def at_hand(self, text: str, asker: Any) -> Vector | None:
        """A vector that needs no waiting."""
        ...

    async def embed(self, text: str, asker: Any, *, hurried: bool = False) -> Vector:
        """Of length one. Raises `Unembedded`. Who stops waiting stops nobody else, and the vector is at hand later.

        `hurried`: a caller waits, so an embedder that is slow now is not waited for.
        """
        ...

    def figures(self) -> Embedding: ...
