"""A kept answer as it is given again: the frames that a live one would have, with an id and a time of its own. Pure.

Where it is given as it was taken (same dialect, same form), the frames serve as they are. Everywhere else it goes through the
neutral form: with the boundaries of its pieces, where both are streams.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from gateway.cache.entry import Entry
from gateway.cache.ordinals import readable
from gateway.dialects import DIALECTS
from gateway.errors import GatewayError
from gateway.wire import frames as wire
from gateway.wire.dialect import Dialect
from gateway.wire.fold import fold, unfold
from gateway.wire.frames import DONE, Frame, NotJSON
from gateway.wire.neutral import Begin, Delta, Ended, Event, Request, Used
from gateway.wire.sse import Parser, parse

# Of items of the Responses API, where JSON has them: inside a text their quotes would be escaped.
_ITEM: Final = re.compile(rb'"(?:id|item_id)":\s*"((?:msg|rs)_[\w~.:-]{6,200})"')
_TIME: Final = re.compile(rb'("(?:created|created_at|completed_at)":\s*)\d{9,11}(?:\.\d+)?')
_PREFIXED: Final = re.compile(r"[A-Za-z]+[-_]")
_HOLDERS: Final = ("response", "message")
_PREFIX: Final = {"chat": "chatcmpl-", "messages": "msg_", "responses": "resp_"}

Fresh = Callable[[], str]
"""Makes a part of an id that nobody has seen: letters and digits."""


def ids_of(frames: list[Frame]) -> tuple[str, ...]:
    """By which a caller could tell this answer from another. Its items keep theirs: the vendor knows them, and callers send them back."""
    first = next((found for frame in frames if (found := _own_id(frame)) is not None), None)
    return () if first is None else (first,)


def _own_id(frame: Frame) -> str | None:
    if frame.data is None or frame.data == DONE:
        return None
    try:
        said = frame.json
    except NotJSON:
        return None
    inner = next((said[name] for name in _HOLDERS if isinstance(said.get(name), dict)), said)
    return inner["id"] if isinstance(inner.get("id"), str) else None


def renewed(entry: Entry, now: int, fresh: Fresh) -> bytes:
    """The frames as they came, with other ids and this time."""
    return _with(entry.raw, {own: _like(own, fresh) for own in entry.ids}, b"%d" % now)


class Renewing:
    """The same for frames that are still coming, of one answer. Those that are given stay as they are."""

    def __init__(self, now: int, fresh: Fresh) -> None:
        self._stamp = b"%d" % now
        self._fresh = fresh
        self._ids: dict[str, str] = {}

    def frames(self, frames: list[Frame]) -> list[Frame]:
        """Without comments."""
        return [self._frame(Frame(one.raw, one.data, one.event)) for one in frames if one.data is not None]

    def _frame(self, frame: Frame) -> Frame:
        if not self._ids and (own := _own_id(frame)) is not None:
            self._ids[own] = _like(own, self._fresh)
        return _renamed(frame, lambda raw: _with(raw, self._ids, self._stamp))


def _renamed(frame: Frame, write: Callable[[bytes], bytes]) -> Frame:
    raw = write(frame.raw)
    return Frame(raw, raw) if frame.raw is frame.data else parse(raw)


def _like(own: str, fresh: Fresh) -> str:
    prefix = found.group() if (found := _PREFIXED.match(own)) else ""
    return f"{prefix}{fresh()}"


def _with(raw: bytes, ids: Mapping[str, str], stamp: bytes) -> bytes:
    return _TIME.sub(lambda found: found[1] + stamp, _replaced(raw, ids))


def _replaced(raw: bytes, ids: Mapping[str, str]) -> bytes:
    for own, other in ids.items():
        raw = raw.replace(f'"{own}"'.encode(), f'"{other}"'.encode())
    return raw


def as_frames(raw: bytes, *, streamed: bool) -> list[Frame]:
    """What stands in the bytes of a whole answer."""
    return Parser(len(raw)).feed(raw) if streamed else [Frame(raw, raw)]


def rewritten(entry: Entry, dialect: Dialect, request: Request, now: int, fresh: Fresh) -> list[Frame]:
    """For a caller that asked through another dialect, or in another form: `request` is its own, `stream` and usage included.

    Raises `unsupported_parameter` where its dialect cannot say what the answer holds.
    """
    events = events_of(entry)
    for event in events:
        if isinstance(event, Begin):
            event.id, event.created = _PREFIX[dialect.name] + fresh(), now
    if not request.stream:
        if dialect.write_answer is None:
            raise _no_way(dialect)
        answer = fold(events, entry.dialect)
        return _with_items([wire.body(dialect.write_answer(answer, request))], entry, dialect)
    if dialect.stream_writer is None:
        raise _no_way(dialect)
    writer = dialect.stream_writer(request)
    return _with_items([frame for event in events for frame in writer.feed(event)], entry, dialect)


def _with_items(frames: list[Frame], entry: Entry, dialect: Dialect) -> list[Frame]:
    """In the other form of the same API: items with the ids that the vendor knows, in place of those that were made up."""
    if not entry.dialect == dialect.name == "responses":
        return frames
    known = dict.fromkeys(_ITEM.findall(entry.raw))
    made = dict.fromkeys(found for frame in frames for found in _ITEM.findall(frame.raw))
    if [one[:3] for one in known] != [one[:3] for one in made]:
        return frames
    ids = {one.decode(): other.decode() for one, other in zip(made, known, strict=True)}
    return [_renamed(frame, lambda raw: _replaced(raw, ids)) for frame in frames]


def events_of(entry: Entry) -> list[Event]:
    """The answer in neutral form, with what it used. Raises GatewayError for what is no complete answer of its dialect."""
    dialect = DIALECTS[entry.dialect]
    frames = as_frames(entry.raw, streamed=entry.streamed)
    if entry.streamed:
        if dialect.stream_reader is None:
            raise _no_way(dialect)
        reader = dialect.stream_reader()
        events = [event for frame in frames for event in reader.feed(frame)]
    else:
        if dialect.read_answer is None:
            raise _no_way(dialect)
        events = unfold(dialect.read_answer(frames[0].json))
    if not events or not isinstance(events[-1], Ended):
        raise GatewayError("internal", "A kept answer has no end.")
    if entry.usage is not None and not any(isinstance(event, Used) for event in events):
        events.insert(len(events) - 1, Used(usage=entry.usage))
    return events


def text_of(entry: Entry) -> str:
    """What the first choice says, with slots as the question has them. Empty for an answer that cannot be read."""
    try:
        events = events_of(entry)
    except (GatewayError, NotJSON):
        return ""
    texts = [
        event.text for event in events if isinstance(event, Delta) and event.kind == "content" and event.choice == 0
    ]
    return readable("".join(texts))


def _no_way(dialect: Dialect) -> GatewayError:
    return GatewayError("unsupported_parameter", f"A kept answer cannot be written for {dialect.name}.")
