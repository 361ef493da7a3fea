"""Going away: cancelled at every point, closed halfway, closed as a whole. The peer sees it at once, nothing is left."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import trustme

from gateway.upstream.client import Call, TransportError
from tests.contract.transport_base import OK, Make, TransportBase, answering, noticed, text
from tests.support.rawserver import Peer, Script, deaf_port, open_sockets, serve, tls_for

SOON = 10
"""Seconds, on a busy machine. A line that is not cut stays for good, and a farewell that TLS waits for takes thirty."""
BIG = bytes(40_000_000)
HALF = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n"


class Scene:
    """A peer at the point where the call is to be cancelled: `reached` is set there, `seen` when the peer sees the end."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.seen = asyncio.Event()
        self.url = ""
        self.body = b"{}"
        self.ca_file: str | None = None
        self.proxy: str | None = None


@asynccontextmanager
async def connecting(_: Path) -> AsyncIterator[Scene]:
    scene = Scene()
    with deaf_port() as port:
        scene.url = f"http://127.0.0.1:{port}"
        scene.reached.set()
        scene.seen.set()
        yield scene


@asynccontextmanager
async def shaking_hands(_: Path) -> AsyncIterator[Scene]:
    scene = Scene()

    async def script(peer: Peer) -> None:
        await peer.reader.read(1)
        scene.reached.set()
        await peer.gone()
        scene.seen.set()

    async with serve(script, scheme="https") as server:
        scene.url = server.url
        yield scene


@asynccontextmanager
async def making_a_tunnel(_: Path) -> AsyncIterator[Scene]:
    scene = Scene()
    async with serve(silent(scene)) as proxy:
        scene.proxy, scene.url = proxy.url, "https://upstream.test"
        yield scene


def over(
    tls: bool, script: Callable[[Scene], Script], body: bytes = b"{}"
) -> Callable[[Path], AbstractAsyncContextManager[Scene]]:
    @asynccontextmanager
    async def scene_with(folder: Path) -> AsyncIterator[Scene]:
        scene = Scene()
        scene.body = body
        context: ssl.SSLContext | None = None
        if tls:
            authority = trustme.CA()
            authority.cert_pem.write_to_path(folder / "ca.pem")
            scene.ca_file = str(folder / "ca.pem")
            context = tls_for(authority, "localhost")
        async with serve(script(scene), tls=context) as server:
            scene.url = server.at("localhost")
            yield scene

    return scene_with


def silent(scene: Scene) -> Script:
    async def script(peer: Peer) -> None:
        await peer.head()
        scene.reached.set()
        await peer.gone()
        scene.seen.set()

    return script


def deaf(scene: Scene) -> Script:
    """Reads no more than the head, so that a large body stays in the writing."""

    async def script(peer: Peer) -> None:
        await peer.head()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a read transport too
        await noticed()
        scene.reached.set()
        await scene.seen.wait()

    return script


def halfway(scene: Scene) -> Script:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(HALF)
        scene.reached.set()
        await peer.gone()
        scene.seen.set()

    return script


def hinting(scene: Scene) -> Script:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 O")
        scene.reached.set()
        await peer.gone()
        scene.seen.set()

    return script


POINTS: dict[str, Callable[[Path], AbstractAsyncContextManager[Scene]]] = {
    "connecting": connecting,
    "shaking hands": shaking_hands,
    "making a tunnel": making_a_tunnel,
    "before the head": over(False, silent),
    "before the head, TLS": over(True, silent),
    "within the head": over(False, hinting),
    "within the body": over(False, halfway),
    "within the body, TLS": over(True, halfway),
}
WRITING = {"plain": over(False, deaf, BIG), "TLS": over(True, deaf, BIG)}


