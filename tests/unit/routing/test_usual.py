"""The model of a request that names none, where the vendor asks for none."""

import pytest

from gateway.config.structs import Config
from gateway.errors import GatewayError
from gateway.routing.plan import Routes, resolve, usual
from tests.unit.routing.shapes import config, model

_DEFAULT = "omni-moderation-latest"


def routes(configuration: Config) -> Routes:
    """Provider `a` offers moderations, `b` does not."""
    return resolve(configuration, serves_of=lambda name: frozenset({"chat", *(["moderations"] if name == "a" else [])}))


def named(configuration: Config, *allowed: str) -> str:
    return usual(routes(configuration), "moderations", allowed or ("*",))


@pytest.mark.parametrize(
    ("configuration", "found"),
    [
        (config(one=model("a/x")), "one"),
        (config(one=model("a/x"), two=model("b/x")), "one"),
        (Config(models={"one": model("a/x"), _DEFAULT: model("a/y")}), _DEFAULT),
        (Config(models={"one": model("a/x"), "*": model("a/*")}), _DEFAULT),
        (config(openai_=model("a/*")), f"openai/{_DEFAULT}"),
        (config(openai_=model("a/*"), other_=model("b/*")), f"openai/{_DEFAULT}"),
        (Config(models={"one": model("a/x"), _DEFAULT: model("b/y")}), "one"),
    ],
)
def test_the_vendors_default_or_the_only_one_there_is(configuration: Config, found: str) -> None:
    assert named(configuration) == found


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        (config(one=model("a/x"), two=model("a/y")), "several"),
        (config(one=model("b/x")), "no model"),
        (config(openai_=model("b/*")), "no model"),
    ],
)
def test_otherwise_the_caller_is_told_to_say_which(configuration: Config, words: str) -> None:
    with pytest.raises(GatewayError, match=rf"`model` must be given.*{words}") as caught:
        named(configuration)
    assert (caught.value.status, caught.value.param) == (400, "model")


def test_a_key_gets_no_model_that_it_may_not_use() -> None:
    both = Config(models={"one": model("a/x"), "two": model("a/y"), _DEFAULT: model("a/z")})
    assert named(both, "two") == "two"
    assert named(both, "t*", "other") == "two"
    with pytest.raises(GatewayError):
        named(both, "three")
