"""What can be told later of a like question: its neighbours, what spoke against them, and for how long it is known."""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest

from gateway.app import Gateway, start
from gateway.cache.explain import explained
from gateway.cache.trails import MOST, Trail
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.config.structs import Config, Model, Provider, Target
from gateway.trying.calling import called
from tests.support.simulation import Simulation

ASKED: Final = "Is it safe to give a dog two grapes?"
LIKE: Final = "Could you tell me if it is safe to give a dog two grapes?"
TRAP: Final = "Is it safe to give a dog 12 grapes?"


def config(upstream: Simulation, **more: Any) -> Config:
    return Config(
        providers={"simulated": Provider(base_url=f"{upstream.url}/v1")},
        models={name: Model(targets=[Target(provider="simulated", model="demo")]) for name in ("demo", "other")},
        cache=Cache(
            semantic=Semantic(classes={"faq": CacheClass(models=["demo"], temperature=1.0)}, deadline_ms=30_000), **more
        ),
    )


@pytest.fixture
async def gateway(simulation: Simulation) -> AsyncIterator[Gateway]:
    pytest.importorskip("wordllama")
    made = await start(config(simulation))
    try:
        yield made
    finally:
        await made.close()


async def asked(gateway: Gateway, text: str, **more: Any) -> Trail:
    """Asks, and then what became of that."""
    body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": text}], **more})
    answer = await called(gateway.app, "/v1/chat/completions", body)
    assert answer.status == 200, answer.body
    return await told(gateway, dict(answer.headers)[b"x-haechi-request-id"].decode())


async def told(gateway: Gateway, request_id: str) -> Trail:
    answer = await called(gateway.app, f"/haechi/cache/requests/{request_id}", b"", method="GET")
    assert answer.status == 200, answer.body
    assert not any(word in answer.body.decode() for word in ("grapes", "dog", "safe to")), "a text of a question"
    return msgspec.json.decode(answer.body, type=Trail)


async def test_neighbours_are_told_with_what_speaks_against_them(gateway: Gateway) -> None:
    first = await asked(gateway, ASKED)
    assert (first.status, first.why, first.of_class, first.neighbours, first.kept) == ("miss", "new", "faq", [], "kept")
    trap = await asked(gateway, TRAP)
    assert (trap.status, trap.like_why) == ("miss", "veto")
    assert [one.went for one in trap.neighbours] == ["veto"]
    assert trap.neighbours[0].vetoes == ["number number"]
    assert trap.neighbours[0].similarity > 0.9
    like = await asked(gateway, LIKE)
    assert like.status == "shadow"
    assert like.threshold is None
    assert "shadow" in [one.went for one in like.neighbours]
    assert like.parts == first.parts, "the same scope"
    assert like.entry != first.entry
    assert "not certified" in "\n".join(explained(like))


@pytest.mark.parametrize(
    ("more", "of_class", "why"),
    [
        ({"model": "other"}, None, "no_class"),
        ({"temperature": 1.5}, "faq", "temperature"),
        ({"logprobs": True}, "faq", "sampling"),
    ],
)
async def test_why_the_semantic_tier_has_no_part_is_told(
    gateway: Gateway, more: dict[str, Any], of_class: str | None, why: str
) -> None:
    trail = await asked(gateway, ASKED, **more)
    assert (trail.of_class, trail.like_why) == (of_class, why)


async def test_a_reload_forgets_nothing_and_what_is_too_long_ago_is_forgotten(
    gateway: Gateway, simulation: Simulation
) -> None:
    trail = await asked(gateway, ASKED)
    await gateway.prepare(config(simulation, seconds=60))
    assert (await told(gateway, trail.request_id)).entry == trail.entry
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    for number in range(MOST):
        cache.trails.add(msgspec.structs.replace(trail, request_id=f"req_{number}"))
    answer = await called(gateway.app, f"/haechi/cache/requests/{trail.request_id}", b"", method="GET")
    assert answer.status == 404


async def test_what_is_not_kept_says_why(gateway: Gateway, simulation: Simulation) -> None:
    simulation.play({"models": {"demo": {"steps": [{"answer": "Cut", "finish": "length"}], "then": "normal"}}})
    assert (await asked(gateway, "cut off")).kept == "not_clean"


async def test_classes_stand_in_the_stats(gateway: Gateway) -> None:
    await asked(gateway, ASKED)
    await asked(gateway, LIKE)
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    assert cache.semantic is not None
    await cache.semantic.drain()
    answer = await called(gateway.app, "/haechi/cache/stats", b"", method="GET")
    stats: Any = msgspec.json.decode(answer.body)
    assert stats["semantic"] is True
    assert stats["classes"]["faq"]["state"] == "shadow"
    assert stats["classes"]["faq"]["reviews"][-1]["reviews"] == 1
