"""Ordinal slots: on a route whose answers do not depend on values, what is kept holds ordinals where placeholders stood.

Of a placeholder only its ten characters are exchanged, for ten others (see `ordinals`). So the kind stays, and what a model has made of
the brackets, and a piece of a stream keeps its length, and its end.

Refused, which costs a hit and nothing else: a request with text that looks like a slot, and an answer with anything that could be a
part of a placeholder and is none of this request, or in which a part could stand unseen.
"""

import asyncio
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from gateway.cache.entry import Entry
from gateway.cache.ordinals import LIKE_A_MARK, LIKE_A_SLOT, MOST, filled, marks, slot
from gateway.cache.replay import as_frames
from gateway.errors import GatewayError
from gateway.guards.placeholders import CODE_LENGTH, PLACEHOLDER, SHORTEST_REPLACED, Held
from gateway.wire.frames import DONE, Frame, NotJSON
from gateway.wire.lanes.editing import editing
from gateway.wire.lanes.lane import Edit, Lane, SignedEdit

SPOKEN: Final = frozenset({"chat", "completions", "messages", "responses"})
"""Dialects whose answers are text, in which slots can stand."""
PART: Final = 5
"""So many characters of a placeholder, one behind the other, are a part of it that must not be kept."""

_AT_ONCE: Final = 32 * 1024  # bytes: some milliseconds

# In JSON; inside a text these quotes would be escaped.
_UNSEEN: Final = re.compile(
    rb'"[a-z_]*(?:signature|encrypted_[a-z]+)":\s*"[^"]'  # of what a vendor has signed or sealed, the text within, too
    rb'|"[a-z_]*logprobs":\s*(?:\{|\[\s*[^\]\s])|"[a-z_]*token_ids":\s*\[\s*[0-9]'  # tokens, each a part too small to be known
)

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode


class Slots:
    """Of one request. `held`: by their ten characters, all placeholders of its exchange; `codes`: those that stand in it, in order."""

    __slots__ = ("_held", "_marks", "_slots")

    def __init__(self, held: Mapping[str, Held] | None = None, codes: Sequence[str] = ()) -> None:
        self._held = held or {}
        self._slots = {code: slot(ordinal) for ordinal, code in enumerate(codes)}
        self._marks = {code: marks(ordinal) for ordinal, code in enumerate(codes)}

    def __repr__(self) -> str:
        return f"Slots({len(self)})"

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """What the answers of two requests may be exchanged by: of each slot the kind of value, and how that is written."""
        return [(self._held[code].kind, self._held[code].label) for code in self._slots]

    @property
    def codes(self) -> list[str]:
        """Whose they are: with others, a live answer is another's."""
        return list(self._slots)

    def into(self, raw: bytes) -> bytes:
        """JSON of a request with slots where placeholders stood."""
        return _exchanged(raw, self._slots) if self._slots else raw

    def kept(self, raw: bytes, dialect: str, *, streamed: bool) -> bytes | None:
        """An answer as it may be kept. None where something in it is neither a mark nor surely nothing of a placeholder."""
        if not self._slots:
            return raw
        if LIKE_A_MARK.search(raw.decode(errors="replace")) or _UNSEEN.search(raw):
            return None
        made = _exchanged(raw, self._marks)
        frames = as_frames(made, streamed=streamed)
        try:
            read = _read(frames, dialect, streamed=streamed)
            texts = [_exchanged(text.encode(), self._marks).decode() for text in read.texts]
            if texts != read.texts:
                frames = _with(texts, frames, dialect, streamed=streamed)
                made = b"".join([frame.raw for frame in frames])
            written = _written(made, frames)
        except (GatewayError, NotJSON, SignedEdit):
            return None
        if read.opaque - (set() if streamed else {"unknown"}):
            return None
        is_clean = self._holds_nothing_else([*written, *texts]) and not any(map(self._damaged, texts))
        return made if is_clean else None

    def given(self, entry: Entry) -> Entry | None:
        """What was kept, for whoever asked this request. None where it has an ordinal for which this request has nothing."""
        if not self._slots:
            return entry
        raw = filled(entry.raw, self.codes)
        return None if raw is None else replace(entry, raw=raw)

    def _holds_nothing_else(self, said: Sequence[str]) -> bool:
        """Whether neither a value, nor a part of a placeholder, nor one that is not of this request stands anywhere."""
        lowered = [one.lower() for one in said]
        if any(part in one for part in _parts(self._held) for one in lowered):
            return False
        if any(map(PLACEHOLDER.search, said)):
            return False
        values = {held.value for held in self._held.values() if len(held.value) >= SHORTEST_REPLACED}
        written = values | {_encode(value)[1:-1].decode() for value in values}
        return not any(value in one for value in written for one in said)

    def _damaged(self, text: str) -> bool:
        """Whether a label stands in front of something else than the marks of this request."""
        whole = set(self._marks.values())
        for found in _labelled({self._held[code].label for code in self._slots}).finditer(text):
            end = found.end() + CODE_LENGTH
            behind = text[end : end + 1]
            if text[found.end() : end] not in whole or (behind.isascii() and behind.isalnum()):
                return True
        return False


