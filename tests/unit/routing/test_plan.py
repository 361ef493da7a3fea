from random import Random

import pytest

from gateway.config.structs import Config, Prices, Provider
from gateway.errors import GatewayError
from gateway.routing.features import Features, permits
from gateway.routing.plan import keeping, plan, resolve

from .shapes import OPEN_FOR, break_open, config, health, model, places, planned, target


def refusal(*args: object, **fields: object) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        planned(*args, **fields)  # type: ignore[arg-type]  # passed on as given
    return caught.value


def test_the_asked_models_targets_come_in_their_order() -> None:
    made = planned(config(fast=model("openai/gpt-5", "anthropic/claude")))
    assert places(made.groups[0].candidates) == ["openai/gpt-5", "anthropic/claude"]
    assert made.groups[0].candidates[0].name == "fast/0:openai/gpt-5"


def test_names_do_not_depend_on_the_place_in_the_list_and_tell_twins_apart() -> None:
    before = planned(config(fast=model("a/m", "b/m", "b/m")))
    after = planned(config(fast=model("b/m", "b/m", "a/m")))
    assert {one.name for one in before.candidates()} == {"fast/0:a/m", "fast/0:b/m", "fast/1:b/m"}
    assert {one.name for one in before.candidates()} == {one.name for one in after.candidates()}


def test_a_wildcard_fills_in_what_it_matched_but_not_the_label() -> None:
    one = planned(config(openai_=model("openai/*")), "openai/gpt-5").candidates()[0]
    assert (one.model, one.name, one.label) == ("gpt-5", "openai/*/0:openai/gpt-5", "openai/*/0:openai/*")


def test_the_exact_name_wins_then_the_longest_prefix() -> None:
    models = {"*": model("any/*"), "a/*": model("short/*"), "a/b/*": model("long/*"), "a/b/c": model("exact/c")}
    routes = Config(models=models)
    assert places(planned(routes, "a/b/c").candidates()) == ["exact/c"]
    assert places(planned(routes, "a/b/d").candidates()) == ["long/d"]
    assert places(planned(routes, "a/x").candidates()) == ["short/x"]
    assert places(planned(routes, "z").candidates()) == ["any/z"]


@pytest.mark.parametrize("asked", ["openai/", "openai/" + "x" * 300])
def test_a_wildcard_matches_neither_nothing_nor_a_monster(asked: str) -> None:
    assert refusal(config(openai_=model("openai/*")), asked).code == "model_not_found"


def test_the_price_list_is_asked_for_the_filled_in_model_and_for_the_providers_kind() -> None:
    asked = []

    def price_of(kind: str, name: str) -> Prices | None:
        asked.append((kind, name))
        return Prices(input=1)

    routes = resolve(config({"mine": Provider(kind="openai")}, own_=model("mine/*")), price_of=price_of)
    route = routes.find("own/gpt-5")
    assert route is not None
    assert route.groups[0].candidates[0].prices == Prices(input=1)
    assert ("openai", "gpt-5") in asked


def test_a_targets_own_prices_beat_the_list() -> None:
    own = Prices(input=9)
    routes = resolve(config(fast=model(target("a/m", prices=own))), price_of=lambda _kind, _model: Prices(input=1))
    assert routes.exact["fast"].groups[0].candidates[0].prices == own


# --- what is not found -----------------------------------------------------------------------------------------------


def test_an_unknown_model_is_answered_with_the_nearest_name() -> None:
    error = refusal(config(fast=model("a/m"), slow=model("a/m")), "fats")
    assert (error.code, error.param) == ("model_not_found", "model")
    assert "'fast'" in error.message


def test_a_suggestion_never_names_a_model_the_principal_may_not_see() -> None:
    error = refusal(config(secret1=model("a/m")), "secret2", allowed=("fast", "slow/*"))
    assert "secret1" not in error.message


def test_patterns_of_allowed_names() -> None:
    assert permits(("fast",), "fast")
    assert not permits(("fast",), "faster")
    assert permits(("openai/*",), "openai/gpt-5")
    assert not permits((), "fast")


# --- what a target cannot do -----------------------------------------------------------------------------------------


def test_a_target_that_lacks_what_is_needed_is_left_out_and_the_record_says_why() -> None:
    made = planned(config(fast=model(target("a/m", lacks=["tools"]), "b/m")), needs=frozenset({"tools", "n"}))
    assert places(made.candidates()) == ["b/m"]
    (out,) = made.excluded
    assert (out.candidate.provider, out.why, sorted(out.lacks)) == ("a", "capability", ["tools"])


