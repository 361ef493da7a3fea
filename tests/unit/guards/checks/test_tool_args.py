"""A call names a declared tool, and its arguments are an object that fits the declared schema."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.guards.checks.tool_args import ToolArgsCheck
from tests.unit.guards.checks.looking import declared, kinds

CHECK = ToolArgsCheck()
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = declared(weather=WEATHER, anything={}, note=None, broken={"type": "nothing"}, none={"type": "object"})
MISMATCH = ["TOOL_ARGS_MISMATCH"]


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("weather", '{"city": "서울"}', []),
        ("weather", '{"city": 5}', MISMATCH),
        ("weather", "{}", MISMATCH),
        ("weather", "", MISMATCH),
        ("weather", '{"city": "Seo', MISMATCH),
        ("weather", '"city"', MISMATCH),
        ("none", "", []),
        ("none", " \n", []),
        ("anything", "[1]", MISMATCH),
        ("anything", '{"any": "thing"}', []),
        ("note", "free text of a custom tool", []),
        ("broken", "{}", ["SCHEMA_UNUSABLE"]),
        ("Weather", '{"city": "서울"}', ["UNDECLARED_TOOL"]),
        ("", "{}", ["UNDECLARED_TOOL"]),
    ],
)
async def test_calls_that_a_model_made_up_are_found(tool: str, arguments: str, expected: list[str]) -> None:
    assert await kinds(CHECK, arguments, "tool_args", tool, TOOLS) == expected


async def test_text_that_is_no_call_is_none_of_its_business() -> None:
    assert await kinds(CHECK, "hello", "content", "unheard_of", TOOLS) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
async def test_any_object_fits_the_schema_that_asks_for_nothing_and_nothing_else_does(value: Any) -> None:
    expected = [] if isinstance(value, dict) else MISMATCH
    assert await kinds(CHECK, json.dumps(value), "tool_args", "anything", TOOLS) == expected


@given(JSON)
async def test_a_const_fits_itself_and_no_other(value: Any) -> None:
    tools = declared(same={"properties": {"a": {"const": value}}})
    assert await kinds(CHECK, json.dumps({"a": value}), "tool_args", "same", tools) == []
    assert await kinds(CHECK, json.dumps({"a": [value]}), "tool_args", "same", tools) == MISMATCH
