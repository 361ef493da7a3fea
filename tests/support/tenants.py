"""A gateway that two callers share, in front of two providers and of two that keep nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from openai import OpenAI

from gateway.limits.keys import hashed
from tests.support.gatewayprocess import GatewayProcess
from tests.support.simulation import Simulation

ALICE: Final = "hk-alice"
BOB: Final = "hk-bob"


def config(one: Simulation, two: Simulation, **more: object) -> dict[str, object]:
    def provider(simulation: Simulation, *dialects: str) -> dict[str, object]:
        return {
            "kind": "simulated",
            "base_url": f"{simulation.url}/v1",
            **({"dialects": list(dialects)} if dialects else {}),
        }

    def model(*providers: str) -> dict[str, object]:
        return {"targets": [{"provider": name, "model": "demo"} for name in providers]}

    return {
        "keys": [{"name": name, "hash": hashed(f"hk-{name}")} for name in ("alice", "bob")],
        "secret": "one secret for all replicas",
        "providers": {
            "one": provider(one),
            "two": provider(two),
            "chat": provider(one, "chat"),
            "messages": provider(one, "messages"),
        },
        "models": {
            "first": model("one"),
            "other": model("two"),
            "pair": model("one", "two"),
            "chat": model("chat"),
            "messages": model("messages"),
        },
        "retry": {"attempts": 1},
        **more,
    }


@contextmanager
def caller(gateway: GatewayProcess, key: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=gateway.v1, api_key=key, max_retries=0) as client:
        yield client
