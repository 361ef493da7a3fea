"""Requests that one provider alone can serve, and what routes know of their providers."""

import pytest

from gateway.config.structs import Config, Provider
from gateway.errors import GatewayError
from gateway.routing.plan import resolve
from tests.unit.routing.shapes import break_open, config, health, model, places, planned, target


def two() -> Config:
    return config(
        fast=model("a/large", "b/large", failure="small"), small=model("a/little", "c/little"), alone=model("a/large")
    )


def test_the_asked_model_is_not_mixed_with_those_it_may_fall_back_to() -> None:
    """The account also serves the fallback's model; nobody asked for that."""
    assert places(planned(two(), pinned="a").candidates()) == ["a/large"]
    assert places(planned(two(), pinned="c").candidates()) == ["c/little"]


def test_without_the_one_account_the_error_says_so() -> None:
    state = health()
    break_open(state, "fast/0:a/large")
    with pytest.raises(GatewayError) as caught:
        planned(two(), "fast", state, pinned="a")
    assert caught.value.code == "no_target_available"
    assert "in the one account that holds what the request refers to, or signed blocks in it," in caught.value.message
    assert caught.value.retry_after is not None
    assert places(planned(two(), "fast", state).candidates()) == ["b/large", "a/little", "c/little"]


def test_a_route_knows_all_providers_it_leads_to() -> None:
    routes = resolve(two())
    assert routes.divided
    assert routes.providers("fast") == {"a", "b", "c"}
    assert routes.providers("alone") == {"a"}
    assert routes.providers("unknown") == frozenset()


def test_a_wildcard_route_knows_them_under_every_name() -> None:
    routes = resolve(config(openai_=model("a/*", "b/*"), exact=model("c/m")))
    assert routes.providers("openai/gpt-5") == {"a", "b"}
    assert routes.providers("openai/") == frozenset()
    route = routes.find("openai/gpt-5")
    assert route is not None
    assert route.providers == {"a", "b"}


def test_a_provider_that_residency_forbids_is_none_of_them() -> None:
    here = config(
        providers={"a": Provider(region="kr"), "b": Provider(region="us")},
        fast=model(target("a/m"), target("b/m"), regions=["kr"]),
    )
    assert resolve(here).providers("fast") == {"a"}
    assert not resolve(here).divided, "with one provider each there is nothing to remember"
