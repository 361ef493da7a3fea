"""Ids of stored resources (files, batches, responses): opened where a caller sends one, sealed where an upstream gives one.

A resource lives in one provider account, so an opened id binds the request to that provider. The account is shared by all
callers: an id that is not this caller's does not open, and one that the upstream would know is an unknown id like any other.
"""

from collections.abc import Callable
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.upstream.given import GIVEN, containers_named, given_in, items_referred
from gateway.wire import frames as wire
from gateway.wire.dialect import Watch
from gateway.wire.frames import Frame, NotJSON
from gateway.wire.messages import COUNT_TOKENS, MESSAGES
from gateway.wire.passage import Passage
from gateway.wire.responses import RESPONSES, rewrite_ids
from gateway.wire.sealed import Resource, Sealer

KEEPING: Final = frozenset({"files", "batches", "responses"})
"""Dialects whose answers name stored resources."""

VECTOR_STORES: Final = "vector_store_ids"
_SEALED_FIELDS: Final = ("id", "input_file_id", "output_file_id", "error_file_id", "previous_response_id")
_PREVIOUS: Final = "previous_response_id"
# Where a request names a stored resource, and what is the caller's own under whatever names it likes.
_REFERENCES: Final = frozenset({"file_id", "file_ids", "input_file_id", _PREVIOUS})
_IN_RESPONSES: Final = _REFERENCES | GIVEN | {VECTOR_STORES}
# An annotation says what an answer cited; sent back with the answer, it asks for nothing.
_OWN: Final = frozenset({"metadata", "parameters", "input_schema", "schema", "arguments", "annotations"})

_Rename = Callable[[str, str], str]
"""The name of a field and the id in it -> another id."""
_Names = Callable[[dict[str, Any], str], bool]
"""Whether this field of this object names a stored resource."""
Holder = Callable[[str, str], str | None]
"""The name of a field and an id in it that is not sealed -> the provider that holds it, if this caller may name it."""


def open_ids(x: Exchange, sealer: Sealer, holder: Holder) -> None:
    """Replaces every id of ours in path and body by the upstream's: `opened` has both, `pinned` the provider that holds them.
    Ids that are not sealed stay as they are, and must have a holder.

    Raises `not_found` for a file that did not open, and for what has no holder. A response may still be one that the gateway
    keeps itself.
    """
    if x.dialect is RESPONSES and x.body is not None and x.body.get("conversation") is not None:
        raise GatewayError(
            "unsupported_parameter",
            "conversation: anybody's would answer here, as the account is shared; use previous_response_id.",
            param="conversation",
        )
    opening = _Opening(x, sealer, holder)
    if x.target_path:
        path, mark, query = x.target_path.partition("?")
        x.target_path = "/".join(opening.sealed("", part) for part in path.split("/")) + mark + query
    if x.body is not None:
        x.body = _opened(x, x.body, opening)
    if len(opening.holders) > 1:
        raise GatewayError("invalid_request", "The request refers to files or responses that different providers hold.")
    if opening.holders:
        (x.pinned,) = opening.holders


def _opened(x: Exchange, body: dict[str, Any], opening: "_Opening") -> dict[str, Any]:
    if x.dialect is RESPONSES:
        for place, item in items_referred(body):
            opening.plain("id", item, place)
        return _renamed(body, _refers_in_responses, opening.any) if _may_name(x, _IN_RESPONSES) else body
    if x.dialect is MESSAGES or x.dialect is COUNT_TOKENS:
        for place, own in containers_named(body):
            opening.plain(_OF_MESSAGES, own, place)
    return _renamed(body, _refers, opening.sealed) if _may_name(x, _REFERENCES) else body


def refuse_ids(body: dict[str, Any]) -> None:
    """Raises `unsupported_parameter` for a request that names anything stored: for where ids are not opened."""
    named = [place for place, _ in items_referred(body)]
    if body.get("conversation") is not None:
        named.append("conversation")
    if _mentions(body, _IN_RESPONSES):
        _renamed(body, _refers_in_responses, _noting(named))
    if named:
        raise GatewayError(
            "unsupported_parameter", f"{named[0]}: what is stored cannot be named here; send the content itself."
        )


def _noting(named: list[str]) -> _Rename:
    def note(field: str, own: str) -> str:
        named.append(field)
        return own

    return note


class _Opening:
    """The ids of one request, and in `holders` the providers that they lead to."""

    def __init__(self, x: Exchange, sealer: Sealer, holder: Holder) -> None:
        self.holders: set[str] = set()
        self._x = x
        self._owner = x.principal.id if x.principal else ""
        self._sealer = sealer
        self._holder = holder

    def any(self, field: str, text: str) -> str:
        return self.sealed(field, text) if field in _REFERENCES else self.plain(field, text, field)

    def sealed(self, field: str, text: str) -> str:
        resource = self._sealer.open(self._owner, text)
        if resource is not None:
            self.holders.add(resource.target)
            self._x.opened[resource.id] = text
            return resource.id
        if field in ("", _PREVIOUS):
            return text
        raise GatewayError("not_found", f"{field}: there is no file of this id here.", param=field)

    def plain(self, field: str, text: str, place: str) -> str:
        provider = self._holder(field, text)
        if provider is None:
            raise GatewayError("not_found", f"{place}: {_UNKNOWN.get(field, _UNKNOWN_CONTAINER)}", param=place)
        self.holders.add(provider)
        return text


