"""The simulator as a real server on a free loopback port: in a thread of this process, or in a process of its own."""

import asyncio
import inspect
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any, Self

from msgspec import json

from gateway.simulator.app import simulator
from gateway.simulator.serve import serve


class Simulation:
    """A running simulator with its remote control."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.v1 = f"{self.url}/v1"

    def play(self, script: Mapping[str, Any]) -> None:
        """Follow a new script: the same shape as a script file."""
        status, answer = self._call("POST", "/_simulator/script", json.encode(script))
        assert status == 200, answer

    def misbehave(self, *steps: Mapping[str, Any], model: str = "*", then: str = "repeat") -> None:
        """A script of one sequence."""
        self.play({"models": {model: {"steps": list(steps), "then": then}}})

    def requests(self) -> list[dict[str, Any]]:
        """What arrived since the start or the last `clear`."""
        found: list[dict[str, Any]] = json.decode(self._call("GET", "/_simulator/requests")[1])
        return found

    def clear(self) -> None:
        self._call("DELETE", "/_simulator/requests")

    def reset(self) -> None:
        """No script, nothing arrived."""
        self.play({})
        self.clear()

    def _call(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


class _Thread:
    """A thread with an event loop that serves until it is told to stop."""

    def __init__(self) -> None:
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="simulator")

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30), "the simulator did not start within 30 s"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self.port, stop = await serve(simulator(control=True), "127.0.0.1", 0)
        self._ready.set()
        await self._end.wait()
        await stop()


@contextmanager
def in_thread() -> Iterator[Simulation]:
    """A simulator beside the test, in this process."""
    with _Thread() as running:
        yield Simulation(running.port)


@contextmanager
def in_process() -> Iterator[Simulation]:
    """A simulator in a process of its own, so that its work and the test's do not share a core's lock."""
    code = "from gateway.simulator.serve import run; raise SystemExit(run('127.0.0.1', 0, None, control=True))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield Simulation(int(line.rsplit(":", 1)[1].split("/")[0]))
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()


async def result(answer: Any) -> Any:
    """The answer of an SDK call, sync or async: lets one test speak with both clients."""
    return await answer if inspect.isawaitable(answer) else answer


async def events(answer: Any) -> list[Any]:
    """Everything that a streamed SDK call yields, sync or async."""
    stream = await result(answer)
    if hasattr(stream, "__aiter__"):
        return [event async for event in stream]
    return list(stream)


async def close(client: Any) -> None:
    """Close an SDK client, sync or async."""
    await result(client.close())
