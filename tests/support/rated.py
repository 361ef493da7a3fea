"""A gateway with two callers, an administrator and several metrics, whose answers can be rated."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import msgspec

from gateway.app import Gateway, Read, start
from gateway.config.feedback import Feedback, FeedbackTokens, Rating
from gateway.config.strict import Secret
from gateway.config.structs import Config, Key, Model, Provider, Target
from gateway.limits.keys import hashed
from gateway.trying.calling import Called, called
from tests.support.simulation import Simulation

ALICE, BOB, ROOT = "hk-alice", "hk-bob", "hk-root"
PAGE: Final = "https://app.example.com"
PATHS: Final = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
METRICS: Final = {
    "thumbs": Rating(),
    "stars": Rating(kind="score", min=1, max=5, bad=2),
    "reason": Rating(kind="category", values=["wrong", "fine"], bad_values=["wrong"]),
    "solved": Rating(level="conversation"),
    "slow": Rating(better="lower", complaint=False),
}


class Rated(NamedTuple):
    gateway: Gateway

    async def ask(
        self,
        text: str = "hello",
        key: str = ALICE,
        api: str = "chat",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Called:
        said: dict[str, Any] = {"messages": [{"role": "user", "content": text}], "max_tokens": 90}
        if api == "responses":
            said = {"input": text, "store": False}
        body = msgspec.json.encode({"model": "demo", **said, **more})
        return await called(self.gateway.app, PATHS[api], body, {**_key(key), **(headers or {})})

    async def say(
        self, body: Mapping[str, Any], key: str | None = ALICE, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        answer = await self.post(body, key, headers)
        return answer.status, msgspec.json.decode(answer.body)

    async def post(
        self, body: Mapping[str, Any], key: str | None = ALICE, headers: Mapping[str, str] | None = None
    ) -> Called:
        given = {**(_key(key) if key is not None else {}), **(headers or {})}
        return await called(self.gateway.app, "/v1/feedback", msgspec.json.encode(body), given)

    async def metrics(self) -> str:
        return (await called(self.gateway.app, "/metrics", b"", method="GET")).body.decode()


def _key(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def head(answer: Called, name: str = "x-haechi-request-id") -> str:
    return dict(answer.headers)[name.encode()].decode()


def config_of(simulation: Simulation, **more: Any) -> Config:
    keys = [
        Key(name="alice", hash=hashed(ALICE), team="support"),
        Key(name="bob", hash=hashed(BOB), team="support"),
        Key(name="root", hash=hashed(ROOT), admin=True),
    ]
    feedback = Feedback(metrics=METRICS, tokens=FeedbackTokens(each=3), origins=[PAGE], comment_characters=50)
    return Config(
        **{
            "keys": keys,
            "secret": Secret("s" * 32),
            "providers": {"simulated": Provider(base_url=simulation.v1)},
            "models": {"demo": Model(targets=[Target(provider="simulated", model="demo")])},
            "feedback": feedback,
            **more,
        }
    )


@asynccontextmanager
async def rated(simulation: Simulation, policies: Read | None = None, **more: Any) -> AsyncIterator[Rated]:
    gateway = await start(config_of(simulation, **more), {} if policies is None else policies.policies)
    try:
        yield Rated(gateway)
    finally:
        await gateway.close()
