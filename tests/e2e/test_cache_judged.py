"""What the judge of a class is shown: what the rules for its own zone let pass, of whoever asked."""

from typing import Any, Final

import msgspec

from gateway.app import Gateway, start
from gateway.config.cache import Cache, CacheClass, Semantic
from gateway.config.structs import Config, Key, Model, Provider, Target
from gateway.limits.keys import hashed
from gateway.trying.calling import called
from tests.support.simulation import Simulation
from tests.unit.policy.documents import document, policies, rule

KEY: Final = "hk-of-a-test-that-nobody-has"
ASKED: Final = "Is the part INT-123456 open on Sundays?"
LIKE: Final = "On Sundays, is the part INT-123456 open?"


async def ask(gateway: Gateway, text: str) -> str:
    body = msgspec.json.encode({"model": "demo", "messages": [{"role": "user", "content": text}]})
    answer = await called(gateway.app, "/v1/chat/completions", body, {"authorization": f"Bearer {KEY}"})
    assert answer.status == 200, answer.body
    cache = gateway.gate.pipeline.setup.cache
    assert cache is not None
    assert cache.semantic is not None
    await cache.semantic.drain()
    return dict(answer.headers)[b"x-haechi-cache"].decode()


async def test_rules_for_its_zone_and_the_team_of_whoever_asked_hold_for_what_it_is_shown(
    simulation: Simulation,
) -> None:
    """Though the model that answers may see it."""
    declared = CacheClass(models=["demo"], temperature=1.0, reviewer="judge", judge="judge")
    zones: dict[str, Any] = {"house": "internal", "outside": "external"}
    config = Config(
        providers={name: Provider(base_url=simulation.v1, zone=zone) for name, zone in zones.items()},
        models={
            "demo": Model(targets=[Target(provider="house", model="demo")]),
            "judge": Model(targets=[Target(provider="outside", model="judge")]),
        },
        keys=[Key(name="desk", hash=hashed(KEY), team="green")],
        cache=Cache(semantic=Semantic(classes={"parts": declared}, deadline_ms=30_000)),
    )
    policy = document("house", rule(action="mask"), bind={"teams": ["green"], "zones": ["external"]})
    steps = [{"answer": "INT-123456 is open."}, {"answer": "Yes, you may come for INT-123456."}]
    verdict = [{"answer": '{"serves": true}'}]
    simulation.play({"models": {"demo": {"steps": steps, "then": "repeat"}, "judge": {"steps": verdict, "then": "repeat"}}})  # fmt: skip
    simulation.clear()
    gateway = await start(config, policies(policy))
    try:
        await ask(gateway, ASKED)
        assert await ask(gateway, LIKE) == "shadow"
    finally:
        await gateway.close()
    seen = {str(one["body"]["model"]): str(one["body"]) for one in simulation.requests()}
    assert "123456" in seen["demo"]
    assert "first_question" in seen["judge"]
    assert "123456" not in seen["judge"]
