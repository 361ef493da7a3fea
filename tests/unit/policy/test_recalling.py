"""What an exchange knows of turns that it does not bring itself."""

import asyncio
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.guards.placeholders import PLACEHOLDER, KeyRing
from gateway.policy.bind import Binder, Facts
from gateway.policy.guarding import Guarding, Guards, Subject
from gateway.policy.placeholder_map import MOST, Granted, PlaceholderMap, decode, encode
from gateway.wire.lanes.lane import Lane
from tests.unit.policy.documents import VERSIONS, one_policy, rule

CODE: Final = "123456"
CONTENT: Final = Lane(0, "content")
TOKENIZE: Final = rule(action={"tokenize": {"restore_into": ["content", "tool_args"]}})


def guarding(*rules: dict[str, Any], secrets: tuple[bytes, ...] = (b"new",), **more: Any) -> Guarding:
    policies = {"p": one_policy(*rules, **{"bind": {}, **more})}
    facts = Facts(frozenset({"m"}), "responses", frozenset({"external"}))
    made = Guards(Binder(policies, [], VERSIONS), KeyRing(*secrets), {}).over(facts, None, Subject("anna", None, ""))
    assert made is not None
    return made


def screened(by: Guarding, said: str, **more: Any) -> str:
    body = asyncio.run(by.screened("responses", {"model": "m", "input": said, **more}))
    text: str = body["input"]
    return text


def shown(by: Guarding, text: str, lane: Lane = CONTENT) -> str:
    edit = by.edit_for(lane)
    return text if edit is None else edit.feed(text) + edit.close()


def turn(*rules: dict[str, Any], said: str = f"my code is {CODE}", **more: Any) -> PlaceholderMap:
    """The first turn of a conversation."""
    made = guarding(*rules, **more)
    screened(made, said)
    return again_from_bytes(made.placeholders())


def again_from_bytes(placeholders: PlaceholderMap) -> PlaceholderMap:
    found = decode(encode(placeholders))
    assert found is not None
    return found


def test_a_value_of_an_earlier_turn_has_its_placeholder_and_comes_back() -> None:
    earlier = turn(TOKENIZE, secrets=(b"old",))
    (known,) = earlier.values
    later = guarding(TOKENIZE, secrets=(b"new", b"old"))
    later.recall(earlier)
    assert screened(later, f"{CODE} again, and 654321") != f"{CODE} again, and 654321"
    (first, second) = (one.placeholder for one in later.placeholders().values)
    assert first == known.placeholder, "though another secret makes them now"
    assert second != first
    assert shown(later, f"It is {first.lower()}, not {second}.") == f"It is {CODE}, not 654321."


def test_a_value_that_only_an_earlier_turn_recognised_is_replaced() -> None:
    later = guarding(rule(action="tokenize", detect=["other"]), TOKENIZE | {"id": "r2"}, detectors={
        "d": {"kind": "pattern", "match": "[0-9]{6}"}, "other": {"kind": "pattern", "match": "INT-[0-9]{3}"},
    })  # fmt: skip
    earlier = PlaceholderMap([Granted("NAME", "Hong", "<NAME_aaaaaaaaaa>", "p", "r")], [], "")
    later.recall(earlier)
    assert screened(later, "I am Hong.") == "I am <NAME_aaaaaaaaaa>."


def test_grants_are_those_of_now() -> None:
    earlier = turn(TOKENIZE)
    (known,) = earlier.values
    content = rule(action={"tokenize": {"restore_into": ["tool_args"]}})
    for now in (content, TOKENIZE | {"mode": "shadow"}, rule(action="mask"), TOKENIZE | {"id": "another"}):
        later = guarding(now)
        later.recall(earlier)
        assert shown(later, known.placeholder) == known.placeholder, now
        assert [one.value for one in later.placeholders().values] == [CODE], "what comes behind may grant it again"


