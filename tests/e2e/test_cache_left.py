"""A caller that leaves as soon as it has its answer leaves it to others: keeping it may take longer."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any, Final

import msgspec
import pytest

from gateway.app import Gateway, start
from gateway.cache.answers import Answers
from gateway.cache.memory import Memory
from gateway.cache.store import Placed
from gateway.config.cache import Cache
from gateway.config.structs import Config, Model, Provider, Target
from gateway.trying.calling import called
from tests.support.simulation import Simulation

STREAMED: Final = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


class Slow(Memory):
    """A store that takes its time."""

    def __init__(self) -> None:
        super().__init__(100, 1_000_000, asyncio.get_running_loop().time)
        self.asked = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def put(self, key: bytes, value: bytes, seconds: float, worth: float, placed: Placed | None = None) -> None:
        self.asked.set()
        await self.goes_on.wait()
        await super().put(key, value, seconds, worth, placed)


@pytest.fixture
async def gateway(simulation: Simulation) -> AsyncIterator[Gateway]:
    made = await start(
        Config(
            providers={"sim": Provider(kind="simulated", base_url=f"{simulation.url}/v1")},
            models={"demo": Model(targets=[Target(provider="sim", model="demo")])},
            cache=Cache(),
        )
    )
    try:
        yield made
    finally:
        await made.close()


def cache_of(gateway: Gateway) -> Answers:
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    return cache


def asking(streamed: bool) -> bytes:
    return msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": "?"}], "stream": streamed})


async def ask_and_leave(
    gateway: Gateway, body: bytes, left: asyncio.Event, heard: Callable[[bytes], None] = lambda _: None
) -> None:
    """Leaves once `left` says so."""
    asked = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if asked:
            return asked.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        heard(message.get("body", b""))

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    path = "/v1/chat/completions"
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": path, "raw_path": path.encode(),
             "root_path": "", "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "extensions": {}}  # fmt: skip
    await gateway.app(scope, receive, send)


@STREAMED
async def test_who_leaves_while_its_answer_is_being_kept_keeps_it_from_nobody(
    gateway: Gateway, simulation: Simulation, streamed: bool
) -> None:
    cache = cache_of(gateway)
    store = cache.store = Slow()
    left = asyncio.Event()
    asking_it = asyncio.create_task(ask_and_leave(gateway, asking(streamed), left))
    await store.asked.wait()
    left.set()
    await asking_it
    assert not len(store)
    store.goes_on.set()
    await asyncio.wait(cache.keeping)
    assert len(store) == 1
    answer = await called(gateway.app, "/v1/chat/completions", asking(streamed))
    assert dict(answer.headers)[b"x-haechi-cache"] == b"hit"


async def test_who_has_it_all_need_not_wait_for_the_upstream_to_hang_up(gateway: Gateway) -> None:
    """Its last event has come, but not the end of the body."""
    chunks: list[Any] = [{"choices": [{"index": 0, "delta": {"content": "네"}, "finish_reason": None}]}, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]  # fmt: skip
    said = b"".join([b"data: %b\n\n" % msgspec.json.encode({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "demo", **one}) for one in chunks])  # fmt: skip
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        whole = said + b"data: [DONE]\n\n"
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%b\r\n" % (len(whole), whole))
        await over.wait()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    made = await start(
        Config(
            providers={"slow": Provider(kind="simulated", base_url=url)},
            models={"demo": Model(targets=[Target(provider="slow", model="demo")])},
            cache=Cache(),
        )
    )
    left = asyncio.Event()

    def heard(body: bytes) -> None:
        if b"[DONE]" in body:
            left.set()

    await ask_and_leave(made, asking(True), left, heard)
    store = cache_of(made).store
    assert isinstance(store, Memory)
    if cache_of(made).keeping:
        await asyncio.wait(cache_of(made).keeping)
    assert len(store) == 1
    over.set()
    listener.close()
    await made.close()


async def test_the_gateway_closes_when_all_is_kept(gateway: Gateway, simulation: Simulation) -> None:
    store = cache_of(gateway).store = Slow()
    left = asyncio.Event()
    asking_it = asyncio.create_task(ask_and_leave(gateway, asking(False), left))
    await store.asked.wait()
    left.set()
    await asking_it
    closing = asyncio.create_task(gateway._caches.aclose())
    await asyncio.sleep(0)
    assert not closing.done()
    store.goes_on.set()
    await closing
    assert len(store) == 1
