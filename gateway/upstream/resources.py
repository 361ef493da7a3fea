"""Ids of stored resources (files, batches, responses): opened where a caller sends one, sealed where an upstream gives one.

A resource lives in one provider account, so an opened id binds the request to that provider. An id that is not this
caller's does not open, and is an unknown id like any other.
"""

from collections.abc import Callable
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.wire import frames as wire
from gateway.wire.dialect import Watch
from gateway.wire.frames import Frame, NotJSON
from gateway.wire.passage import Passage
from gateway.wire.responses import rewrite_ids
from gateway.wire.sealed import SEALED, Resource, Sealer

_SEALED_FIELDS: Final = ("id", "input_file_id", "output_file_id", "error_file_id")


def open_ids(x: Exchange, sealer: Sealer) -> None:
    """Replaces every id of ours in path and body by the upstream's; `pinned` names the provider that holds them."""
    owner = x.principal.id if x.principal else ""
    found: set[str] = set()

    def opened(text: str) -> str:
        resource = sealer.open(owner, text)
        if resource is None:
            return text
        found.add(resource.target)
        return resource.id

    if x.target_path:
        x.target_path = SEALED.sub(lambda match: opened(match.group()), x.target_path)
    if x.body is not None and x.may_hold_ids:
        x.body = {key: _replaced(value, opened) for key, value in x.body.items()}
    if len(found) > 1:
        raise GatewayError("invalid_request", "The request refers to files or responses that different providers hold.")
    x.pinned = next(iter(found), None)


def _replaced(value: Any, opened: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return opened(value) if SEALED.fullmatch(value) else value
    if isinstance(value, dict):
        return {key: _replaced(held, opened) for key, held in value.items()}
    if isinstance(value, list):
        return [_replaced(held, opened) for held in value]
    return value


class Sealing:
    """A passage whose ids are sealed for their caller on the way out."""

    def __init__(self, passage: Passage, sealer: Sealer, owner: str, provider: str) -> None:
        self.watch: Watch = passage.watch
        self._passage = passage
        self._seal: Callable[[str], str] = lambda own: sealer.seal(owner, Resource(provider, own))

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        shown, seen = self._passage.feed(frames)
        return [self._sealed(frame) for frame in shown], seen

    def _sealed(self, frame: Frame) -> Frame:
        if frame.data is None:
            return frame
        if frame.raw is not frame.data:
            return rewrite_ids(frame, self._seal, self._seal)
        try:
            value = frame.json
        except NotJSON:
            return frame
        named = {field: self._seal(value[field]) for field in _fields(value) if isinstance(value.get(field), str)}
        return wire.body({**value, **named}) if named else frame


def _fields(value: dict[str, Any]) -> tuple[str, ...]:
    return (*_SEALED_FIELDS, "previous_response_id") if value.get("object") != "list" else ()
