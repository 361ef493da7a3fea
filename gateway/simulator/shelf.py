"""What an upstream keeps between requests: stored responses, files, batches. Bounded; the oldest goes first."""

from dataclasses import dataclass, field
from typing import Final

from gateway.simulator.errors import RefusalError
from gateway.simulator.outcome import Body, Event

_MOST: Final = 1_000


@dataclass(slots=True)
class Kept:
    """One stored resource: as its owner sees it, and what belongs to it (input items, events, bytes).

    `ended` is what it will be, if it is still under way.
    """

    body: Body
    items: list[Body] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    data: bytes = b""
    ended: Body | None = None


class Shelf:
    """Stored resources by id."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def put(self, kept: Kept) -> None:
        self._kept[str(kept.body["id"])] = kept
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]

    def find(self, name: object) -> Kept | None:
        return self._kept.get(str(name))

    def get(self, name: str, what: str) -> Kept:
        """The resource of that id, or a 404 that says `what` is missing."""
        found = self._kept.get(name)
        if found is None:
            raise RefusalError("not_found", f"{what} with id '{name}' not found.", param="id")
        return found

    def item(self, name: object) -> Body | None:
        """The input or output item of that id, of any stored response."""
        found = (item for kept in self._kept.values() for item in [*kept.items, *kept.body.get("output", [])])
        return next((item for item in found if item.get("id") == name), None)

    def drop(self, name: str, what: str) -> Kept:
        found = self.get(name, what)
        del self._kept[name]
        return found

    def all(self, prefix: str) -> list[Body]:
        """Everything whose id begins so, newest first."""
        return [kept.body for name, kept in reversed(self._kept.items()) if name.startswith(prefix)]
