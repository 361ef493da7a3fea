"""One run of text in a request body, what cannot be read there, and all that a body holds."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct

Role = Literal["system", "developer", "user", "assistant", "tool_result", "tool_definition"]
What = Literal[
    "image", "audio", "file", "url", "prompt_id", "tokens", "hosted_tool", "signed", "stored", "unknown"
]  # fmt: skip


class Owner(Protocol):
    """What a text is written back into.

    `write` takes the new text, `settle` makes it visible in the body and returns the owner that has to settle next. `depth` is 0
    for the objects and lists of the body and one more for each JSON text inside a text: the deepest settle first.
    """

    depth: int

    def write(self, at: Any, text: str) -> None: ...

    def settle(self) -> "Owner | None": ...


class Place(Struct, frozen=True, eq=False):
    """One leaf: `text` is decoded, as it was when the body was read. `path` is dotted and names fields of the API alone: where a name
    is the caller's own stands its number (`#2`). Neither text nor a caller's name is shown by `repr`.
    """

    role: Role
    text: str
    path: str
    owner: Owner
    at: Any

    def put(self, text: str) -> None:
        """Writes it into the body that was read. A number becomes a string; its own text leaves a number as it is."""
        self.owner.write(self.at, text)
        _settle([self.owner])

    def __repr__(self) -> str:
        return f"Place(role={self.role!r}, path={self.path!r}, {len(self.text)} characters)"

    def __rich_repr__(self) -> Any:
        yield repr(self)


class Opaque(NamedTuple):
    """Something that no text can be read from; it may stand beside places (the address of an image)."""

    what: What
    path: str
    role: Role = "user"


class Inside(NamedTuple):
    """`places` in an order that the body alone decides: a copy of it, its keys in the same order, has them at the same indexes."""

    places: list[Place]
    opaque: list[Opaque]

    def rewrite(self, texts: Mapping[int, str]) -> None:
        """Puts a text at each index. The same as one `put` after another, but a JSON text that holds many places is
        written once.
        """
        for index, text in texts.items():
            place = self.places[index]
            place.owner.write(place.at, text)
        _settle([self.places[index].owner for index in texts])


def _settle(owners: list[Owner]) -> None:
    waiting: dict[int, dict[int, Owner]] = {}
    for owner in owners:
        waiting.setdefault(owner.depth, {})[id(owner)] = owner
    while waiting:
        for owner in waiting.pop(max(waiting)).values():
            if (outer := owner.settle()) is not None:
                waiting.setdefault(outer.depth, {})[id(outer)] = outer
