"""Ids in answers that leave as they came: of output items of Responses, and of containers that tools ran in, of Messages too.

To seal them every event of a stream would have to be another. They are remembered instead, with the caller they were given
to and the account they are in (`Origins`), and a request that names one must come from that caller.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.wire.dialect import Watch
from gateway.wire.frames import Frame, NotJSON
from gateway.wire.passage import Passage

GIVEN: Final = frozenset({"container", "container_id"})
"""Fields of a request that name such a thing, where they hold a string."""


def given_in(response: Any) -> Iterator[str]:
    """The ids that a response object, or a list of items, gives away."""
    if not isinstance(response, dict):
        return
    for field in ("output", "data"):
        items = response.get(field)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                yield from _ids(item)


def _ids(item: dict[str, Any]) -> Iterator[str]:
    for value in (item.get("id"), item.get("container_id")):
        if isinstance(value, str):
            yield value
    if isinstance(environment := item.get("environment"), dict):
        yield from _ids({"container_id": environment.get("container_id")})


def items_referred(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Place and id of every stored item that stands in the input by its id alone."""
    items = body.get("input")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if not isinstance(item, dict):
            continue
        kind = item.get("type")
        if kind == "item_reference" or (kind is None and "role" not in item and "id" in item):
            yield f"input.{index}.id", str(item.get("id"))


def containers_named(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Place and id of the container that a Messages request goes on in."""
    container = body.get("container")
    if isinstance(container, str):
        yield "container", container
    elif isinstance(container, dict) and container.get("id") is not None:
        yield "container.id", str(container["id"])


class Giving:
    """A passage of a Messages answer: `give` is told of containers in it, and whose they are. Frames leave as they came."""

    def __init__(self, passage: Passage, give: Callable[[str, str], None], provider: str) -> None:
        self.watch: Watch = passage.watch
        self._passage = passage
        self._give = give
        self._provider = provider

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        shown, seen = self._passage.feed(frames)
        for frame in shown:
            for own in _containers_in(frame):
                self._give(own, self._provider)
        return shown, seen


def _containers_in(frame: Frame) -> Iterator[str]:
    """In a message, or in the events that begin and end one."""
    if frame.data is None or b'"container' not in frame.data:
        return
    try:
        value = frame.json
    except NotJSON:
        return
    for holder in (value, value.get("message"), value.get("delta")):
        container = holder.get("container") if isinstance(holder, dict) else None
        if isinstance(container, dict) and isinstance(own := container.get("id"), str):
            yield own
