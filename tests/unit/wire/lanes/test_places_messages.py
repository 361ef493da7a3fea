"""Requests of the Messages API: which text stands where, in which role, and what is opaque."""

from typing import Any

import pytest

from gateway.wire.lanes.place import Opaque
from gateway.wire.lanes.places import places
from tests.unit.wire.lanes.bodies import MESSAGES


def told(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(place.role, place.text, place.path) for place in places("messages", body).places]


def block(value: dict[str, Any], role: str = "user") -> list[tuple[str, str]]:
    found = places("messages", {"messages": [{"role": role, "content": [value]}]})
    return [(place.role, place.text) for place in found.places]


def test_the_usual_body_says_this_much() -> None:
    said = {(role, text) for role, text, _ in told(MESSAGES)}
    for role, text in [
        ("system", "be good"),
        ("user", "hello"),
        ("user", "blocks"),
        ("user", "https://a.example/kim.png"),
        ("user", "a title"),
        ("user", "a context"),
        ("user", "document text"),
        ("user", "inner text"),
        ("user", "sheep"),
        ("user", "https://b.example"),
        ("user", "a find"),
        ("assistant", "open thought"),
        ("assistant", "said"),
        ("assistant", "cited"),
        ("assistant", "city"),
        ("assistant", "1012345678"),
        ("assistant", "1.5"),
        ("assistant", "키"),
        ("assistant", "kim"),
        ("tool_result", "https://c.example"),
        ("tool_result", "out"),
        ("tool_result", "err"),
        ("tool_result", "김철수"),
        ("tool_result", "block result"),
        ("user", "from afar"),
        ("tool_definition", "does f"),
        ("tool_definition", "which city"),
        ("tool_definition", "an example city"),
        ("tool_definition", "Seoul"),
        ("user", "user-kim"),
        ("user", "END"),
        ("user", "https://mcp.example"),
        ("user", "tok"),
        ("user", "keep names"),
        ("user", "bright and early"),
    ]:
        assert (role, text) in said, text
    assert not {"sealed thought", "t1", "f", "c2ln", "low", "pdf"} & {text for _, text in said}


def test_the_usual_body_hides_this_much() -> None:
    assert places("messages", MESSAGES).opaque == [
        Opaque("image", "messages.1.content.1.source.data"),
        Opaque("url", "messages.1.content.2.source.url"),
        Opaque("file", "messages.1.content.3.source.file_id"),
        Opaque("file", "messages.1.content.6.source.data"),
        Opaque("unknown", "messages.1.content.7.source"),
        Opaque("file", "messages.1.content.9.file_id"),
        Opaque("signed", "messages.2.content.0.thinking", "assistant"),
        Opaque("signed", "messages.2.content.0.signature", "assistant"),
        Opaque("signed", "messages.2.content.2.data", "assistant"),
        Opaque("signed", "messages.2.content.6.content.0.encrypted_content", "tool_result"),
        Opaque("file", "messages.2.content.7.content.content.0.file_id", "tool_result"),
        Opaque("unknown", "messages.3.content.2"),
        Opaque("hosted_tool", "tools.2", "tool_definition"),
        Opaque("hosted_tool", "mcp_servers"),
        Opaque("stored", "container.id"),
        Opaque("hosted_tool", "container.skills"),
    ]


def test_counting_reads_the_same() -> None:
    counted, asked = places("count_tokens", MESSAGES), places("messages", MESSAGES)
    assert [place.text for place in counted.places] == [place.text for place in asked.places]
    assert counted.opaque == asked.opaque


def test_an_edited_input_stays_an_object() -> None:
    body = {
        "messages": [{"role": "assistant", "content": [{"type": "tool_use", "name": "f", "input": {"a": 1, "b": "x"}}]}]
    }
    found = places("messages", body)
    assert [place.text for place in found.places] == ["a", "1", "b", "x"]
    found.places[0].put("c")
    found.places[1].put("<N>")
    assert body["messages"][0]["content"][0]["input"] == {"c": "<N>", "b": "x"}  # type: ignore[index]


def test_what_a_tool_gave_is_not_the_users() -> None:
    inner = [{"type": "document", "source": {"type": "text", "data": "a"}}, {"type": "search_result", "title": "b"}]
    assert block({"type": "tool_result", "content": inner}) == [("tool_result", "a"), ("tool_result", "b")]


@pytest.mark.parametrize("name", ["thinking", "signature"])
def test_signed_reasoning_is_never_text(name: str) -> None:
    assert block({"type": "thinking", "thinking": "a b", "signature": "c d"}, "assistant") == []
    assert block({"type": "thinking", "thinking": "a b", "signature": "c d", "new": "e f"}, "assistant") == [
        ("assistant", "e f")
    ]


def test_a_compaction_is_text_unless_it_is_sealed() -> None:
    assert block({"type": "compaction", "content": "a b"}, "assistant") == [("assistant", "a b")]
    assert block({"type": "compaction", "content": "a b", "signature": "c"}, "assistant") == []


@pytest.mark.parametrize(
    ("tool", "opaque"),
    [
        ({"name": "f"}, False),
        ({"type": "custom", "name": "f"}, False),
        ({"type": "bash_20250124"}, False),
        ({"type": "computer_20250124"}, False),
        ({"type": "web_fetch_20250910"}, True),
        ({"type": "code_execution_20250825"}, True),
        ({"type": "mcp_toolset", "mcp_server_name": "s"}, True),
        ({"type": 5}, True),
    ],
)
def test_a_tool_that_the_vendor_runs_is_opaque(tool: dict[str, Any], opaque: bool) -> None:
    assert bool(places("messages", {"tools": [tool]}).opaque) is opaque


def test_tools_that_come_later_are_tools_too() -> None:
    definition = {"name": "f", "description": "does f"}
    added = {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": definition}}
    assert block(added, "system") == [("tool_definition", "does f")]