_OF_MESSAGES: Final = "container.id"
_UNKNOWN: Final = {
    _OF_MESSAGES: "no container of this id is known here for you; leave the id out, and the vendor makes one.",
    "id": "no item of this id is known here for you; send the item itself, or go on by previous_response_id.",
    VECTOR_STORES: "the account is shared, and no vector store of this id is open to its callers; its operator can list it "
    "under providers.NAME.vector_stores.",
}
_UNKNOWN_CONTAINER: Final = (
    "no container of this id is known here for you; let the vendor make one ({'type': 'auto'}), or go on by "
    "previous_response_id."
)


def _may_name(x: Exchange, references: frozenset[str]) -> bool:
    """Whether there is anything to open in the body. Of one that is as it came the border has seen all names."""
    if x.body is x.parsed:
        return not references.isdisjoint(x.names)
    return x.body is not None and _mentions(x.body, references)


def _mentions(body: dict[str, Any], references: frozenset[str]) -> bool:
    waiting: list[Any] = [body]
    while waiting:
        node = waiting.pop()
        if type(node) is dict:
            if not references.isdisjoint(node):
                return True
            node = node.values()
        for held in node:
            if type(held) is dict or type(held) is list:
                waiting.append(held)  # noqa: PERF401 - a comprehension per node costs twice as much
    return False


def _refers(_: dict[str, Any], field: str) -> bool:
    return field in _REFERENCES


def _refers_in_responses(_: dict[str, Any], field: str) -> bool:
    return field in _IN_RESPONSES


def _echoes(held: dict[str, Any], field: str) -> bool:
    """What an answer repeats of its request. A file that it cites (`file_citation`) is not the caller's."""
    return field == "file_ids" or (field == "file_id" and str(held.get("type")).startswith("input_"))


def _renamed(value: dict[str, Any], names: _Names, rename: _Rename) -> dict[str, Any]:
    """With other ids in these fields, however deep; the same object where there are none. The order of the fields stays."""
    changed = value
    for key, held in value.items():
        if key in _OWN or (key == "input" and type(held) is dict and str(value.get("type")).endswith("tool_use")):
            continue
        new = _inside(held, names, rename, key if names(value, key) else None)
        if new is not held:
            changed = dict(value) if changed is value else changed
            changed[key] = new
    return changed


def _inside(held: Any, names: _Names, rename: _Rename, field: str | None = None) -> Any:
    """`field`: the one whose value this is, if that names a resource, or several in a list."""
    if type(held) is dict:
        return _renamed(held, names, rename)
    if type(held) is list:
        items = [_inside(item, names, rename, field) for item in held]
        return items if any(new is not old for new, old in zip(items, held, strict=True)) else held
    return rename(field, held) if field is not None and type(held) is str else held


class Sealing:
    """A passage whose ids are sealed for their caller on the way out. `give` is told of those that are not, and whose they are."""

    def __init__(
        self,
        passage: Passage,
        sealer: Sealer,
        owner: str,
        provider: str,
        give: Callable[[str, str], None] | None = None,
    ) -> None:
        self.watch: Watch = passage.watch
        self._passage = passage
        self._provider = provider
        self._give = give
        self._seal: Callable[[str], str] = lambda own: sealer.seal(owner, Resource(provider, own))

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        shown, seen = self._passage.feed(frames)
        return [self._sealed(frame) for frame in shown], seen

    def _sealed(self, frame: Frame) -> Frame:
        if frame.data is None:
            return frame
        if frame.raw is not frame.data:
            renamed = rewrite_ids(frame, self._seal, self._seal)
            if renamed is not frame:  # it holds the response
                self._note(frame.json.get("response"))
            return self._echoed(renamed)
        try:
            value = frame.json
        except NotJSON:
            return frame
        self._note(value)
        named = {field: self._seal(value[field]) for field in _SEALED_FIELDS if isinstance(value.get(field), str)}
        return self._echoed(wire.body({**value, **named}) if named else frame)

    def _note(self, response: Any) -> None:
        if self._give is not None:
            for own in given_in(response):
                self._give(own, self._provider)

    def _echoed(self, frame: Frame) -> Frame:
        if frame.data is None or b'"file_id' not in frame.data:
            return frame
        try:
            value = frame.json
        except NotJSON:
            return frame
        sealed = _renamed(value, _echoes, lambda _, own: self._seal(own))
        return frame if sealed is value else wire.edited(frame, sealed)
