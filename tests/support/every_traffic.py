"""A gateway that meets everything that dashboards show: hits, blocks, failures, streams, retries, and what no rule can read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.limits.keys import hashed
from tests.support.callers import PIXEL
from tests.support.gatewayprocess import GatewayProcess, running
from tests.support.policed import policed, policy
from tests.support.simulation import Simulation

KEY: Final = "hk-somebody"
EXEMPT: Final = "hk-exempt"
SCRIPT: Final = {
    "models": {
        "broken": [{"status": 500}],
        "flaky": {"steps": [{"status": 500}, {}], "then": "repeat"},
        "cut": [{"cut": {"after_frames": 4, "how": "rst"}}],
    }
}
_PRICES: Final = {"input": 3.0, "output": 15.0}
_HOUSE_RULES: Final = policy(
    "house",
    detectors={
        "plum": {"kind": "pattern", "match": "plum-[0-9]{4}", "name": "PLUM"},
        "quince": {"kind": "pattern", "match": "quince-[0-9]{4}", "name": "QUINCE"},
        "fig": {"kind": "pattern", "match": "fig-[0-9]{4}", "name": "FIG"},
    },
    rules=[
        {"id": "no-plums", "where": ["user"], "detect": ["plum"], "action": "block"},
        {"id": "no-quinces", "where": ["user"], "detect": ["quince"], "action": {"mask": {"with": "[{kind}]"}}},
        {"id": "figs", "where": ["user"], "detect": ["fig"], "action": "block", "mode": "shadow"},
    ],
    defaults={"opaque": "allow"},
)
_HELD: Final = policy(
    "held",
    detectors={"plum": {"kind": "pattern", "match": "plum-[0-9]{4}", "name": "PLUM"}},
    rules=[{"id": "again", "where": ["content"], "detect": ["plum"], "action": {"reask": {"times": 1}}}],
    bind={"models": ["held"]},
    defaults={"opaque": "allow"},
)


def config(upstream: str, folder: Path) -> dict[str, object]:
    def target(provider: str, model: str, **more: object) -> dict[str, object]:
        return {"provider": provider, "model": model, "prices": _PRICES, **more}

    return {
        "keys": [
            {"name": "somebody", "hash": hashed(KEY)},
            {"name": "exempt", "hash": hashed(EXEMPT), "team": "exempt"},
        ],
        "secret": "one secret",
        "ledger": {"url": f"sqlite:///{folder / 'ledger.db'}"},
        "record": {"spool": str(folder / "spool")},
        "providers": {
            "sim": {
                "kind": "simulated",
                "base_url": f"{upstream}/v1",
                "health": {"path": "/health", "every": 0.5, "timeout": 30},
            },
            "chat": {"kind": "simulated", "base_url": f"{upstream}/v1", "dialects": ["chat"]},
        },
        "models": {
            **{name: {"targets": [target("sim", name)]} for name in ("demo", "cut", "held", "flaky")},
            "broken": {"targets": [target("sim", "broken")], "fallbacks": {"failure": ["demo"]}},
            "alone": {"targets": [target("sim", "broken")]},
            "unpriced": {"targets": [{"provider": "sim", "model": "unheard-of"}]},
            "kept": {"targets": [target("chat", "demo")]},
            "any/*": {"targets": [target("sim", "*")]},
        },
        "retry": {"attempts": 2, "base_delay": 0.01, "budget": 1.0},
        "breaker": {"failures": 3, "open_for": 600},
        "feedback": {"metrics": {"thumbs": {}, "stars": {"kind": "score", "min": 1, "max": 5, "bad": 2}}},
        "cache": {"semantic": {"classes": {"everything": {"temperature": 1.0}}, "deadline_ms": 1000}},
        "policies": {
            "files": ["*.policy.yaml"],
            "exempt": [
                {"name": "plums", "policy": "house", "rule": "no-plums", "team": "exempt", "reason": "it grows them"}
            ],
        },
    }


@contextmanager
def everything(folder: Path, upstream: Simulation) -> Iterator[GatewayProcess]:
    upstream.play(SCRIPT)
    with running(folder, policed(folder, config(upstream.url, folder), _HOUSE_RULES, _HELD)) as gateway:
        yield gateway


def play(gateway: GatewayProcess, round_: int) -> None:
    """Some of everything. What is asked in one round is not asked in another, but for what the cache should know."""
    with httpx.Client(base_url=gateway.v1, headers={"authorization": f"Bearer {KEY}"}, timeout=60) as client:

        def ask(model: str, content: Any, **more: Any) -> int:
            body = {"model": model, "messages": [{"role": "user", "content": content}], **more}
            return client.post("/chat/completions", json=body).status_code

        assert [ask("demo", "What is the capital of Korea?") for _ in range(3)] == [200] * 3
        asked = {"model": "demo", "messages": [{"role": "user", "content": "What is the capital of Korea?"}]}
        given = client.post("/chat/completions", json=asked).headers["x-haechi-request-id"]
        for metric, value in (("thumbs", False), ("thumbs", True), ("stars", 4)):
            about = {"request_id": given, "metric": metric, "value": value, "id": f"{metric}-{value}-{round_}"}
            said = client.post("/feedback", json=about)
            assert said.status_code < 300, said.text
        assert ask("demo", f"Count to ten, {round_}", stream=True) == 200
        assert ask("any/model-of-a-caller", f"Hello {round_}") == 200
        assert ask("demo", f"This is plum-1234, {round_}") == 400
        assert ask("demo", f"This is quince-1234, {round_}") == 200
        assert ask("demo", f"This is fig-1234, {round_}") == 200
        assert ask("held", f"Tell me something, {round_}") == 200
        assert ask("unpriced", f"Hello, {round_}") == 200
        assert ask("broken", f"Hello, {round_}") == 200  # by its fallback
        assert ask("flaky", f"Hello, {round_}") == 200
        assert ask("alone", f"Hello, {round_}") >= 500
        assert ask("nowhere", "Hello") == 404
        picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
        assert ask("demo", [{"type": "text", "text": f"What is this, {round_}?"}, picture]) == 200
        said = client.post("/responses", json={"model": "kept", "input": f"Hello, {round_}", "store": True})
        assert said.status_code == 200, said.text
        exempt = {"authorization": f"Bearer {EXEMPT}"}
        body = {"model": "demo", "messages": [{"role": "user", "content": f"My plum-1234, {round_}"}]}
        assert client.post("/chat/completions", json=body, headers=exempt).status_code == 200
        streamed = {"model": "cut", "messages": [{"role": "user", "content": f"Hello, {round_}"}], "stream": True}
        assert b"error" in client.post("/chat/completions", json=streamed).content
