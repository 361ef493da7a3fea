"""What a dialect gives back. Dialects are pure: everything that takes time or fails is in `faults`."""

from dataclasses import dataclass, field
from typing import Any

from msgspec import json

Body = dict[str, Any]


@dataclass(slots=True)
class Event:
    """One frame, ready for the wire. `token` says that it carries text of the answer: delays stand before those."""

    data: bytes
    token: bool = False


@dataclass(slots=True)
class Outcome:
    """An answer before any fault. `broken` are the frames that say, inside this stream, that it failed."""

    frames: list[Event]
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    streamed: bool = False
    broken: list[bytes] = field(default_factory=list)


def unary(body: Any, status: int = 200) -> Outcome:
    return Outcome([Event(json.encode(body), token=True)], status)


def stream(frames: list[Event], broken: list[bytes]) -> Outcome:
    return Outcome(frames, content_type="text/event-stream; charset=utf-8", streamed=True, broken=broken)


def data(body: Any) -> bytes:
    """A server-sent event without a name."""
    return b"data: " + json.encode(body) + b"\n\n"


def named(body: Body) -> bytes:
    """A server-sent event named by the `type` of its body."""
    return b"event: " + str(body["type"]).encode() + b"\ndata: " + json.encode(body) + b"\n\n"