def test_when_every_target_lacks_it_the_error_names_it() -> None:
    both = model(target("a/m", lacks=["tools", "images"]), target("b/m", lacks=["tools"]), failure="other")
    error = refusal(config(fast=both, other=model("c/m")), needs=frozenset({"tools", "images"}))
    assert error.code == "unsupported_parameter"
    assert error.message.endswith(": tools.")


def test_when_each_target_lacks_something_else_the_error_names_all() -> None:
    both = model(target("a/m", lacks=["images"]), target("b/m", lacks=["tools"]))
    assert refusal(config(fast=both), needs=frozenset({"tools", "images"})).message.endswith(": images, tools.")


def test_a_target_whose_context_is_shorter_is_left_out() -> None:
    both = config(fast=model(target("a/m", context_tokens=99), target("b/m", context_tokens=100)))
    assert places(planned(both, input_tokens=100).candidates()) == ["b/m"]
    error = refusal(both, input_tokens=101)
    assert error.code == "context_length_exceeded"
    assert "100" in error.message


def test_too_long_an_input_opens_with_the_fallback_for_context_length() -> None:
    short = model(target("a/m", context_tokens=10), context_length="long", failure="other")
    made = planned(config(fast=short, long=model("b/m"), other=model("c/m")), input_tokens=50)
    assert made.opening == "context_length"
    assert made.groups[0].candidates == ()


def test_an_unhealthy_capable_target_is_no_missing_capability() -> None:
    state = health()
    break_open(state, "fast/0:b/m")
    error = refusal(
        config(fast=model(target("a/m", lacks=["tools"]), "b/m")), "fast", state, needs=frozenset({"tools"})
    )
    assert error.code == "no_target_available"


# --- health ----------------------------------------------------------------------------------------------------------


def test_an_open_target_is_left_out_and_the_error_says_when_to_come_back() -> None:
    state = health()
    break_open(state, "fast/0:a/m")
    made = planned(config(fast=model("a/m", "b/m")), "fast", state, 1.0)
    assert places(made.candidates()) == ["b/m"]
    error = refusal(config(fast=model("a/m")), "fast", state, 4.0)
    assert (error.code, error.retry_after) == ("no_target_available", OPEN_FOR - 4)


def test_a_provider_that_its_checks_found_down_takes_its_targets_out() -> None:
    state = health()
    state.checked("a", ok=False, now=0.0)
    state.checked("a", ok=False, now=0.0)
    assert places(planned(config(fast=model("a/m", "b/m")), "fast", state).candidates()) == ["b/m"]


def test_when_all_own_targets_are_open_a_fallback_carries_the_plan() -> None:
    state = health()
    break_open(state, "fast/0:a/m")
    made = planned(config(fast=model("a/m", failure="other"), other=model("b/m")), "fast", state)
    assert places(made.candidates()) == ["b/m"]


# --- residency -------------------------------------------------------------------------------------------------------


def test_region_and_zone_come_from_the_target_then_the_provider_then_the_row() -> None:
    providers = {"a": Provider(region="kr", zone="internal"), "b": Provider(kind="vllm"), "c": Provider()}
    routes = resolve(
        config(providers, fast=model("a/m", target("a/n", region="us", zone="external"), "b/m", "c/m")),
        zones={"vllm": "internal"},
    )
    seen = [(one.region, one.zone) for one in routes.exact["fast"].groups[0].candidates]
    assert seen == [("kr", "internal"), ("us", "external"), (None, "internal"), (None, "external")]


def test_only_the_models_regions_and_zones_are_used_and_an_unknown_region_is_none_of_them() -> None:
    targets = [target("a/kr", region="kr", zone="internal"), target("a/us", region="us"), target("a/unknown")]
    made = planned(config(fast=model(*targets, regions=["kr"])))
    assert places(made.candidates()) == ["a/kr"]
    assert [out.why for out in made.excluded] == ["region", "region"]
    assert places(planned(config(fast=model(*targets, zones=["internal"]))).candidates()) == ["a/kr"]


def test_a_fallback_never_widens_residency() -> None:
    house = model(target("a/m", zone="internal"), zones=["internal"], failure="cloud")
    cloud = model(target("b/out", zone="external"), target("b/in", zone="internal"), failure="far")
    made = planned(config(fast=house, cloud=cloud, far=model(target("c/out", zone="external"))))
    assert places(made.candidates()) == ["a/m", "b/in"]


def test_a_fallbacks_own_residency_holds_too() -> None:
    made = planned(
        config(
            fast=model(target("a/m", region="us"), failure="korea"),
            korea=model(target("b/us", region="us"), target("b/kr", region="kr"), regions=["kr"]),
        )
    )
    assert places(made.candidates()) == ["a/m", "b/kr"]