class CancelSuite(TransportBase):
    """See the file."""

    @pytest.mark.parametrize("point", POINTS)
    async def test_cancelling_cuts_the_connection_and_frees_the_slot(
        self, make: Make, tmp_path: Path, point: str
    ) -> None:
        async with POINTS[point](tmp_path) as scene, serve(answering(OK)) as other:
            transport = make(connections=1, ca_file=scene.ca_file, proxy=scene.proxy)
            task = asyncio.create_task(text(transport, Call("POST", scene.url, {}, scene.body)))
            await scene.reached.wait()
            await noticed()
            task.cancel()
            async with asyncio.timeout(SOON):
                await asyncio.wait([task])
                await scene.seen.wait()
            assert task.cancelled()
            if not scene.proxy:
                assert await text(transport, Call("GET", other.url)) == b"ok"

    @pytest.mark.parametrize("way", WRITING)
    async def test_cancelling_while_a_body_is_written_to_a_deaf_peer_leaves_no_socket(
        self, make: Make, tmp_path: Path, way: str
    ) -> None:
        async with WRITING[way](tmp_path) as scene:
            transport = make(connections=1, ca_file=scene.ca_file)
            before = open_sockets()
            task = asyncio.create_task(text(transport, Call("POST", scene.url, {}, scene.body)))
            await scene.reached.wait()
            assert open_sockets() == before + 2  # one end and the other
            task.cancel()
            async with asyncio.timeout(SOON):
                await asyncio.wait([task])
                await until_sockets(before + 1)
            scene.seen.set()

    @pytest.mark.parametrize("way", WRITING)
    async def test_a_limit_set_by_the_caller_works_the_same(self, make: Make, tmp_path: Path, way: str) -> None:
        async with WRITING[way](tmp_path) as scene:
            transport = make(ca_file=scene.ca_file)
            before = open_sockets()
            limit = asyncio.timeout(None)

            async def limited() -> None:
                async with limit:
                    await transport.open(Call("POST", scene.url, {}, scene.body))

            task = asyncio.create_task(limited())
            await scene.reached.wait()
            limit.reschedule(asyncio.get_running_loop().time())
            with pytest.raises(TimeoutError):
                await task
            async with asyncio.timeout(SOON):
                await until_sockets(before + 1)
            scene.seen.set()

    @pytest.mark.parametrize("point", ["within the body", "within the body, TLS"])
    async def test_closing_a_half_read_reply_cuts_at_once(self, make: Make, tmp_path: Path, point: str) -> None:
        async with POINTS[point](tmp_path) as scene:
            transport = make(ca_file=scene.ca_file)
            reply = await transport.open(Call("POST", scene.url, {}, b"{}"))
            assert await reply.read() == b"first"
            async with asyncio.timeout(SOON):
                await transport.close(reply)
                await scene.seen.wait()

    async def test_closing_a_reply_ends_the_read_of_another_task(self, make: Make, tmp_path: Path) -> None:
        async with POINTS["within the body"](tmp_path) as scene:
            transport = make()
            reply = await transport.open(Call("POST", scene.url, {}, b"{}"))
            assert await reply.read() == b"first"
            reading = asyncio.create_task(reply.read())
            await asyncio.sleep(0)
            await transport.close(reply)
            async with asyncio.timeout(SOON):
                with pytest.raises(TransportError):
                    await reading

    async def test_closing_an_early_answer_stops_the_body_for_good(self, make: Make) -> None:
        stop = asyncio.Event()

        async def script(peer: Peer) -> None:
            await peer.head()
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a read transport too
            await peer.send(OK)
            await stop.wait()

        async with serve(script) as server:
            transport = make()
            before = open_sockets()
            assert await text(transport, Call("POST", server.url, {}, BIG)) == b"ok"
            async with asyncio.timeout(SOON):
                await until_sockets(before + 1)
            stop.set()

    async def test_a_reply_that_was_never_read_is_cut_too(self, make: Make, tmp_path: Path) -> None:
        async with POINTS["within the body"](tmp_path) as scene:
            transport = make()
            reply = await transport.open(Call("POST", scene.url, {}, b"{}"))
            await transport.close(reply)
            async with asyncio.timeout(SOON):
                await scene.seen.wait()

    @pytest.mark.parametrize("way", [*WRITING, "within the body", "within the body, TLS"])
    async def test_closing_the_transport_cuts_what_is_under_way(self, make: Make, tmp_path: Path, way: str) -> None:
        async with (WRITING | POINTS)[way](tmp_path) as scene:
            transport = make(ca_file=scene.ca_file)
            task = asyncio.create_task(text(transport, Call("POST", scene.url, {}, scene.body)))
            await scene.reached.wait()
            await noticed()
            async with asyncio.timeout(SOON):
                await transport.aclose()
                with pytest.raises(TransportError):
                    await task
            if way in WRITING:
                scene.seen.set()
            async with asyncio.timeout(SOON):
                await scene.seen.wait()


async def until_sockets(count: int) -> None:
    while open_sockets() > count:  # noqa: ASYNC110  the kernel sets no event for it
        await asyncio.sleep(0.001)
