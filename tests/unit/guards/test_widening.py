from copy import deepcopy
from typing import Any

import pytest

from gateway.guards.widening import DEEPEST, widened

KINDS = ["EMAIL_ADDRESS", "PHONE"]
NARROW: dict[str, Any] = {"type": "string", "pattern": "^[0-9]+$", "format": "email", "maxLength": 20, "minLength": 1}
WIDE: dict[str, Any] = {"type": "string", "minLength": 1}


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        (NARROW, WIDE),
        ({"type": ["string", "null"], "pattern": "x"}, {"type": ["string", "null"]}),
        ({"pattern": "x", "minimum": 1}, {"minimum": 1}),
        ({"type": "string", "maxLength": 26}, {"type": "string", "maxLength": 26}),
        ({"type": "string", "maxLength": 25}, {"type": "string"}),
        ({"properties": {"pattern": NARROW, "x": True}}, {"properties": {"pattern": WIDE, "x": True}}),
        ({"items": NARROW, "contains": NARROW}, {"items": WIDE, "contains": WIDE}),
        ({"items": [NARROW], "prefixItems": [NARROW]}, {"items": [WIDE], "prefixItems": [WIDE]}),
        ({"additionalProperties": NARROW}, {"additionalProperties": WIDE}),
        ({"$defs": {"a": NARROW}, "definitions": {"b": NARROW}}, {"$defs": {"a": WIDE}, "definitions": {"b": WIDE}}),
        ({"anyOf": [NARROW], "allOf": [NARROW]}, {"anyOf": [WIDE], "allOf": [WIDE]}),
        ({"then": NARROW, "else": NARROW}, {"then": WIDE, "else": WIDE}),
        ({"patternProperties": {"^x": NARROW}}, {"patternProperties": {"^x": WIDE}}),
    ],
)
def test_strings_take_placeholders(schema: dict[str, Any], made: dict[str, Any]) -> None:
    before = deepcopy(schema)
    assert widened(schema, KINDS) == made
    assert schema == before


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "format": "int32", "maximum": 3},
        {"type": "string", "enum": ["a"], "pattern": "a"},
        {"type": "string", "const": "a", "maxLength": 1},
        {"not": NARROW, "if": NARROW},
        {"default": NARROW, "examples": [NARROW]},
        {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        {"properties": "nonsense", "items": 1},
    ],
)
def test_what_need_not_or_must_not_be_wider_stays(schema: dict[str, Any]) -> None:
    assert widened(schema, KINDS) == schema


def test_one_of_becomes_any_of_where_more_than_one_may_fit_now() -> None:
    assert widened({"oneOf": [NARROW, {"type": "null"}]}, KINDS) == {"anyOf": [WIDE, {"type": "null"}]}
    assert widened({"oneOf": [NARROW], "anyOf": [WIDE]}, KINDS) == {"anyOf": [WIDE], "allOf": [{"anyOf": [WIDE]}]}


def test_without_kinds_nothing_is_widened() -> None:
    assert widened(NARROW, []) == NARROW
    assert widened(NARROW, []) is not NARROW


def test_what_lies_too_deep_stays_as_it_is() -> None:
    schema = NARROW
    for _ in range(DEEPEST * 20):
        schema = {"items": schema}
    assert widened(schema, KINDS) is not schema
