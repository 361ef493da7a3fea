"""Requests of the Responses API: which text stands where, in which role, and what is opaque."""

from typing import Any

import pytest

from gateway.wire.lanes.place import Opaque
from gateway.wire.lanes.places import places
from tests.unit.wire.lanes.bodies import RESPONSES


def told(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(place.role, place.text, place.path) for place in places("responses", body).places]


def test_the_usual_body_says_this_much() -> None:
    said = {(role, text) for role, text, _ in told(RESPONSES)}
    for role, text in [
        ("system", "be good"),
        ("user", "hello"),
        ("user", "kim"),
        ("user", "parts"),
        ("user", "kim.pdf"),
        ("user", "of kim"),
        ("assistant", "said"),
        ("assistant", "B"),
        ("assistant", "refused"),
        ("assistant", "a summary"),
        ("assistant", "a thought"),
        ("assistant", "가나"),
        ("assistant", "1012345678"),
        ("tool_result", "김철수"),
        ("tool_result", "part result"),
        ("assistant", "free text"),
        ("tool_result", "custom result"),
        ("assistant", "kim"),
        ("assistant", "lee"),
        ("tool_result", "found"),
        ("assistant", "print(1)"),
        ("tool_result", "mcp result"),
        ("tool_definition", "which city"),
        ("user", "because"),
        ("assistant", "ls kim"),
        ("tool_result", "out"),
        ("assistant", "+x y"),
        ("user", "from mind"),
        ("tool_definition", "does f"),
        ("tool_definition", "start: WORD"),
        ("tool_definition", "Seoul"),
        ("tool_definition", "a b"),
        ("tool_definition", "https://mcp.example"),
        ("user", "user-kim"),
        ("user", "bright and early"),
    ]:
        assert (role, text) in said, text
    assert not {"sa", "resp_1", "msg_0", "f", "low", "vs_1"} & {text for _, text in said}


def test_the_usual_body_hides_this_much() -> None:
    assert places("responses", RESPONSES).opaque == [
        Opaque("stored", "previous_response_id"),
        Opaque("stored", "conversation.id"),
        Opaque("prompt_id", "prompt.id"),
        Opaque("file", "prompt.variables.#1.file_id"),
        Opaque("url", "input.1.content.1.image_url"),
        Opaque("url", "input.1.content.2.file_url"),
        Opaque("file", "input.1.content.3.file_data"),
        Opaque("unknown", "input.1.content.4"),
        Opaque("tokens", "input.2.content.0.logprobs", "assistant"),
        Opaque("signed", "input.3.encrypted_content", "assistant"),
        Opaque("stored", "input.9"),
        Opaque("stored", "input.10"),
        Opaque("file", "input.20.output.file_id", "tool_result"),
        Opaque("image", "input.21.result", "assistant"),
        Opaque("signed", "input.22.encrypted_content", "assistant"),
        Opaque("unknown", "input.23"),
        Opaque("hosted_tool", "tools.2", "tool_definition"),
        Opaque("hosted_tool", "tools.3", "tool_definition"),
        Opaque("hosted_tool", "tools.4", "tool_definition"),
    ]


def test_the_input_may_be_one_string() -> None:
    assert told({"input": "a"}) == [("user", "a", "input")]


@pytest.mark.parametrize("role", ["user", "assistant", "system", "developer"])
def test_text_has_the_role_of_its_message(role: str) -> None:
    body = {
        "input": [
            {"role": role, "content": "a"},
            {"type": "message", "role": role, "content": [{"type": "text", "text": "b"}]},
        ]
    }
    assert told(body) == [(role, "a", "input.0.content"), (role, "b", "input.1.content.0.text")]


def test_instructions_may_be_items() -> None:
    assert told({"instructions": [{"role": "developer", "content": "a"}, {"type": "message", "content": "b"}]}) == [
        ("developer", "a", "instructions.0.content"),
        ("system", "b", "instructions.1.content"),
    ]


def test_a_role_that_nobody_knows_is_text_itself() -> None:
    assert told({"input": [{"role": "narrator", "content": "a"}]})[0] == ("user", "narrator", "input.0.role")


@pytest.mark.parametrize(
    ("tool", "opaque"),
    [
        ({"type": "shell", "environment": {"type": "local"}}, False),
        ({"type": "shell", "environment": {"type": "container_auto"}}, True),
        ({"type": "apply_patch"}, False),
        ({"type": "computer_use_preview"}, False),
        ({"type": "code_interpreter", "container": "auto"}, True),
        ({"type": "namespace", "tools": [{"type": "function"}]}, False),
        ({"type": "namespace", "tools": [{"type": "mcp"}]}, True),
        ({"type": "of tomorrow"}, True),
    ],
)
def test_a_tool_that_the_vendor_runs_is_opaque(tool: dict[str, Any], opaque: bool) -> None:
    assert bool(places("responses", {"tools": [tool]}).opaque) is opaque


def test_free_text_for_a_custom_tool_stays_text() -> None:
    assert [text for _, text, _ in told({"input": [{"type": "custom_tool_call", "input": "123"}]})] == ["123"]
    assert [text for _, text, _ in told({"input": [{"type": "custom_tool_call", "input": '["\\uac00"]'}]})] == ["가"]


def test_an_empty_list_of_tokens_hides_nothing() -> None:
    part = {"type": "output_text", "text": "hi", "annotations": []}
    for logprobs, opaque in (
        ([], []),
        ([{"token": "hi"}], [Opaque("tokens", "input.0.content.0.logprobs", "assistant")]),
    ):
        item = {"type": "message", "role": "assistant", "content": [{**part, "logprobs": logprobs}]}
        assert places("responses", {"input": [item]}).opaque == opaque
