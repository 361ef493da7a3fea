"""What is kept of an answer: the frames as the caller's dialect wrote them, before any value was put back into them."""

from typing import Final

import msgspec

from gateway.wire.neutral import Usage

FORMAT: Final = 1
"""Of what is stored. Entries of another format are misses."""


class Entry(msgspec.Struct, array_like=True, kw_only=True, frozen=True):
    """`raw`: one body, or the events of a stream one behind the other. `way`: what decides how it is written (`scope.way`).
    `ids`: by which it is told from another answer.

    `usage` is what the upstream reported, whether or not the frames tell it. `stored` in seconds since 1970. `question`:
    the last user text it answers, as the model saw it; empty where the semantic tier has no part in it. `epochs`: those of
    all names it may be purged by, when it was stored. `provider`: whose account signed what is signed in it.
    """

    dialect: str
    streamed: bool
    way: bytes
    raw: bytes
    ids: tuple[str, ...]
    stored: float
    expires: float
    usage: Usage | None = None
    cost_nanodollars: int | None = None
    question: str = ""
    served_by: str = ""
    tags: tuple[str, ...] = ()
    epochs: dict[str, int] = {}
    provider: str = ""

    def __repr__(self) -> str:
        return f"Entry({self.dialect}, {len(self.raw)} bytes)"


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(tuple[int, Entry])


def encode(entry: Entry) -> bytes:
    return _encode((FORMAT, entry))


def decode(stored: bytes) -> Entry | None:
    """None for what another release stored, or what was damaged: a miss."""
    try:
        form, entry = _decoder.decode(stored)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
    return entry if form == FORMAT else None
