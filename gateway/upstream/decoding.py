"""Content codings of an answer, undone piece by piece: no piece is larger than `PIECE`, however well the body was packed.

A coding is a stage (`decode`, `finish`); `decoded` puts stages in a row over anything that can be read. It knows no HTTP client.
"""

import zlib
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import brotli  # type: ignore[import-untyped]

PIECE: Final = 256 * 1024
MOST_CODINGS: Final = 3

Read = Callable[[], Awaitable[bytes]]


class DecodingError(Exception):
    """The body is not what its `content-encoding` says, or ends before its end, or has a coding that nobody here knows."""


def decoded(codings: str, read: Read) -> Read:
    """What reads the body that `read` delivers packed; `codings` is the value of `content-encoding`, last applied last."""
    names = [name for part in codings.split(",") if (name := part.strip().lower()) and name != "identity"]
    if len(names) > MOST_CODINGS:
        raise DecodingError(f"the body is packed {len(names)} times; {MOST_CODINGS} are allowed")
    for name in reversed(names):
        if (stage := STAGES.get(name)) is None:
            raise DecodingError("the body has a content-encoding that was not asked for and is not known")
        read = _Unpacked(read, stage()).read
    return read


class Stage(Protocol):
    """One coding. `hungry` says that `decode` has nothing more to give before it gets more."""

    hungry: bool

    def decode(self, data: bytes) -> bytes: ...

    def finish(self) -> None: ...


class _Unpacked:
    """A source and the stage that undoes its coding."""

    __slots__ = ("_source", "_stage")

    def __init__(self, source: Read, stage: Stage) -> None:
        self._source = source
        self._stage = stage

    async def read(self) -> bytes:
        stage = self._stage
        while True:
            if stage.hungry:
                data = await self._source()
                if not data:
                    stage.finish()
                    return b""
            else:
                data = b""
            if piece := stage.decode(data):
                return piece


class Inflate:
    """zlib's format; `bits` as zlib counts them (31 is gzip, of which several members may follow each other)."""

    def __init__(self, bits: int) -> None:
        self.hungry = True
        self._bits = bits
        self._inner = zlib.decompressobj(bits)
        self._rest = b""
        self._started = False

    def decode(self, data: bytes) -> bytes:
        data = self._rest + data
        self._started = self._started or bool(data)
        if self._inner.eof and data:
            if self._bits != GZIP:
                raise DecodingError("bytes follow the end of the packed body")
            self._inner = zlib.decompressobj(self._bits)
        try:
            piece = self._inner.decompress(data, PIECE)
        except zlib.error as error:
            raise DecodingError("the body is not packed as its content-encoding says") from error
        self._rest = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail
        # A full piece may leave up to a match's length inside zlib although all input is consumed.
        self.hungry = not self._rest and (self._inner.eof or len(piece) < PIECE)
        return piece

    def finish(self) -> None:
        if self._started and not self._inner.eof:
            raise DecodingError("the packed body ends before its end")


class Deflate:
    """What servers send as `deflate`: zlib (RFC 1950), as the standard says, or raw (RFC 1951). The first byte tells."""

    def __init__(self) -> None:
        self.hungry = True
        self._inner: Inflate | None = None

    def decode(self, data: bytes) -> bytes:
        if self._inner is None:
            # In zlib's header the low half of the first byte is 8; a raw stream would need a stored block padded with ones.
            self._inner = Inflate(ZLIB if data[0] & 0x0F == 8 else RAW)
        piece = self._inner.decode(data)
        self.hungry = self._inner.hungry
        return piece

    def finish(self) -> None:
        if self._inner is not None:
            self._inner.finish()


class Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self.hungry = True
        self._inner = brotli.Decompressor()
        self._started = False

    def decode(self, data: bytes) -> bytes:
        self._started = self._started or bool(data)
        try:
            piece: bytes = self._inner.process(data, output_buffer_limit=PIECE)
        except brotli.error as error:
            raise DecodingError("the body is not packed as its content-encoding says") from error
        # Output may be waiting inside although all input is consumed: only a piece below the limit says that none is.
        self.hungry = len(piece) < PIECE and self._inner.can_accept_more_data()
        return piece

    def finish(self) -> None:
        if self._started and not self._inner.is_finished():
            raise DecodingError("the packed body ends before its end")


GZIP: Final = 31
ZLIB: Final = 15
RAW: Final = -15

STAGES: Final[dict[str, Callable[[], Stage]]] = {
    "gzip": lambda: Inflate(GZIP),
    "x-gzip": lambda: Inflate(GZIP),
    "deflate": Deflate,
    "br": Brotli,
}
