"""What routing reads from a body, in each of the three dialects."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.routing.needs import acts_twice, estimated_tokens, needs, output_limit, prefix

_FUNCTION: Final = {"type": "function", "function": {"name": "f"}}
_IMAGE: Final = {"type": "image", "source": {"type": "base64", "data": "aGk="}}
_SEEN: Final = {"type": "input_image", "image_url": "data:,"}


def turn(*parts: Any, role: str = "user") -> list[Any]:
    return [{"role": role, "content": list(parts)}]


# -- needs


@pytest.mark.parametrize(
    ("body", "found"),
    [
        # chat
        ({"messages": turn({"type": "text", "text": "Hi"})}, set()),
        ({"messages": [{"role": "user", "content": "image_url"}]}, set()),
        ({"messages": turn({"type": "image_url", "image_url": {"url": "data:,"}})}, {"images"}),
        ({"messages": turn({"type": "input_audio", "input_audio": {}})}, {"audio"}),
        ({"messages": turn({"type": "file", "file": {}})}, {"files"}),
        ({"messages": turn("x", None, ["image"], {"type": 5}, {"type": ["image"]}, {"content": [_IMAGE]})}, set()),
        ({"tools": [_FUNCTION]}, {"tools"}),
        ({"functions": [{"name": "f"}]}, {"tools"}),
        ({"tools": []}, set()),
        ({"n": 1}, set()),
        ({"n": None}, set()),
        ({"n": 2}, {"n"}),
        ({"logprobs": True}, {"logprobs"}),
        ({"logprobs": False}, set()),
        ({"top_logprobs": 3}, {"logprobs"}),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, {"structured"}),
        ({"response_format": {"type": "json_object"}}, set()),
        ({"response_format": {"type": "text"}}, set()),
        ({"reasoning_effort": "low"}, {"reasoning"}),
        # responses
        ({"input": "input_image"}, set()),
        ({"input": turn({"type": "input_text", "text": "Hi"})}, set()),
        ({"input": turn(_SEEN)}, {"images"}),
        ({"input": turn({"type": "input_file", "file_id": "f"})}, {"files"}),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": [_SEEN]}]}, {"images"}),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "input_image"}]}, set()),
        ({"text": {"format": {"type": "json_schema", "schema": {}}}}, {"structured"}),
        ({"text": {"format": {"type": "text"}}}, set()),
        ({"reasoning": {"effort": "low"}}, {"reasoning"}),
        # messages
        ({"messages": turn(_IMAGE)}, {"images"}),
        ({"messages": turn({"type": "document", "source": {}})}, {"files"}),
        ({"messages": turn({"type": "tool_result", "tool_use_id": "t", "content": [_IMAGE]})}, {"images"}),
        ({"messages": turn({"type": "tool_result", "tool_use_id": "t", "content": "image"})}, set()),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {"reasoning"}),
        ({"thinking": {"type": "adaptive"}}, {"reasoning"}),
        ({"thinking": {"type": "disabled"}}, set()),
        ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, {"structured"}),
        ({"output_config": {"effort": "low"}}, set()),
    ],
)
def test_a_body_needs_what_is_in_it(body: dict[str, Any], found: set[str]) -> None:
    assert needs(body) == found


def test_every_turn_counts() -> None:
    body = {"messages": [*turn({"type": "text"}), *turn(_IMAGE), *turn({"type": "document"}, _IMAGE)], "tools": [{}]}
    assert needs(body) == {"images", "files", "tools"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["function", "image", "user", "json_schema", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "role", "content", "output", "format"]), inner, max_size=3)
    ),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    [
        "messages",
        "input",
        "tools",
        "functions",
        "n",
        "logprobs",
        "response_format",
        "text",
        "output_config",
        "reasoning",
        "thinking",
        "system",
        "store",
        "max_tokens",
        "max_output_tokens",
        "prompt_cache_key",
        "conversation",
    ]
)


@given(st.dictionaries(_FIELDS, _JSON, max_size=5))
def test_no_body_is_too_odd_to_be_read(body: dict[str, Any]) -> None:
    """What is wrong with it, the target says; routing only looks."""
    needs(body)
    for dialect in ("chat", "responses", "messages"):
        acts_twice(dialect, body)
    output_limit(body)
    assert prefix(body) == prefix(body)


# -- the limit


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ({}, None),
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 6}, 6),
        ({"max_output_tokens": 7}, 7),
        ({"max_tokens": 5, "max_completion_tokens": 6}, 6),
        ({"max_tokens": 5, "max_completion_tokens": None}, 5),
        ({"max_tokens": "5"}, None),
        ({"max_tokens": 5.5}, None),
    ],
)
def test_the_limit_is_the_callers_by_any_of_its_names(body: dict[str, Any], limit: int | None) -> None:
    assert output_limit(body) == limit


def test_a_first_guess_of_tokens_is_a_quarter_of_the_bytes() -> None:
    assert (estimated_tokens(0), estimated_tokens(3), estimated_tokens(4000)) == (0, 0, 1000)


# -- acts twice


_STORED_OR_DONE: Final = [
    ("chat", {"store": True}),
    ("chat", {"web_search_options": {}}),
    ("chat", {"tools": [_FUNCTION, {"type": "web_search"}]}),
    ("responses", {"store": True}),
    ("responses", {"background": True}),
    ("responses", {"conversation": "conv_1"}),
    ("responses", {"conversation": {"id": "conv_1"}}),
    ("responses", {"prompt": {"id": "pmpt_1"}}),
    ("responses", {"tools": [{"type": "web_search"}]}),
    ("responses", {"tools": [_FUNCTION, {"type": "code_interpreter", "container": {"type": "auto"}}]}),
    ("responses", {"tools": [{"type": "mcp", "server_url": "https://example.com"}]}),
    ("messages", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
    ("messages", {"container": "container_1"}),
    ("messages", {"mcp_servers": [{"type": "url", "url": "https://example.com", "name": "m"}]}),
]


@pytest.mark.parametrize(("dialect", "body"), _STORED_OR_DONE)
def test_what_is_kept_or_done_by_the_vendor_may_act_twice(dialect: str, body: dict[str, Any]) -> None:
    assert acts_twice(dialect, body)


@pytest.mark.parametrize("dialect", ["chat", "responses", "messages"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"store": False},
        {"store": None},
        {"background": False},
        {"conversation": None},
        {"prompt": None},
        {"web_search_options": None},
        {"container": None},
        {"mcp_servers": []},
        {"tools": None},
        {"tools": []},
        {"tools": [_FUNCTION]},
        {"tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "g"}]},
        {"tools": [{"name": "f", "input_schema": {}}]},
    ],
)
def test_what_the_caller_does_itself_may_be_asked_again(dialect: str, body: dict[str, Any]) -> None:
    assert not acts_twice(dialect, body)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("completions", {"prompt": "Once upon a time"}),
        ("images", {"prompt": "A haechi", "background": "transparent"}),
        ("chat", {"prompt": "x", "container": "x"}),
        ("count_tokens", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
        ("embeddings", {"input": "x"}),
    ],
)
def test_a_field_acts_only_where_it_means_that(dialect: str, body: dict[str, Any]) -> None:
    assert not acts_twice(dialect, body)


# -- the prefix


def grown(field: str, first: Any, **fields: Any) -> list[dict[str, Any]]:
    """The bodies of one conversation, turn by turn."""
    turns = [*first]
    bodies = [{field: list(turns), **fields}]
    for number in range(3):
        turns += [{"role": "assistant", "content": f"a{number}"}, {"role": "user", "content": f"u{number}"}]
        bodies.append({field: list(turns), **fields})
    return bodies


@pytest.mark.parametrize(
    "bodies",
    [
        grown("messages", [{"role": "user", "content": "Hi"}]),
        grown("messages", [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hi"}]),
        grown("messages", turn({"type": "text", "text": "Hi"}), system="Be kind"),
        grown("input", [{"role": "user", "content": "Hi"}], instructions="Be kind"),
        grown(
            "messages", [{"role": "system", "content": "Be kind"}, {"role": "developer", "content": "x"}, *turn("Hi")]
        ),
    ],
    ids=["chat", "chat with system", "messages", "responses", "chat with two before"],
)
def test_the_turns_of_one_conversation_share_a_prefix(bodies: list[dict[str, Any]]) -> None:
    assert len({prefix(body) for body in bodies}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"messages": turn("Hi")}, {"messages": turn("Hello")}),
        ({"messages": turn("Hi"), "system": "a"}, {"messages": turn("Hi"), "system": "b"}),
        ({"input": "Hi", "instructions": "a"}, {"input": "Hi", "instructions": "b"}),
        ({"input": "Hi"}, {"input": "Hello"}),
        (
            {"messages": [{"role": "system", "content": "a"}, *turn("Hi")]},
            {"messages": [{"role": "system", "content": "b"}, *turn("Hi")]},
        ),
        (
            {"messages": [{"role": "system", "content": "a"}, *turn("Hi")]},
            {"messages": [{"role": "system", "content": "a"}, *turn("Hello")]},
        ),
        ({"prompt_cache_key": "a", "messages": turn("Hi")}, {"prompt_cache_key": "b", "messages": turn("Hi")}),
    ],
)
def test_conversations_that_begin_otherwise_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert prefix(one) != prefix(other)


def test_a_cache_key_says_which_conversation_it_is() -> None:
    key = {"prompt_cache_key": "a"}
    assert prefix({**key, "messages": turn("Hi")}) == prefix({**key, "messages": turn("Hello")})
    assert prefix({"prompt_cache_key": None, "messages": turn("Hi")}) == prefix({"messages": turn("Hi")})


def test_marks_of_the_vendors_cache_move_on_and_the_prefix_stays() -> None:
    """Clients mark the last turns; the first one is marked only as long as it is among them."""
    mark = {"cache_control": {"type": "ephemeral"}}
    text = {"type": "text", "text": "Hi"}
    system = [{"type": "text", "text": "Be kind", **mark}]
    first = {"system": system, "messages": turn({**text, **mark})}
    later = {"system": system, "messages": [*turn(text), *turn("a", role="assistant"), *turn({**text, **mark})]}
    assert prefix(first) == prefix(later)
    assert "Hi" in prefix(first)
