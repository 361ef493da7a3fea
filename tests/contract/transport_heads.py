"""What may stand before a body: interim answers, early answers, limits, garbage, headers."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from gateway.upstream.client import Call, TransportError
from tests.contract.transport_base import OK, Make, TransportBase, answering, once, rest, text
from tests.support.rawserver import Asked, Peer, serve

REFUSED = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 9\r\nconnection: close\r\n\r\ntoo large"

LINE, LINES, TOTAL = 1_000, 20, 4_000

TOO_MUCH: dict[str, bytes] = {
    "a long value": b"HTTP/1.1 200 OK\r\nx: " + b"v" * 1_500 + b"\r\n\r\n",
    "a long name": b"HTTP/1.1 200 OK\r\n" + b"n" * 1_500 + b": v\r\n\r\n",
    "a long reason": b"HTTP/1.1 200 " + b"O" * 1_500 + b"\r\n\r\n",
    "many lines": b"HTTP/1.1 200 OK\r\n" + b"x: v\r\n" * 30 + b"\r\n",
    "much in all": b"HTTP/1.1 200 OK\r\n" + b"".join(b"x%d: %s\r\n" % (n, b"v" * 400) for n in range(15)) + b"\r\n",
}

GARBAGE: dict[str, bytes] = {
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "bytes": bytes(range(128, 256)) * 10,
    "a line": b"hello\r\n\r\n",
    "another version": b"HTTP/9.9 200 OK\r\n\r\n",
    "no number": b"HTTP/1.1 two hundred\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    "length and chunks": b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "another framing": b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
}


class HeadSuite(TransportBase):
    """See the file."""

    @pytest.mark.parametrize(
        "interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"]
    )
    @pytest.mark.parametrize("apart", [False, True])
    async def test_interim_answers_are_passed_over(self, make: Make, interim: bytes, apart: bool) -> None:
        parts = (interim, interim, OK) if apart else (interim * 2 + OK,)
        async with serve(answering(*parts)) as server:
            transport = make()
            for _ in range(2):
                reply = await transport.open(Call("POST", server.url, {}, b"{}"))
                assert (reply.status, dict(reply.headers)) == (200, {"content-length": "2"})
                assert await rest(reply) == b"ok"
                await transport.close(reply)
            assert server.accepted == 1

    async def test_an_answer_while_the_body_is_still_sent_is_the_answer(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.head()
            await peer.reader.read(1000)
            await peer.send(REFUSED)
            await peer.gone()

        async with serve(script) as server, asyncio.timeout(30):
            transport = make(connections=1)
            for _ in range(2):
                reply = await transport.open(Call("POST", server.url, {}, bytes(30_000_000)))
                assert (reply.status, await rest(reply)) == (413, b"too large")
                await transport.close(reply)
            assert server.accepted == 2  # a connection with half a request on it is of no more use

    async def test_an_answer_and_a_close_while_the_body_is_still_sent_is_the_answer(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.head()
            await peer.send(REFUSED)

        async with serve(script) as server, asyncio.timeout(30):
            reply = await (transport := make()).open(Call("POST", server.url, {}, bytes(30_000_000)))
            assert (reply.status, await rest(reply)) == (413, b"too large")
            await transport.close(reply)

    async def test_a_peer_that_leaves_while_the_body_is_sent_may_have_received_it(self, make: Make) -> None:
        async def script(peer: Peer) -> None:
            await peer.head()
            await peer.reader.read(1000)
            peer.reset()

        async with serve(script) as server:
            transport = make(connections=1)
            for _ in range(2):
                with pytest.raises(TransportError, match="before it answered") as caught:
                    await transport.open(Call("POST", server.url, {}, bytes(30_000_000)))
                assert caught.value.sent

    @pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\ncontent-le"])
    @pytest.mark.parametrize("ending", [Peer.reset, Peer.half_close, lambda _: None])
    async def test_a_peer_that_leaves_before_its_head_ends_may_have_acted(
        self, make: Make, begun: bytes, ending: Callable[[Peer], None]
    ) -> None:
        async def script(peer: Peer) -> None:
            await peer.request()
            if begun:
                await peer.send(begun)
            ending(peer)

        async with serve(script) as server:
            with pytest.raises(TransportError, match="before it answered") as caught:
                await make().open(Call("POST", server.url, {}, b"{}"))
            assert caught.value.sent

    @pytest.mark.parametrize("head", TOO_MUCH)
    @pytest.mark.parametrize("bytewise", [False, True])
    async def test_a_head_has_limits(self, make: Make, head: str, bytewise: bool) -> None:
        wire = TOO_MUCH[head]

        async def script(peer: Peer) -> None:
            await peer.request()
            with suppress(ConnectionError):
                for part in (bytes([byte]) for byte in wire) if bytewise else (wire,):
                    await peer.send(part)
                await peer.gone()

        async with serve(script) as server, asyncio.timeout(30):
            transport = make(connections=1, head_line=LINE, head_lines=LINES, head_total=TOTAL)
            for _ in range(2):
                with pytest.raises(TransportError) as caught:
                    await transport.open(Call("POST", server.url, {}, b"{}"))
                assert caught.value.sent
                assert "vvv" not in str(caught.value)

    async def test_a_head_within_its_limits_passes(self, make: Make) -> None:
        lines = b"".join(b"x%d: %s\r\n" % (number, b"v" * 150) for number in range(LINES - 1))
        wire = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n" + lines + b"\r\n"
        async with serve(answering(wire)) as server:
            transport = make(head_line=LINE, head_lines=LINES, head_total=TOTAL)
            assert await text(transport, Call("GET", server.url)) == b""

    @pytest.mark.parametrize("garbage", GARBAGE)
    async def test_what_is_not_http_is_an_error_that_quotes_nothing(self, make: Make, garbage: str) -> None:
        async with serve(once(GARBAGE[garbage])) as server, asyncio.timeout(30):
            transport = make(connections=1)
            for _ in range(2):
                with pytest.raises(TransportError) as caught:
                    await text(transport, Call("POST", server.url, {}, b"{}"))
                assert caught.value.sent
                assert "SSH" not in str(caught.value)

    @pytest.mark.parametrize(
        "line", [b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.0 200 Fine", b"HTTP/1.1 200 \xff\xfe"]
    )
    async def test_the_reason_is_nobodys_business(self, make: Make, line: bytes) -> None:
        async with serve(once(line + b"\r\ncontent-length: 2\r\n\r\nok")) as server:
            assert await text(make(), Call("GET", server.url)) == b"ok"

    async def test_header_names_are_lower_case_and_repeated_ones_joined(self, make: Make) -> None:
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Request-ID: a\r\nVary: x\r\nset-cookie: a=1\r\nVARY:  y \r\n"
            b"Set-Cookie: b=2\r\nX-Empty:\r\nx-latin: \xe9\r\n\r\n"
        )
        async with serve(answering(head)) as server:
            transport = make()
            reply = await transport.open(Call("GET", server.url))
            assert dict(reply.headers) == {
                "content-length": "0",
                "x-request-id": "a",
                "vary": "x, y",
                "x-empty": "",
                "x-latin": "é",
            }
            await transport.close(reply)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 401, 407, 500, 599])
    async def test_a_redirect_and_a_refusal_are_answers_as_they_stand(self, make: Make, status: int) -> None:
        head = b"HTTP/1.1 %d Status\r\nlocation: /elsewhere\r\nwww-authenticate: Basic\r\ncontent-length: 0\r\n\r\n"
        async with serve(answering(head % status)) as server:
            transport = make()
            reply = await transport.open(Call("GET", server.url))
            assert (reply.status, reply.headers["location"]) == (status, "/elsewhere")
            await transport.close(reply)
            assert server.accepted == 1

    async def test_cookies_are_not_kept(self, make: Make) -> None:
        asked: list[Asked] = []

        async def script(peer: Peer) -> None:
            for _ in range(2):
                asked.append(await peer.request())
                await peer.send(b"HTTP/1.1 200 OK\r\nset-cookie: a=1; Path=/\r\ncontent-length: 0\r\n\r\n")

        async with serve(script) as server:
            transport = make()
            for _ in range(2):
                await text(transport, Call("GET", server.at("localhost")))
            assert not asked[1].all("cookie")
