"""The schema and the structs say the same, and what is broken can always be stood in for."""

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config.departures import departures
from gateway.config.remains import Broken, mended
from gateway.config.schema import JsonSchema, Shape, kind_of
from gateway.policy.load import POLICY
from gateway.policy.structs import json_schema

SHAPE = Shape(json_schema())
DEFINITIONS = SHAPE.schema["$defs"]
ODD = st.sampled_from([None, True, 7, 0.5, "", "block", "x", [], ["x"], {}, {"x": 1}, {"kind": "pattern"}])


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_every_struct_and_field_has_a_meaning(name: str) -> None:
    assert DEFINITIONS[name]["description"]
    for field, schema in DEFINITIONS[name]["properties"].items():
        if field != "kind":
            assert schema.get("description", "").endswith("."), field


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_every_field_can_be_stood_in_for(name: str) -> None:
    for key, schema in DEFINITIONS[name]["properties"].items():
        whole = Shape({"$defs": DEFINITIONS, **schema})
        assert departures(mended(None, Broken([()]), whole), whole, Broken()) == [], key


def values(schema: JsonSchema) -> st.SearchStrategy[Any]:
    """What fits, and now and then what does not."""
    return st.deferred(lambda: fitting(schema)) | ODD if schema.get("type") != "object" else fitting(schema)


def fitting(schema: JsonSchema) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return fitting(DEFINITIONS[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of([fitting(one) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from([*schema["enum"], "odd"])
    kind = kind_of(schema)
    if kind == "object" and "properties" in schema:
        inside = {name: values(one) for name, one in schema["properties"].items()}
        needed = {name: inside.pop(name) for name in schema["required"]} if "required" in schema else {}
        inside["strange"] = st.just(1)
        return st.fixed_dictionaries(needed, optional=inside)
    if kind == "object":
        inner = schema.get("additionalProperties")
        return st.dictionaries(st.sampled_from("abc"), values(inner) if isinstance(inner, dict) else ODD, max_size=2)
    if kind == "array":
        return st.lists(values(schema["items"]), max_size=2)
    plain = {"string": "x", "integer": 1, "number": 0.5, "boolean": True, "null": None}
    return st.sampled_from([plain.get(kind, "x"), *schema.get("examples", [])])


@given(fitting(SHAPE.schema) | ODD)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_schema_and_structs_agree_and_what_is_mended_decodes(data: Any) -> None:
    broken = Broken()
    found = departures(data, SHAPE, broken)
    assert (POLICY.decoded(data) is None) == bool(found)
    assert POLICY.decoded(mended(data, broken, SHAPE)) is not None
