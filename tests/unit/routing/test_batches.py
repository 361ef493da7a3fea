"""Which models a batch may name, by key, by provider, and under which name the provider has them."""

import pytest

from gateway.config.structs import When
from gateway.routing.batches import model_at, models_at
from gateway.routing.plan import resolve
from tests.unit.routing.shapes import config, model, target

_ROUTES = resolve(
    config(
        fast=model("a/large", "b/other", failure="small"),
        small=model("a/little"),
        openai_=model("a/*"),
        elsewhere=model("b/x"),
        gold=model(target("a/gold", when=When(teams=["gold"]))),
    )
)


@pytest.mark.parametrize(
    ("provider", "name", "own"),
    [
        ("a", "fast", "large"),
        ("b", "fast", "other"),
        ("a", "openai/x", "x"),
        ("b", "openai/x", None),
        ("a", "elsewhere", None),
        ("a", "gold", None),
        ("a", "large", None),
        ("a", "", None),
    ],
)
def test_a_model_has_the_name_of_its_own_target_there(provider: str, name: str, own: str | None) -> None:
    """Not of one that it falls back to, and not of one that only some callers reach."""
    assert model_at(_ROUTES, ("*",), provider, name) == own


def test_a_key_has_its_own_models_alone() -> None:
    for allowed, names in (
        (("*",), ["fast", "small", "openai/*"]),
        (("small", "elsewhere"), ["small"]),
        (("openai/gpt*",), ["openai/gpt*"]),
        (("none",), []),
    ):
        assert models_at(_ROUTES, allowed, "a") == names
        assert model_at(_ROUTES, allowed, "a", "fast") == ("large" if "fast" in names else None)
    assert model_at(_ROUTES, ("openai/gpt*",), "a", "openai/o1") is None
