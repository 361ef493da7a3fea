"""What is remembered of signed blocks: whose, for whom, and how many."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.asgi import application
from gateway.app import start
from gateway.config.structs import Config, Model, Provider, Target
from gateway.store.origins import Origins
from tests.support.asgi import called

_ALL = frozenset({"one", "two"})


def test_what_was_remembered_is_found_for_its_owner_alone() -> None:
    origins = Origins()
    origins.remember("anna", "s1", "one")
    assert origins.find("anna", ["s1"], _ALL) == "one"
    assert origins.find("boris", ["s1"], _ALL) is None
    assert origins.find("anna", ["s2"], _ALL) is None
    assert origins.find("anna", [], _ALL) is None


def test_owners_and_strings_cannot_be_shifted_into_each_other() -> None:
    origins = Origins()
    origins.remember("ann", "as1", "one")
    assert origins.find("anna", ["s1"], _ALL) is None


def test_the_first_known_one_wins_and_unknown_ones_change_nothing() -> None:
    origins = Origins()
    origins.remember("anna", "old", "one")
    origins.remember("anna", "new", "two")
    assert origins.find("anna", ["unknown", "new", "old"], _ALL) == "two"
    assert origins.find("anna", ["old", "new"], _ALL) == "one"


def test_a_provider_that_the_model_does_not_lead_to_is_passed_over() -> None:
    origins = Origins()
    origins.remember("anna", "old", "one")
    origins.remember("anna", "new", "gone")
    assert origins.find("anna", ["new", "old"], _ALL) == "one"
    assert origins.find("anna", ["new"], _ALL) is None


def test_the_last_one_to_give_a_string_has_it() -> None:
    origins = Origins()
    origins.remember("anna", "s1", "one")
    origins.remember("anna", "s1", "two")
    assert (origins.find("anna", ["s1"], _ALL), len(origins)) == ("two", 1)


def test_the_oldest_leave_first_and_what_is_in_use_is_not_old() -> None:
    origins = Origins(most=3)
    for text in ("s1", "s2", "s3"):
        origins.remember("anna", text, "one")
    assert origins.find("anna", ["s1"], _ALL) == "one"
    origins.remember("anna", "s4", "two")
    found = {text: origins.find("anna", [text], _ALL) for text in ("s1", "s2", "s3", "s4")}
    assert found == {"s1": "one", "s2": None, "s3": "one", "s4": "two"}


def test_a_signed_text_is_held_as_a_digest_of_fixed_size() -> None:
    """However long it is, and half a surrogate pair too, which JSON can hold."""
    origins = Origins()
    origins.remember("CANARY-owner", "CANARY-text" * 10_000 + "\ud800", "one")
    assert origins.find("CANARY-owner", ["CANARY-text" * 10_000 + "\ud800"], _ALL) == "one"
    ((digest, provider),) = origins._providers.items()
    assert (len(digest), provider) == (16, "one")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("stuvwxyz"), st.sampled_from(["one", "two"]))))
def test_there_are_never_more_than_allowed_and_the_last_is_always_known(said: list[tuple[str, str, str]]) -> None:
    origins = Origins(most=5)
    for owner, text, provider in said:
        origins.remember(owner, text, provider)
        assert len(origins) <= 5
        assert origins.find(owner, [text], _ALL) == provider


@pytest.mark.parametrize(("model", "remembered"), [("alone", 0), ("pair", 1), ("hidden", 1)])
async def test_only_what_another_account_could_be_sent_is_remembered(model: str, remembered: int) -> None:
    """By where the model may lead, not by who is healthy just now: the others come back."""
    one, two = (Target(provider=name, model="demo") for name in ("one", "two"))
    config = Config(
        providers={name: Provider(kind="simulated") for name in ("one", "two")},
        models={
            "alone": Model(targets=[one]),
            "pair": Model(targets=[one, two]),
            "hidden": Model(targets=[one, Target(provider="two", model="demo", context_tokens=1)]),
        },
    )
    asked = {
        "model": model,
        "max_tokens": 2000,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "messages": [{"role": "user", "content": "Hi"}],
    }
    gateway = await start(config)
    try:
        status, answer = await called(application(gateway.gate), "/v1/messages", msgspec.json.encode(asked))
        assert status == 200
        assert b'"signature"' in answer
        assert len(gateway.gate.pipeline.origins) == remembered
    finally:
        await gateway.close()
