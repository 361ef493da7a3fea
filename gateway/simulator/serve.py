"""The simulator on a socket: inside another event loop, or as a process of its own."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from gateway.listening import listen
from gateway.simulator.app import simulator
from gateway.simulator.line import Protocol
from gateway.simulator.script import Script, ScriptError, load

Stop = Callable[[], Awaitable[None]]


def run(host: str, port: int, script_path: Path | None, *, control: bool = False) -> int:
    """Serve until a signal comes; says on standard output where. Returns the exit status of the process."""
    try:
        script = load(script_path) if script_path else Script()
    except ScriptError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        listening = listen(host, port)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port\n")
        return 1
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"simulated upstream on http://{shown}:{listening.getsockname()[1]}/v1\n")
    sys.stdout.flush()
    uvicorn.Server(_config(simulator(script, control=control), graceful=2)).run(sockets=[listening])
    return 0


async def serve(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> tuple[int, Stop]:
    """Serve `app` in the running loop, without touching signals. Gives the port and how to stop: at once, cutting streams."""
    listening = listen(host, port)
    config = _config(app)
    server = _Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listening])
    ticking = asyncio.create_task(server.main_loop())

    async def stop() -> None:
        server.should_exit = True
        await ticking
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await server.shutdown(sockets=[listening])

    return int(listening.getsockname()[1]), stop


class _Server(uvicorn.Server):
    """A server that leaves signals to the loop it lives in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: ASGIApp, graceful: int | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=graceful,
    )
