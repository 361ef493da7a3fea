"""Ids in Responses answers that leave as they came: of output items, and of containers that tools ran in.

To seal them every event of a stream would have to be another. They are remembered instead, with the caller they were given
to and the account they are in (`Origins`), and a request that names one must come from that caller.
"""

from collections.abc import Iterator
from typing import Any, Final

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
