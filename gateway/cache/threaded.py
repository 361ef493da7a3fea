"""Vectors of a library that computes for milliseconds: in one thread, so that the event loop goes on."""

from functools import partial
from typing import Any, Final

from gateway.cache.embedder import Library, TextRefused, Unembedded
from gateway.cache.store import Vector
from gateway.guards.libraries.workers import LibraryFailed, Overloaded, Workers

_WAITING: Final = 64


class Threaded:
    """See `Source`. More than some texts at once are turned away."""

    def __init__(self, name: str, library: Library) -> None:
        self.id = library.id
        self.title = f"the embedder {name}"
        self._library = library
        self._workers = Workers("haechi-embedder", threads=1, waiting=_WAITING)

    def whose(self, asker: Any) -> str:  # noqa: ARG002  nobody else is shown the text
        return ""

    async def vector(self, text: str, asker: Any) -> Vector:  # noqa: ARG002
        try:
            rows = await self._workers.run(partial(self._library.embed, [text]))
        except Overloaded:
            raise Unembedded("too many texts wait for its thread") from None
        except LibraryFailed as error:
            raise Unembedded(f"it has raised {error}") from None
        if not rows[0].any():
            raise TextRefused("a vector without a direction")
        return rows[0]
