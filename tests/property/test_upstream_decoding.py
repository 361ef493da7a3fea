"""Packed bodies: however they are cut, the same text comes out, in bounded pieces, or an error."""

import asyncio
import gzip
import random
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.decoding import PIECE, DecodingError, decoded


def raw(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "members": ("gzip", lambda body: gzip.compress(body[:5]) + gzip.compress(body[5:])),
    "zlib": ("deflate", zlib.compress),
    "raw": ("deflate", raw),
    "br": ("br", brotli.compress),
    "two": ("deflate, gzip", lambda body: gzip.compress(zlib.compress(body))),
    "three": ("br,gzip , identity, deflate", lambda body: zlib.compress(gzip.compress(brotli.compress(body)))),
}

# Text that packs well, badly, and beyond one piece.
BODIES = st.one_of(
    st.binary(max_size=2_000),
    st.builds(lambda seed: random.Random(seed).randbytes(3_000), st.integers()),
    st.builds(lambda unit, times: unit * times, st.binary(min_size=1, max_size=3), st.integers(1, 400_000)),
)


def unpack(codings: str, pieces: list[bytes]) -> bytes:
    async def read() -> bytes:
        return pieces.pop(0) if pieces else b""

    async def run() -> bytes:
        source = decoded(codings, read)
        found = []
        while piece := await source():
            assert len(piece) <= 2 * PIECE
            found.append(piece)
        return b"".join(found)

    return asyncio.run(run())


def cut(body: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(body[:size])
        body = body[size:]
    return [piece for piece in [*pieces, body] if piece]


@pytest.mark.parametrize("name", PACKERS)
@given(body=BODIES, sizes=st.lists(st.integers(1, 50), max_size=30))
def test_any_cutting_gives_the_same_text(name: str, body: bytes, sizes: list[int]) -> None:
    codings, pack = PACKERS[name]
    assert unpack(codings, cut(pack(body), sizes)) == body


@pytest.mark.parametrize("name", PACKERS)
def test_what_waits_inside_when_all_input_is_consumed_is_not_forgotten(name: str) -> None:
    codings, pack = PACKERS[name]
    for extra in range(0, 300, 13):  # a match of deflate is at most 258 bytes long, and may straddle the end of a piece
        assert unpack(codings, [pack(bytes(PIECE + extra))]) == bytes(PIECE + extra)


@pytest.mark.parametrize("name", PACKERS.keys() - {"members"})
@given(body=st.binary(max_size=500), missing=st.integers(1, 600))
def test_a_body_that_is_short_never_ends_cleanly(name: str, body: bytes, missing: int) -> None:
    codings, pack = PACKERS[name]
    packed = pack(body)
    short = packed[: max(1, len(packed) - missing)]
    if short != packed:
        with pytest.raises(DecodingError):
            unpack(codings, [short])


@pytest.mark.parametrize("codings", ["gzip", "deflate", "br"])
@given(body=st.binary(min_size=1, max_size=300))
def test_arbitrary_bytes_are_text_or_an_error(codings: str, body: bytes) -> None:
    try:
        unpack(codings, [body])
    except DecodingError:
        return


@pytest.mark.parametrize("name", ["gzip", "zlib", "raw", "br"])
def test_what_follows_the_end_is_an_error(name: str) -> None:
    codings, pack = PACKERS[name]
    with pytest.raises(DecodingError):
        unpack(codings, [pack(b"text"), b"more"])
    with pytest.raises(DecodingError):
        unpack(codings, [pack(b"text") + b"more"])


@pytest.mark.parametrize("codings", ["gzip", "deflate", "br"])
def test_no_body_needs_no_packing(codings: str) -> None:
    assert unpack(codings, []) == b""


@pytest.mark.parametrize("codings", ["zstd", "chunked", "gzip, gzip, gzip, gzip"])
def test_unknown_and_endless_codings_are_refused(codings: str) -> None:
    with pytest.raises(DecodingError):
        unpack(codings, [])
