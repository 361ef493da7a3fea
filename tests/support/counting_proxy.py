"""A proxy on loopback that counts round trips: what a client says without having read an answer in between is one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Counted:
    """`trips`: begun on any connection. `port`: where the proxy listens."""

    trips: int = 0
    port: int = 0


@asynccontextmanager
async def counting(port: int) -> AsyncIterator[Counted]:
    counted = Counted()
    under_way: set[asyncio.Task[None]] = set()

    async def both_ways(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        server, there = await asyncio.open_connection("127.0.0.1", port)
        answered = True

        async def forth() -> None:
            nonlocal answered
            while piece := await client.read(65536):
                counted.trips += answered
                answered = False
                there.write(piece)
            there.close()

        async def home() -> None:
            nonlocal answered
            while piece := await server.read(65536):
                answered = True
                back.write(piece)
            back.close()

        for way in (forth(), home()):
            task = asyncio.get_running_loop().create_task(way)
            under_way.add(task)
            task.add_done_callback(under_way.discard)

    listening = await asyncio.start_server(both_ways, "127.0.0.1", 0)
    counted.port = listening.sockets[0].getsockname()[1]
    try:
        yield counted
    finally:
        listening.close()
        for task in list(under_way):
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