def test_arguments_of_tools_that_were_declared_get_values() -> None:
    first = guarding(TOKENIZE)
    screened(first, f"my code is {CODE}", tools=[{"type": "function", "name": "f"}])
    (known,) = first.placeholders().values
    fetched = guarding(TOKENIZE)
    fetched.recall(first.placeholders())
    for name, comes in (("f", CODE), ("g", known.placeholder)):
        lane = Lane(0, "tool_args", 0, name)
        assert shown(fetched, f'{{"x":"{known.placeholder}"}}', lane) == f'{{"x":"{comes}"}}'


def test_a_demanded_form_has_room_for_placeholders_of_earlier_turns() -> None:
    form = {"type": "object", "properties": {"code": {"type": "string", "pattern": "^[0-9]{6}$"}}}
    asked = {"model": "m", "input": "go on", "text": {"format": {"type": "json_schema", "name": "n", "schema": form}}}
    plain, later = guarding(TOKENIZE), guarding(TOKENIZE)
    assert asyncio.run(plain.screened("responses", asked)) is asked
    later.recall(turn(TOKENIZE))
    assert asyncio.run(later.screened("responses", asked))["text"] != asked["text"]


def test_turns_kept_by_a_vendor_are_read_if_the_rules_of_now_have_read_them() -> None:
    previous = {"previous_response_id": "resp_1"}
    earlier = turn(TOKENIZE)
    again = guarding(TOKENIZE)
    again.recall(earlier)
    screened(again, "go on", **previous)
    assert again.verdicts.unscanned == {}
    third = guarding(TOKENIZE)
    third.recall(again.placeholders())
    screened(third, "go on", **previous)

    for unknown in (None, turn(TOKENIZE, TOKENIZE | {"id": "more"})):
        strict, lenient = guarding(TOKENIZE), guarding(TOKENIZE, defaults={"opaque": "allow"})
        for one in (strict, lenient):
            one.recall(unknown)
        with pytest.raises(GatewayError) as caught:
            screened(strict, "go on", **previous)
        assert caught.value.param == "previous_response_id"
        screened(lenient, "go on", **previous)
        assert lenient.verdicts.unscanned == {"stored": 1}
        assert lenient.placeholders().rules == "", "and nobody behind it takes them for read"


def test_without_an_earlier_turn_an_id_is_what_nobody_can_read() -> None:
    made = guarding(TOKENIZE)
    made.recall(None)
    with pytest.raises(GatewayError):
        screened(made, "go on", conversation="conv_1")


def test_a_map_has_an_end_and_forgets_the_oldest() -> None:
    values = [Granted("CODE", str(number), f"<CODE_{number:010}>", "gone", "rule") for number in range(MOST + 5)]
    made = guarding(TOKENIZE)
    made.recall(PlaceholderMap(values, [], ""))
    assert made.placeholders().values == values[5:]


@given(st.lists(st.text("0123456789 ab", max_size=30), max_size=4))
def test_what_one_turn_hides_the_next_one_shows(said: list[str]) -> None:
    earlier: PlaceholderMap | None = None
    hidden: list[str] = []
    for text in said:
        made = guarding(TOKENIZE)
        if earlier is not None:
            made.recall(earlier)
        hidden.append(screened(made, text))
        assert shown(made, "\n".join(hidden)) == "\n".join(said[: len(hidden)])
        earlier = again_from_bytes(made.placeholders())
    assert all(PLACEHOLDER.fullmatch(one.placeholder) for one in (earlier.values if earlier else ()))


@given(st.binary(max_size=40) | st.sampled_from([encode(PlaceholderMap([], [], ""))[:-1], b"\x93\x01\x02\x03"]))
def test_what_another_version_kept_is_not_there(stored: bytes) -> None:
    found = decode(stored)
    assert found is None or encode(found)


def test_no_value_is_shown_by_repr() -> None:
    assert CODE not in repr(turn(TOKENIZE))
