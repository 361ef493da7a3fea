r"""A peer on a raw socket that does exactly what a script says: bytes as written, half-closes, resets, silence.

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n...")

    async with serve(script) as server:
        ...  # server.url

The script runs once per connection; when it returns, the connection is closed. A script that fails makes `serve` fail.
"""

import asyncio
import os
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

PATIENCE = 60.0  # longest life of one connection: a hanging test fails and says where


@dataclass
class Asked:
    """A request as it came: its first line, its headers (lower-case names, in order), its body."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


class Peer:
    """The far end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head(self) -> Asked:
        """The next request up to the empty line."""
        text = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = text[:-4].split("\r\n")
        pairs = (item.split(":", 1) for item in rest)
        return Asked(line, [(name.lower(), value.strip()) for name, value in pairs])

    async def request(self) -> Asked:
        """The next request with its body, which must have a length if there is one."""
        asked = await self.head()
        assert not asked.all("transfer-encoding"), asked
        if length := asked.all("content-length"):
            asked.body = await self.reader.readexactly(int(length[0]))
        return asked

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def half_close(self) -> None:
        self.writer.write_eof()

    def reset(self) -> None:
        """Close so that the other end gets a reset, not an end."""
        with socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno())) as twin:
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Until the other end has closed or reset; whatever it still sends is thrown away."""
        with suppress(ConnectionError, ssl.SSLError):
            while await self.reader.read(1 << 20):
                pass


Script = Callable[[Peer], Awaitable[None]]


@dataclass
class Server:
    """Where the peer listens, and how many connections it has taken."""

    scheme: str
    host: str
    port: int
    accepted: int = 0
    requests: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.at(f"[{self.host}]" if ":" in self.host else self.host)

    def at(self, name: str) -> str:
        """The URL under another name of the same machine."""
        return f"{self.scheme}://{name}:{self.port}"


@asynccontextmanager
async def serve(
    script: Script,
    *,
    tls: ssl.SSLContext | None = None,
    scheme: str | None = None,
    host: str = "127.0.0.1",
    patience: float | None = PATIENCE,
) -> AsyncIterator[Server]:
    failures: list[BaseException] = []
    running: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        server.accepted += 1
        try:
            async with asyncio.timeout(patience):
                await script(Peer(reader, writer))
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001  handed to the test below
            failures.append(error)
        finally:
            running.discard(task)
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    listener = await asyncio.start_server(accept, host, 0, ssl=tls, limit=1 << 20)
    port = listener.sockets[0].getsockname()[1]
    server = Server(scheme or ("https" if tls else "http"), host, port)
    try:
        yield server
    finally:
        listener.close()
        for task in tuple(running):
            task.cancel()
        if running:
            await asyncio.wait(tuple(running))
        await listener.wait_closed()
    if failures:
        raise failures[0]


def tls_for(authority: trustme.CA, name: str, asked: list[str | None] | None = None) -> ssl.SSLContext:
    """A server's context with a certificate for `name`; the names that clients send are put on `asked`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if asked is not None:
        context.sni_callback = lambda _, wanted, __: asked.append(wanted)
    return context


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port of 127.0.0.1 where a connection is neither made nor refused: the queue of its listener is full."""
    fillers: list[socket.socket] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        try:
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                fillers.append(filler)
                with suppress(BlockingIOError):
                    filler.connect(listener.getsockname())
            yield listener.getsockname()[1]
        finally:
            for filler in fillers:
                filler.close()


def open_sockets() -> int:
    """How many sockets this process holds; Linux alone can say."""
    links = Path("/proc/self/fd")
    count = 0
    for link in links.iterdir():
        with suppress(OSError):
            count += link.readlink().name.startswith("socket:")
    return count


@contextmanager
def in_thread(script: Script, name: str = "raw server") -> Iterator[str]:
    """The address of one that runs in a thread with an event loop of its own. What fails there fails here, in the end.

    It may serve many tests: a connection that a pool keeps lives as long as they take.
    """
    addresses: list[str] = []
    failures: list[BaseException] = []
    ready, end = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serving() -> None:
        async with serve(script, patience=None) as server:
            addresses.append(server.url)
            ready.set()
            await end.wait()

    def run() -> None:
        try:
            loop.run_until_complete(serving())
        except BaseException as error:  # noqa: BLE001  handed to the test below
            failures.append(error)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=run, name=name)
    thread.start()
    try:
        assert ready.wait(PATIENCE), f"the {name} did not start within {PATIENCE:g} s"
        yield addresses[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(15)
    if failures:
        raise failures[0]
