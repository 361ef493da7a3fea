"""How answers are read: framing, codings, heads, and every way to stop short."""

import asyncio
import gzip
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest

from gateway.upstream.client import Call, Reply, TransportError
from tests.contract.transport_base import OK, Make, TransportBase, answering, noticed, once, rest, text
from tests.support.rawserver import Peer, serve

TEXT = "해치는 옳고 그름을 가린다. ".encode() * 50
HEAD = b"HTTP/1.1 200 OK\r\n"


def chunked(body: bytes, size: int = 7) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


FRAMED = {
    "length": HEAD + b"content-length: %d\r\n\r\n" % len(TEXT) + TEXT,
    "chunked": HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunked(TEXT),
    "trailers": HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunked(TEXT)[:-2] + b"x-sum: 1\r\n\r\n",
    "until close": HEAD + b"\r\n" + TEXT,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + TEXT,
}

# What is sent after the head, what must be read of it, and how the peer ends. `None` is a plain close.
CUTS: dict[str, tuple[bytes, bytes, Callable[[Peer], None] | None]] = {
    "short of its length": (b"content-length: 10\r\n\r\nabc", b"abc", None),
    "reset within its length": (b"content-length: 10\r\n\r\nabc", b"abc", Peer.reset),
    "half-closed within its length": (b"content-length: 10\r\n\r\nabc", b"abc", Peer.half_close),
    "no last chunk": (b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", b"abc", None),
    "within a chunk": (b"transfer-encoding: chunked\r\n\r\n9\r\nabc", b"abc", None),
    "reset between chunks": (b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", b"abc", Peer.reset),
    "no end of the trailers": (b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", b"abc", None),
    "reset before it closed": (b"\r\nabc", b"abc", Peer.reset),
}

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "br": brotli.compress,
    "gzip, br": lambda body: brotli.compress(gzip.compress(body)),
    "identity": bytes,
}


class AnswerSuite(TransportBase):
    """See the file."""

    @pytest.mark.parametrize("framing", FRAMED)
    @pytest.mark.parametrize("bytewise", [False, True])
    async def test_a_body_arrives_whole_however_it_is_framed_and_cut_into_packets(
        self, make: Make, framing: str, bytewise: bool
    ) -> None:
        wire = FRAMED[framing]
        async with serve(once(*(bytes([byte]) for byte in wire) if bytewise else (wire,))) as server:
            assert await text(make(), Call("POST", server.url, {}, b"{}")) == TEXT

    async def test_a_piece_is_readable_before_the_next_is_sent(self, make: Make) -> None:
        read = asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            await read.wait()
            await peer.send(b"4\r\nlast\r\n0\r\n\r\n")

        async with serve(script) as server:
            transport = make()
            reply = await transport.open(Call("GET", server.url))
            assert await reply.read() == b"first"
            read.set()
            assert await rest(reply) == b"last"
            await transport.close(reply)

    @pytest.mark.parametrize("cut", CUTS)
    @pytest.mark.parametrize("late", [False, True])
    async def test_a_cut_body_gives_what_came_and_then_fails(self, make: Make, cut: str, late: bool) -> None:
        sent, expected, ending = CUTS[cut]
        go = asyncio.Event()
        ended = asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(HEAD + sent)
            await go.wait()
            if ending:
                ending(peer)
            else:
                peer.writer.close()
            ended.set()
            await peer.gone()

        async with serve(script) as server:
            transport = make()
            reply = await transport.open(Call("GET", server.url))
            if late:  # the cut is known before anything is read
                go.set()
                await ended.wait()
                await noticed()
            first = await reply.read()
            go.set()
            later, error = await until_it_fails(reply)
            assert first + later == expected
            assert error.sent
            with pytest.raises(TransportError):
                await reply.read()
            await transport.close(reply)

    async def test_a_broken_chunk_fails_at_once(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
            await asyncio.sleep(0)
            await peer.send(b"no number\r\n")
            await peer.gone()

        async with serve(script) as server, asyncio.timeout(30):
            with pytest.raises(TransportError):
                await text(make(), Call("GET", server.url))

    async def test_a_peer_that_half_closes_after_its_answer_has_answered(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.request()
            await peer.send(OK)
            peer.half_close()
            await peer.gone()

        async with serve(script) as server:
            transport = make()
            for _ in range(3):
                assert await text(transport, Call("POST", server.url, {}, b"{}")) == b"ok"
                await noticed()
            assert server.accepted == 3

    @pytest.mark.parametrize("status", [204, 304])
    async def test_an_answer_without_a_body_ends_at_its_head_and_keeps_the_connection(
        self, make: Make, status: int
    ) -> None:
        async with serve(answering(b"HTTP/1.1 %d Nothing\r\n\r\n" % status)) as server:
            transport = make()
            for _ in range(2):
                assert await text(transport, Call("GET", server.url)) == b""
            assert server.accepted == 1

    async def test_an_answer_to_head_has_no_body_whatever_its_length_says(self, make: Make) -> None:
        async with serve(answering(HEAD + b"content-length: 5\r\n\r\n")) as server:
            transport = make()
            for _ in range(2):
                assert await text(transport, Call("HEAD", server.url)) == b""
            assert server.accepted == 1

    @pytest.mark.parametrize("coding", CODINGS)
    @pytest.mark.parametrize("bytewise", [False, True])
    async def test_a_packed_body_is_unpacked_though_nobody_asked_for_packing(
        self, make: Make, coding: str, bytewise: bool
    ) -> None:
        packed = CODINGS[coding](TEXT)
        head = HEAD + b"transfer-encoding: chunked\r\ncontent-encoding: %s\r\n\r\n" % coding.encode()
        async with serve(answering(head + chunked(packed, 1 if bytewise else 1000))) as server:
            transport = make()
            reply = await transport.open(Call("GET", server.url))
            assert await rest(reply) == TEXT
            await transport.close(reply)
            assert reply.headers.get("content-encoding", "identity") == "identity"

    async def test_the_length_of_a_packed_body_is_not_told_as_that_of_the_text(self, make: Make) -> None:
        packed = gzip.compress(TEXT)
        head = HEAD + b"content-length: %d\r\ncontent-encoding: gzip\r\n\r\n" % len(packed)
        async with serve(answering(head + packed)) as server:
            transport = make()
            reply = await transport.open(Call("GET", server.url))
            assert "content-length" not in reply.headers
            await transport.close(reply)

    @pytest.mark.parametrize("coding", CODINGS.keys() - {"identity"})
    async def test_a_packed_body_that_is_short_in_itself_never_ends_cleanly(self, make: Make, coding: str) -> None:
        packed = CODINGS[coding](TEXT)[:-9]
        head = HEAD + b"content-length: %d\r\ncontent-encoding: %s\r\n\r\n" % (len(packed), coding.encode())
        async with serve(answering(head + packed)) as server:
            with pytest.raises(TransportError, match="ends before its end"):
                await text(make(), Call("GET", server.url))

    @pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
    async def test_a_body_that_is_not_packed_as_it_says_fails(self, make: Make, coding: str) -> None:
        body = b"\x1f\x8b" + bytes(range(90, 200)) * 9
        head = HEAD + b"content-length: %d\r\ncontent-encoding: %s\r\n\r\n" % (len(body), coding.encode())
        async with serve(answering(head + body)) as server:
            with pytest.raises(TransportError, match="packed"):
                await text(make(), Call("GET", server.url))

    @pytest.mark.parametrize("coding", [b"zstd", b"compress", b", ".join([b"gzip"] * 4)])
    async def test_a_coding_nobody_asked_for_and_nobody_knows_is_an_error_at_once(
        self, make: Make, coding: bytes
    ) -> None:
        async with serve(
            answering(HEAD + b"content-length: 3\r\ncontent-encoding: " + coding + b"\r\n\r\nabc")
        ) as server:
            transport = make(connections=1)
            for _ in range(2):
                with pytest.raises(TransportError):
                    await transport.open(Call("GET", server.url))

    @pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, br"])
    async def test_a_bomb_comes_in_bounded_pieces(self, make: Make, coding: str) -> None:
        packed = CODINGS[coding](bytes(50_000_000))
        head = HEAD + b"content-length: %d\r\ncontent-encoding: %s\r\n\r\n" % (len(packed), coding.encode())
        async with serve(answering(head + packed)) as server:
            transport = make()
            reply = await transport.open(Call("GET", server.url))
            total = 0
            while piece := await reply.read():
                assert len(piece) <= 1 << 20
                total += len(piece)
            assert total == 50_000_000
            await transport.close(reply)

    async def test_a_reader_that_does_not_read_stops_the_writer(self, make: Make) -> None:
        sent = 0

        async def script(peer: Peer) -> None:
            nonlocal sent
            await peer.request()
            await peer.send(HEAD + b"\r\n")
            while sent < 200_000_000:
                await peer.send(bytes(100_000))
                sent += 100_000

        async with serve(script) as server:
            transport = make()
            reply = await transport.open(Call("GET", server.url))
            await reply.read()
            seen = -1
            while seen != sent:  # until nothing moves any more
                seen = sent
                await asyncio.sleep(0.05)
            assert seen < 50_000_000  # what the kernel holds on both sides, and little more
            assert len(await reply.read()) <= 1 << 20
            await transport.close(reply)


async def until_it_fails(reply: Reply) -> tuple[bytes, TransportError]:
    received = b""
    try:
        while piece := await reply.read():
            received += piece
    except TransportError as error:
        return received, error
    pytest.fail(f"the body ended cleanly after {received!r}")
