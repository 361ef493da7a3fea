"""What a request declares, as every API writes it; and schemas that take placeholders."""

from typing import Any, Final

import pytest

from gateway.policy.request import declared_tools, demanded_form, end_user, widen

PHONE: Final = {"type": "object", "properties": {"phone": {"type": "string", "pattern": "^[0-9-]+$"}}}
WIDE: Final = {"type": "object", "properties": {"phone": {"type": "string"}}}

FORMS: Final[dict[str, Any]] = {
    "chat": {"response_format": {"type": "json_schema", "json_schema": {"name": "f", "schema": PHONE}}},
    "responses": {"text": {"format": {"type": "json_schema", "name": "f", "schema": PHONE}}},
    "messages": {"output_config": {"format": {"type": "json_schema", "schema": PHONE}}},
}
TOOLS: Final[dict[str, Any]] = {
    "chat": {"tools": [{"type": "function", "function": {"name": "f", "parameters": PHONE}}]},
    "responses": {"tools": [{"type": "function", "name": "f", "parameters": PHONE}]},
    "messages": {"tools": [{"name": "f", "input_schema": PHONE}]},
    "legacy": {"functions": [{"name": "f", "parameters": PHONE}]},
}
ODD: Final[list[Any]] = [
    {},
    {"tools": None},
    {"tools": ["x", {}, {"function": 3}]},
    {"text": {"format": 3}},
    {"response_format": []},
]


@pytest.mark.parametrize("api", FORMS)
def test_the_demanded_form_is_found_and_takes_placeholders(api: str) -> None:
    body = _copied(FORMS[api])
    assert demanded_form(body) == PHONE
    widen(body, {"KR_PHONE"})
    assert demanded_form(body) == WIDE
    assert demanded_form(FORMS[api]) == PHONE, "that of the caller is what the answer is judged by"


@pytest.mark.parametrize("api", TOOLS)
def test_declared_tools_are_found_and_take_placeholders(api: str) -> None:
    body = _copied(TOOLS[api])
    assert declared_tools(body) == {"f": PHONE}
    widen(body, {"KR_PHONE"})
    assert declared_tools(body) == {"f": WIDE}


@pytest.mark.parametrize("body", ODD)
def test_what_is_odd_declares_nothing(body: Any) -> None:
    assert declared_tools(body) == {}
    assert demanded_form(body) is None
    widen(body, {"KR_PHONE"})


def test_a_tool_without_a_schema_is_declared_and_a_hosted_one_is_not() -> None:
    body = {"tools": [{"name": "f"}, {"type": "web_search"}, {"type": "bash_20250124", "name": "bash"}]}
    assert declared_tools(body) == {"f": {}, "bash": None}


@pytest.mark.parametrize("tool", [{"type": "custom", "custom": {"name": "f"}}, {"type": "custom", "name": "f"}])
def test_a_custom_tool_takes_free_text(tool: dict[str, Any]) -> None:
    assert declared_tools({"tools": [tool]}) == {"f": None}


@pytest.mark.parametrize(
    ("body", "user"),
    [
        ({}, ""),
        ({"user": "a"}, "a"),
        ({"user": "a", "safety_identifier": "b"}, "b"),
        ({"metadata": {"user_id": "c"}}, "c"),
        ({"user": 3, "metadata": []}, ""),
    ],
)
def test_the_end_user_is_the_one_the_request_names(body: dict[str, Any], user: str) -> None:
    assert end_user(body) == user


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value
