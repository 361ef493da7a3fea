"""Upstreams that answer byte for byte what a test wrote, behind a gateway process: what the simulator cannot play.

One raw server in a thread plays all of them. The first part of the path says which is asked: the provider `first` has the
base URL `<server>/first/v1`.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.support import rawserver
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import Answer, ask

DONE: Final = b"data: [DONE]\n\n"
PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}


@dataclass(frozen=True, slots=True)
class Endless:
    """The same bytes again and again, until nobody takes them or `most` bytes are out."""

    piece: bytes
    most: int


Step = bytes | float | threading.Event | Endless
"""What is sent; how long the upstream is silent; what it waits for."""


@dataclass
class Upstreams:
    """`play` says what a provider answers from now on. `asked` is what came, by provider."""

    asked: dict[str, list[rawserver.Asked]] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    url: str = ""
    _plays: dict[str, Sequence[Step]] = field(default_factory=dict)

    def play(self, provider: str, *steps: Step) -> None:
        self._plays[provider] = steps
        self.asked[provider] = []

    def count(self, provider: str) -> int:
        return len(self.asked[provider])

    async def script(self, peer: rawserver.Peer) -> None:
        """Answers one request after another, until the other end leaves."""
        provider = ""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                while True:
                    asked = await peer.request()
                    if not provider:
                        provider = asked.line.split("/")[1]
                        self.open[provider] = self.open.get(provider, 0) + 1
                    self.asked[provider].append(asked)
                    for step in self._plays[provider]:
                        await self._take(peer, step)
            finally:
                if provider:
                    self.open[provider] -= 1

    async def _take(self, peer: rawserver.Peer, step: Step) -> None:
        if isinstance(step, bytes):
            await peer.send(step)
        elif isinstance(step, float):
            await asyncio.sleep(step)
        elif isinstance(step, Endless):
            for _ in range(step.most // len(step.piece)):
                await peer.send(step.piece)
                self.sent += len(step.piece)
        else:
            await asyncio.to_thread(step.wait, rawserver.PATIENCE)


@dataclass(frozen=True, slots=True)
class Stage:
    """A gateway and its scripted upstreams."""

    process: GatewayProcess
    upstreams: Upstreams
    file: Path

    def ask(self, model: str, caller: str = "chat", *, streamed: bool = False, **more: Any) -> Answer:
        return ask(self.process.url, PATHS[caller], asking(model, caller, streamed=streamed, **more))

    def record(self, answer: Answer) -> dict[str, Any]:
        wanted = answer.headers["x-haechi-request-id"]
        return eventually(lambda: [row for row in records(self.file) if row["request_id"] == wanted])[0]

    def records_of(self, model: str) -> list[dict[str, Any]]:
        return eventually(lambda: [row for row in records(self.file) if row["model"] == model])


def asking(model: str, caller: str = "chat", *, streamed: bool = False, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"model": model, "stream": streamed, **more}
    if caller == "responses":
        return {**said, "input": "Hi"}
    return {**said, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 100}


@contextmanager
def upstreams() -> Iterator[Upstreams]:
    made = Upstreams()
    with rawserver.in_thread(made.script, "scripted upstreams") as made.url:
        yield made


@contextmanager
def stage(
    folder: Path, providers: Mapping[str, Sequence[str]], models: Mapping[str, Any], **more: Any
) -> Iterator[Stage]:
    """`providers`: the dialects each of them speaks."""
    with upstreams() as made:
        config = configured(made, folder, providers, models, **more)
        with running(folder, written(folder, config)) as process:
            yield Stage(process, made, folder / "records.jsonl")


def configured(
    made: Upstreams, folder: Path, providers: Mapping[str, Sequence[str]], models: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    return {
        "providers": {name: provider(made, name, dialects) for name, dialects in providers.items()},
        "models": models,
        "timeouts": {"connect": 20, "first_token": 60, "between_tokens": 60, "total": 90},
        "retry": {"attempts": 2, "base_delay": 0.01, "max_delay": 1, "budget": 1},
        "record": {"file": str(folder / "records.jsonl")},
        **more,
    }


def provider(made: Upstreams, name: str, dialects: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": "openai_compatible",
        "base_url": f"{made.url}/{name}/v1",
        "dialects": list(dialects),
        "headers": {"x-api-key": "k"},
    }


def target(provider: str, model: str = "*", **more: Any) -> dict[str, Any]:
    return {"provider": provider, "model": model, **more}


_NUMBERS: Final = count()


def fresh(route: str) -> str:
    """A name below `route/*` that nobody has asked for: no breaker knows of it, and no `Retry-After` still runs."""
    return f"{route}/m{next(_NUMBERS)}"


# -- what upstreams say


def whole(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """A JSON answer of known length."""
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    given = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    lines = "".join(f"{name}: {said}\r\n" for name, said in given.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body


HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST: Final = b"0\r\n\r\n"


def chunk(*events: bytes) -> bytes:
    """One piece of a stream, with all these events in it."""
    body = b"".join(events)
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


def event(value: Mapping[str, Any]) -> bytes:
    """An event as the dialects with named ones write it; a chat chunk, which has no type, goes without a name."""
    name = f"event: {value['type']}\n" if "type" in value else ""
    return f"{name}data: {msgspec.json.encode(value).decode()}\n\n".encode()


def chat_chunk(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    delta = {"role": "assistant"} if text is None else {"content": text}
    choices = [{"index": 0, "delta": delta if finish is None else {}, "finish_reason": finish}]
    return event(
        {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
    )


def chat_body(text: str, usage: tuple[int, int] | None = (3, 2)) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
    }
    if usage:
        said["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return said