NONE: Final = Slots()


async def slotted_answer(slots: Slots, raw: bytes, dialect: str, *, streamed: bool) -> bytes | None:
    """`Slots.kept`, in a thread where that takes long."""
    if not slots or len(raw) <= _AT_ONCE:
        return slots.kept(raw, dialect, streamed=streamed)
    return await asyncio.to_thread(slots.kept, raw, dialect, streamed=streamed)


def slotted(said: Any, held: Mapping[str, Held]) -> tuple[Any, Slots]:
    """What a request says, with slots in place of placeholders; as it was, with none, where that cannot be done or there are no values.

    Raises UnicodeEncodeError and OverflowError for what cannot be written as JSON.
    """
    if not held:
        return said, NONE
    raw = _encode(said)
    codes = dict.fromkeys(found.decode() for found in _any_of(held).findall(raw))
    if not codes or len(held) > MOST or LIKE_A_SLOT.search(raw.decode()):
        return said, NONE
    slots = Slots(held, list(codes))
    raw = slots.into(raw)
    written = raw.decode().lower()
    if any(part in written for part in _parts(held)):
        return said, NONE
    return _decode(raw), slots


def _any_of(codes: Mapping[str, Any]) -> re.Pattern[bytes]:
    return re.compile("|".join(map(re.escape, codes)).encode())


def _exchanged(raw: bytes, by: Mapping[str, str]) -> bytes:
    return _any_of(by).sub(lambda found: by[found.group().decode()].encode(), raw)


def _parts(codes: Mapping[str, Any]) -> Iterator[str]:
    for code in codes:
        yield from (code[at : at + PART] for at in range(CODE_LENGTH - PART + 1))


def _labelled(labels: Collection[str]) -> re.Pattern[str]:
    """One of these, however it is written, up to where the ten characters are."""
    words = (r"[ \\_]{1,4}".join(map(re.escape, label.split("_"))) for label in sorted(labels, key=len, reverse=True))
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(words)})[ \\]{{0,3}}_[ ]?", re.IGNORECASE)


def _written(raw: bytes, frames: Sequence[Frame]) -> list[str]:
    """As it stands there, and as JSON without needless escapes."""
    plain = [_encode(one.json).decode() for one in frames if one.data not in (None, DONE)] if b"\\" in raw else []
    return [raw.decode(errors="replace"), "\n".join(plain)]


# --- texts that come in pieces ---------------------------------------------------------------------------------------


def _read(frames: list[Frame], dialect: str, *, streamed: bool) -> "_Read":
    read = _Read()
    reading = editing(dialect, streamed, read.edit_for)
    reading.feed(frames)
    read.opaque = reading.opaque
    return read


def _with(texts: Sequence[str], frames: list[Frame], dialect: str, *, streamed: bool) -> list[Frame]:
    """The same answer with other texts: those of all its lanes, as long as they were."""
    left = iter(texts)
    return editing(dialect, streamed, lambda _: _Instead(next(left))).feed(frames)


class _Read:
    """The texts of an answer, lane by lane in the order in which they begin; `opaque` as of `Editing`."""

    def __init__(self) -> None:
        self.opaque: set[str] = set()
        self._lanes: list[_Heard] = []

    @property
    def texts(self) -> list[str]:
        return ["".join(lane.pieces) for lane in self._lanes]

    def edit_for(self, _: Lane) -> Edit:
        self._lanes.append(_Heard())
        return self._lanes[-1]


class _Heard:
    def __init__(self) -> None:
        self.pieces: list[str] = []

    def feed(self, text: str, /) -> str:
        self.pieces.append(text)
        return text

    def close(self) -> str:
        return ""


class _Instead:
    """Another text of the same length, cut as the one that comes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def feed(self, text: str, /) -> str:
        begin, self._at = self._at, self._at + len(text)
        return self._text[begin : self._at]

    def close(self) -> str:
        return ""
