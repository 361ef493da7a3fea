"""One attempt at the simulator through litellm: its fixtures, and what it gave."""

import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from gateway.config.structs import Limits, Timeouts
from gateway.dialects import DIALECTS
from gateway.upstream.aiohttp_transport import AiohttpTransport
from gateway.upstream.http import AttemptFailed, Outbound, Progress, Upstream
from gateway.upstream.litellm import Library, load
from gateway.upstream.providers import PROVIDERS
from gateway.wire.frames import DONE, Frame
from tests.support.simulation import Simulation

ONE_LOOP = pytest.mark.asyncio(loop_scope="session")
# `load` puts these in force for a gateway; pytest takes every filter back after each test.
QUIET = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:litellm"),
    pytest.mark.filterwarnings("ignore::UserWarning:pydantic"),
]

KEY = "canary-litellm-0451"
OPENAI, ANTHROPIC, VLLM, MISTRAL = "openai/demo", "anthropic/demo", "hosted_vllm/demo", "mistral/demo"
PROVIDERS_ASKED = [OPENAI, ANTHROPIC, VLLM, MISTRAL]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
HELLO = [{"role": "user", "content": "안녕하세요 hi"}]

Take = Callable[[list[Frame]], Awaitable[None]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def library() -> AsyncIterator[Library]:
    """One for all tests, and one loop with it: what it opens belongs to the process."""
    with warnings.catch_warnings():
        loaded = load()
    yield loaded
    await loaded.aclose()


class Asked:
    """One attempt: what it gave, and where it stands."""

    def __init__(self, library: Library, upstream: Upstream, outbound: Outbound) -> None:
        self.progress = Progress()
        self.frames: list[Frame] = []
        self._library = library
        self._upstream = upstream
        self._outbound = outbound

    async def run(self, take: Take | None = None, limits: Limits | None = None) -> "Asked":
        await self._library.ask(
            self._upstream, self._outbound, limits or Limits(), self.progress, take or self._collect
        )
        return self

    async def _collect(self, frames: list[Frame]) -> None:
        self.progress.begun = True
        self.frames += frames

    @property
    def chunks(self) -> list[dict[str, Any]]:
        return [frame.json for frame in self.frames if frame.data != DONE]

    @property
    def ended(self) -> bool:
        return bool(self.frames) and self.frames[-1].data == DONE

    def text(self, choice: int = 0) -> str:
        return "".join(
            one["delta"].get("content") or ""
            for chunk in self.chunks
            for one in chunk["choices"]
            if one["index"] == choice
        )

    def finishes(self) -> dict[int, str]:
        return {
            one["index"]: one["finish_reason"]
            for chunk in self.chunks
            for one in chunk["choices"]
            if one["finish_reason"]
        }


Asking = Callable[..., Asked]


@pytest.fixture
def asking(library: Library, behind: Simulation) -> Asking:
    """`asking(model, **fields)`: an attempt at the simulator, in the words of that model's provider."""

    def made(model: str, timeouts: Timeouts | None = None, dialect: str = "chat", **fields: Any) -> Asked:
        base = behind.url if model.startswith("anthropic/") else behind.v1
        upstream = Upstream(
            name="others",
            row=PROVIDERS["litellm"],
            base_url=fields.pop("base", base),
            speaks=PROVIDERS["litellm"].speaks,
            timeouts=timeouts or Timeouts(first_token=60, between_tokens=60),
            transport=AiohttpTransport(),
            headers={"authorization": f"Bearer {KEY}", "x-operator": "yes"},
        )
        body = {"messages": HELLO, **fields} if dialect == "chat" else fields
        DIALECTS[dialect].prepare(body)
        raw = msgspec.json.encode({**body, "model": model})
        headers = {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "openai-beta": "x"}
        return Asked(
            library,
            upstream,
            Outbound(DIALECTS[dialect], "POST", "/x", headers, raw, streamed=fields.get("stream") is True),
        )

    return made


async def failure(asked: Asked) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as caught:
        await asked.run()
    assert KEY not in caught.value.error.message
    return caught.value
