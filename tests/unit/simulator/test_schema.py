from typing import Any

import jsonschema
import pytest

from gateway.simulator.schema import example

NODE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
    "required": ["name"],
    "additionalProperties": False,
}
SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a", "b"]},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
    {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    {"type": "string", "enum": ["x", "y"]},
    {"const": 7},
    {"type": "string", "minLength": 30},
    {"type": "string", "maxLength": 3},
    {"type": ["null", "integer"], "minimum": 10, "multipleOf": 7},
    {"type": "number", "exclusiveMinimum": 3},
    {"type": "integer", "maximum": -5},
    {"oneOf": [{"type": "integer"}, {"type": "string"}]},
    {"allOf": [{"type": "object", "properties": {"a": {"type": "null"}}}, {"properties": {"b": {"type": "array"}}}]},
    {"type": "string", "format": "date-time"},
    {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_an_example_fits_its_schema(schema: dict[str, Any]) -> None:
    jsonschema.validate(example(schema, "hello there"), schema)


def test_free_strings_carry_the_users_text() -> None:
    assert example({"properties": {"q": {"type": "string"}}}, "서울 날씨") == {"q": "서울 날씨"}
