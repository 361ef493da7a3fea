"""Posts to a service that is no upstream: one answer, small and whole."""

import asyncio
from collections.abc import Mapping

from gateway.guards.checks.ports import MOST_BYTES, PostFailed
from gateway.upstream.client import Call, Reply, Transport, TransportError


class Poster:
    """The port `Post` over a transport, which it owns."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> tuple[int, bytes]:
        """See `Post`."""
        try:
            async with asyncio.timeout(seconds):
                reply = await self._transport.open(Call("POST", url, headers, body))
                try:
                    return reply.status, await _whole(reply)
                finally:
                    await self._transport.close(reply)
        except TimeoutError:
            raise PostFailed(f"no answer within {seconds:g} seconds") from None
        except (TransportError, ValueError) as error:
            raise PostFailed(str(error)) from None

    async def aclose(self) -> None:
        await self._transport.aclose()


async def _whole(reply: Reply) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := await reply.read():
        size += len(piece)
        if size > MOST_BYTES:
            raise PostFailed(f"an answer is larger than {MOST_BYTES} bytes")
        pieces.append(piece)
    return b"".join(pieces)
