from random import Random
from typing import Any

import pytest

from gateway.config.structs import Prices, Strategy, When
from gateway.routing.features import Features
from gateway.routing.health import Health
from gateway.routing.strategies import STRATEGIES, holds

from .shapes import config, health, model, places, planned, target


def order(strategy: Strategy, *targets: Any, state: Health | None = None, now: float = 0.0, **fields: Any) -> list[str]:
    made = planned(config(fast=model(*targets, strategy=strategy)), "fast", state, now, **fields)
    return [place.split("/")[0] for place in places(made.candidates())]


def used(
    state: Health, provider: str, *, latency: float | None = None, ttft: float | None = None, busy: int = 0
) -> None:
    name = f"fast/0:{provider}/m"
    if latency is not None or ttft is not None:
        state.began(name, 0.0)
        if ttft is not None:
            state.first_token(name, ttft, 0.0)
        state.ended(name, latency or 0.0, "ok" if latency is not None else "cancelled", 0.0)
    for _ in range(busy):
        state.began(name, 0.0)


def test_every_strategy_of_the_configuration_exists() -> None:
    assert set(STRATEGIES) == set(Strategy.__args__)  # type: ignore[attr-defined]  # typing has no other way


def test_a_weight_of_zero_never_goes_first_unless_alone() -> None:
    made = model(target("a/m", weight=0), target("b/m", weight=1), strategy="weighted")
    rng = Random(7)
    candidates = planned(config(fast=made)).groups[0].candidates
    for _ in range(500):
        drawn = STRATEGIES["weighted"](candidates, Features(model="fast"), health(), 0.0, rng)
        assert [one.provider for one in drawn] == ["b", "a"]
    assert order("weighted", target("a/m", weight=0)) == ["a"]


def test_weighted_draws_every_target_for_the_first_place() -> None:
    candidates = planned(config(fast=model("a/m", "b/m", "c/m", strategy="weighted"))).groups[0].candidates
    rng = Random(7)
    firsts = {
        STRATEGIES["weighted"](candidates, Features(model="f"), health(), 0.0, rng)[0].provider for _ in range(100)
    }
    assert firsts == {"a", "b", "c"}


def test_least_busy_weighs_requests_under_way_by_latency() -> None:
    state = health()
    used(state, "a", latency=10.0, busy=1)  # 2 x 10
    used(state, "b", latency=1.0, busy=9)  # 10 x 1
    assert order("least_busy", "a/m", "b/m", state=state) == ["b", "a"]


def test_least_busy_does_not_send_everything_to_a_target_without_a_latency() -> None:
    state = health()
    used(state, "a", latency=10.0, busy=1)
    used(state, "b", busy=3)
    assert order("least_busy", "a/m", "b/m", state=state) == ["a", "b"]


def test_of_two_idle_targets_the_quicker_is_the_less_busy() -> None:
    state = health()
    used(state, "a", latency=10.0)
    used(state, "b", latency=1.0)
    assert order("least_busy", "a/m", "b/m", state=state) == ["b", "a"]


def test_least_busy_compares_two_and_not_all() -> None:
    state = health()
    for place, busy in enumerate((0, 1, 2, 3)):
        used(state, f"p{place}", latency=1.0, busy=busy)
    candidates = planned(config(fast=model(*(f"p{i}/m" for i in range(4))))).groups[0].candidates
    rng = Random(3)
    firsts = {
        STRATEGIES["least_busy"](candidates, Features(model="f"), state, 0.0, rng)[0].provider for _ in range(200)
    }
    assert firsts == {"p0", "p1", "p2"}  # the busiest loses against each other


def test_fastest_goes_by_time_to_first_token() -> None:
    state = health()
    used(state, "a", ttft=0.9)
    used(state, "b", ttft=0.1)
    assert order("fastest", "a/m", "b/m", state=state) == ["b", "a"]


def test_fastest_explores_an_unknown_target_with_one_request_at_a_time() -> None:
    state = health()
    used(state, "a", ttft=0.1)
    assert order("fastest", "a/m", "b/m", state=state) == ["b", "a"]
    used(state, "b", busy=1)
    assert order("fastest", "a/m", "b/m", state=state) == ["a", "b"]


