"""Like questions, with a scripted model: a class begins in shadow, earns its certificate by reviews, and loses it."""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest

from gateway.app import Gateway, start
from gateway.config.structs import Cache, CacheClass, Config, Model, Provider, Semantic, Target
from gateway.trying.calling import Called, called
from tests.support.simulation import Simulation

CITIES: Final = [f"{first}{second}" for first in ("Bal", "Kor", "Min", "Tar", "Ves", "Zul", "Pen", "Rod", "Sil", "Lum", "Gor", "Dan", "Fel", "Hav", "Jor", "Nim", "Qua", "Wes", "Yar", "Mol", "Cer", "Bri", "Thal", "Ost", "Ulm", "Kap", "Ler", "Mav", "Nov", "Pol", "Ras", "Sov", "Tev", "Urb", "Vol", "Wil", "Xan", "Yel", "Zor", "Ard")
          for second in ("anda", "ovia", "istan", "oria", "esia", "unda", "avia", "eria", "onia", "inia", "alia", "umbra", "andor", "ethia", "ishar", "orland", "emark", "ador", "iria", "otho")]  # fmt: skip


def config(upstream: Simulation, **more: Any) -> Config:
    declared: dict[str, Any] = {"temperature": 1.0, "one_caller": 1.0, "audit": 0.5, **more}
    return Config(
        providers={"simulated": Provider(base_url=f"{upstream.url}/v1")},
        models={"demo": Model(targets=[Target(provider="simulated", model="demo")])},
        cache=Cache(semantic=Semantic(classes={"capitals": CacheClass(**declared)}, deadline_ms=1000)),
    )


@pytest.fixture
async def gateway(simulation: Simulation) -> AsyncIterator[Gateway]:
    made = await start(config(simulation))
    try:
        yield made
    finally:
        await made.close()


async def ask(gateway: Gateway, text: str, **more: Any) -> Called:
    body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": text}], **more})
    answer = await called(gateway.app, "/v1/chat/completions", body, {"content-type": "application/json"}, "POST")
    assert answer.status == 200, answer.body
    return answer


def cached(answer: Called) -> str:
    return dict(answer.headers)[b"x-haechi-cache"].decode()


async def settled(gateway: Gateway) -> None:
    """When all reviews are done."""
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    assert cache.semantic is not None
    await cache.semantic.drain()


async def pairs(gateway: Gateway, cities: list[str]) -> list[str]:
    """What the cache did for a question that is like one asked before, city by city."""
    seen: list[str] = []
    for city in cities:
        await ask(gateway, f"What is the capital of {city}?")
        seen.append(cached(await ask(gateway, f"Please tell me what the capital of {city} is.")))
        await settled(gateway)
        if len(seen) > 1 and seen[-1] == "semantic" and seen[-2] != "semantic" and "semantic" not in seen[:-1]:
            break
    return seen


async def test_a_class_begins_in_shadow_is_certified_by_clean_reviews_and_loses_it_to_wrong_ones(
    gateway: Gateway, simulation: Simulation
) -> None:
    simulation.play({"models": {"demo": {"steps": [{"answer": "It lies on the river."}], "then": "repeat"}}})
    seen = await pairs(gateway, CITIES)
    assert set(seen[:-1]) <= {"shadow", "miss"}
    assert 350 < seen.count("shadow") < 750
    assert seen[-1] == "semantic", "certified"
    # From now on one answer in ten is another one.
    right, wrong = {"answer": "It lies on the river."}, {"answer": "Nobody knows where 42 lies."}
    simulation.play({"models": {"demo": {"steps": [*[right] * 9, wrong] * 200, "then": "normal"}}})
    later: list[str] = []
    for city in CITIES[len(seen) :]:
        await ask(gateway, f"What is the capital of {city}?")
        later.append(cached(await ask(gateway, f"Please tell me what the capital of {city} is.")))
        await settled(gateway)
        if later[-12:] == ["shadow"] * 12:
            break
    assert "semantic" in later
    assert later[-12:] == ["shadow"] * 12, "withdrawn"
    assert len(later) < 350