def test_targets_that_are_all_elsewhere_are_not_available() -> None:
    assert refusal(config(fast=model(target("a/m", region="us"), regions=["kr"]))).code == "no_target_available"


# --- fallbacks -------------------------------------------------------------------------------------------------------


def test_fallbacks_of_fallbacks_are_followed_each_model_once() -> None:
    made = planned(
        config(
            fast=model("a/m", failure="b c"),
            b=model("b/m", failure="d fast"),
            c=model("c/m", failure="b"),
            d=model("d/m", failure="c"),
        )
    )
    assert [group.model for group in made.after(["fast"], "failure")] == ["b", "d", "c"]
    assert [group.model for group in made.after(["fast", "b"], "failure")] == ["d", "c"]
    assert list(made.after(["fast"], "content_filter")) == []


def test_a_fallback_may_name_what_a_wildcard_answers_to() -> None:
    made = planned(config(fast=model("a/m", failure="openai/gpt-5"), openai_=model("openai/*")))
    assert places(made.candidates()) == ["a/m", "openai/gpt-5"]


def test_a_wildcard_falls_back_to_a_wildcard_with_the_same_rest() -> None:
    made = planned(
        config(openai_=model("openai/*", failure="router/*"), router_=model("router/openai/*")), "openai/gpt-5"
    )
    assert places(made.candidates()) == ["openai/gpt-5", "router/openai/gpt-5"]


def test_a_fallback_is_looked_up_by_the_longest_prefix() -> None:
    models = {"fast": model("a/m", failure="a/b/c"), "a/*": model("short/*"), "a/b/*": model("long/*")}
    assert places(planned(Config(models=models)).candidates()) == ["a/m", "long/c"]


def test_a_wildcard_that_falls_back_to_the_name_that_was_asked_for_does_not_go_there_twice() -> None:
    made = planned(config(openai_=model("openai/*", failure="openai/gpt-5 openai/gpt-4")), "openai/gpt-5")
    assert [group.model for group in made.after(["openai/*"], "failure")] == ["openai/gpt-4"]


@pytest.mark.parametrize("fallback", ["nowhere", "openai/*"])
def test_a_fallback_that_leads_nowhere_is_refused_when_compiled(fallback: str) -> None:
    with pytest.raises(ValueError, match="fallback"):
        resolve(config(fast=model("a/m", failure=fallback), openai_=model("openai/*")))


# --- pinned ----------------------------------------------------------------------------------------------------------


def test_a_pinned_request_goes_to_the_account_that_holds_what_it_names() -> None:
    two = config(fast=model("a/m", "b/m", "b/n", failure="other"), other=model("c/m"))
    assert places(planned(two, pinned="b").candidates()) == ["b/m", "b/n"]
    assert places(planned(two, pinned="c").candidates()) == ["c/m"]


def test_a_pinned_account_that_is_gone_or_open_is_replaced_by_no_other() -> None:
    state = health()
    break_open(state, "fast/0:a/m")
    two = config(fast=model("a/m", "b/m", failure="other"), other=model("c/m"))
    assert refusal(two, "fast", state, pinned="a").code == "no_target_available"
    assert refusal(two, pinned="gone").code == "invalid_request"


def test_a_target_that_cannot_be_asked_through_the_callers_api_is_left_out() -> None:
    one = config(fast=model("a/m", "b/m"))
    serves = {"a": frozenset({"chat"}), "b": frozenset({"embeddings"})}
    routes = resolve(one, serves_of=serves.get)
    state = health()
    assert places(plan(routes, Features(model="fast", dialect="embeddings"), state, 0, Random(1)).candidates()) == [
        "b/m"
    ]
    with pytest.raises(GatewayError) as caught:
        plan(routes, Features(model="fast", dialect="images"), state, 0, Random(1))
    assert caught.value.code == "unsupported_parameter"


def test_features_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Features(model="fast").model = "slow"  # type: ignore[misc]  # that is the point


def test_what_a_key_makes_is_kept_behind_a_model_that_it_may_use() -> None:
    two = config(fast=model("a/m"), slow=model("b/m"))
    routes = resolve(two, serves_of=lambda _provider: frozenset({"files"}))
    assert [one.provider for one in keeping(routes, "files", ("slow",)).candidates()] == ["b"]
    with pytest.raises(GatewayError) as caught:
        keeping(routes, "files", ("other",))
    assert caught.value.code == "not_found"