def test_fastest_looks_again_at_a_target_that_was_slow_long_ago() -> None:
    state = health()
    used(state, "slow", ttft=9.0)
    state.first_token("fast/0:a/m", 0.1, 0.0)
    used(state, "a", ttft=0.1)
    state.began("fast/0:a/m", 100.0)
    state.first_token("fast/0:a/m", 0.1, 100.0)
    assert order("fastest", "a/m", "slow/m", state=state, now=100.0) == ["slow", "a"]


def test_cheapest_weighs_input_and_output_and_puts_unknown_prices_last() -> None:
    unknown = target("unknown/m")
    long_in = target("in/m", prices=Prices(input=1, output=10))
    long_out = target("out/m", prices=Prices(input=2, output=1))
    assert order("cheapest", unknown, long_in, long_out, input_tokens=10_000) == ["in", "out", "unknown"]
    assert order("cheapest", unknown, long_in, long_out, input_tokens=10) == ["out", "in", "unknown"]
    assert order("cheapest", unknown, long_in, long_out, input_tokens=10, max_output_tokens=0) == [
        "in",
        "out",
        "unknown",
    ]


def test_sticky_gives_the_same_key_the_same_order_whatever_the_dice_say() -> None:
    candidates = planned(config(fast=model("a/m", "b/m", "c/m"))).groups[0].candidates
    features = Features(model="fast", sticky_key=b"a conversation")
    orders = {
        tuple(one.name for one in STRATEGIES["sticky"](candidates, features, health(), 0.0, Random(seed)))
        for seed in range(20)
    }
    assert len(orders) == 1


def test_sticky_without_a_key_spreads() -> None:
    candidates = planned(config(fast=model("a/m", "b/m"))).groups[0].candidates
    rng = Random(1)
    firsts = {STRATEGIES["sticky"](candidates, Features(model="f"), health(), 0.0, rng)[0].provider for _ in range(50)}
    assert firsts == {"a", "b"}


def test_conditional_takes_those_that_hold_then_those_without_a_condition_and_no_other() -> None:
    targets = [target("rest/m"), target("no/m", when=When(teams=["x"])), target("yes/m", when=When(teams=["y"]))]
    made = planned(config(fast=model(*targets, strategy="conditional")), team="y")
    assert [one.provider for one in made.candidates()] == ["yes", "rest"]
    assert [(out.candidate.provider, out.why) for out in made.excluded] == [("no", "condition")]


@pytest.mark.parametrize(
    ("when", "asked", "answer"),
    [
        (When(), {}, True),
        (When(models=["m"]), {}, True),
        (When(models=["other"]), {}, False),
        (When(models=["other", "m/*"]), {"model": "m/1"}, True),
        (When(teams=["red"]), {"team": "red"}, True),
        (When(teams=["red"]), {}, False),
        (When(tags=["a", "b"]), {"tags": frozenset({"b"})}, True),
        (When(tags=["a"]), {"tags": frozenset({"b"})}, False),
        (When(headers={"X-Tier": "gold"}), {"headers": {"x-tier": "gold"}}, True),
        (When(headers={"X-Tier": "gold"}), {"headers": {"x-tier": "Gold"}}, False),
        (When(headers={"X-Tier": "gold", "a": "b"}), {"headers": {"x-tier": "gold"}}, False),
        (When(min_tokens=10), {"input_tokens": 10}, True),
        (When(min_tokens=10), {"input_tokens": 9}, False),
        (When(max_tokens=10), {"input_tokens": 10}, True),
        (When(max_tokens=10), {"input_tokens": 11}, False),
        (When(tools=True), {"needs": frozenset({"tools"})}, True),
        (When(tools=True), {}, False),
        (When(tools=False), {"needs": frozenset({"tools"})}, False),
        (When(images=True), {"needs": frozenset({"images"})}, True),
        (When(images=False), {"needs": frozenset({"images"})}, False),
        (When(teams=["red"], tools=True), {"team": "red"}, False),
    ],
)
def test_all_conditions_that_are_given_must_hold(when: When, asked: dict[str, Any], answer: bool) -> None:
    assert holds(when, Features(**({"model": "m"} | asked))) is answer
