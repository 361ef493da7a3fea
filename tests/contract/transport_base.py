"""What every part of the transport suite stands on: a factory, and the promise that nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from gateway.upstream.client import Call, Reply, Transport, TransportLimits
from tests.support.rawserver import Peer, Script

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


Make = Callable[..., Transport]


class TransportBase:
    """`create` is the only thing an implementation says about itself. `make(**limits)` gives a transport to a test."""

    loops = True

    def create(self, limits: TransportLimits) -> Transport:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _no_proxies(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)

    @pytest.fixture
    async def make(self) -> AsyncIterator[Make]:
        made: list[Transport] = []
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

        def make(**limits: Any) -> Transport:
            made.append(self.create(TransportLimits(**limits)))
            return made[-1]

        yield make
        for transport in made:
            await transport.aclose()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, "tasks are left behind"
        assert not complaints


async def text(transport: Transport, call: Call) -> bytes:
    """The whole body of one exchange, closed properly."""
    reply = await transport.open(call)
    try:
        return await rest(reply)
    finally:
        await transport.close(reply)


async def rest(reply: Reply) -> bytes:
    pieces = []
    while piece := await reply.read():
        pieces.append(piece)
    return b"".join(pieces)


def answering(*parts: bytes) -> Script:
    """Answers every request of a connection with the same bytes, and waits for the other end to go."""

    async def script(peer: Peer) -> None:
        try:
            while True:
                await peer.request()
                for part in parts:
                    await peer.send(part)
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    return script


def once(*parts: bytes) -> Script:
    """Answers one request and closes."""

    async def script(peer: Peer) -> None:
        await peer.request()
        for part in parts:
            await peer.send(part)

    return script


async def noticed() -> None:
    """Some rounds of the loop, so that what lies in a socket by now is noticed on both sides."""
    for _ in range(20):
        await asyncio.sleep(0.001)
