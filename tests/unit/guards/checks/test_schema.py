"""A structured answer fits its JSON Schema. Neither a hostile schema nor a hostile answer makes the gateway hang, raise or connect."""

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.guards.check import Said, Setting
from gateway.guards.checks import json_schema
from gateway.guards.checks.schema import SchemaCheck
from tests.unit.guards.checks.looking import kinds, turns_during
from tests.unit.guards.checks.test_tool_args import JSON

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[^0-9]+$"}, "age": {"type": "integer"}},
    "required": ["name"],
    "additionalProperties": False,
}
MISMATCH = ["SCHEMA_MISMATCH"]
UNUSABLE = ["SCHEMA_UNUSABLE"]
ENDLESS = "^(?:(a|aa)+)+$"
HARD = "a" * 60 + "b"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"name": "홍길동", "age": 3}', []),
        (' \n{"name": "x"}\n', []),
        ('{"name": "x", "age": 3.0}', []),
        ('{"name": "x", "age": 3.5}', MISMATCH),
        ('{"name": "x1"}', MISMATCH),
        ('{"name": "x", "more": 1}', MISMATCH),
        ('{"age": 3}', MISMATCH),
        ('```json\n{"name": "x"}\n```', MISMATCH),
        ('Here you are: {"name": "x"}', MISMATCH),
        ('{"name": "x"', MISMATCH),
        ("", MISMATCH),
        ("NaN", MISMATCH),
    ],
)
async def test_an_answer_must_be_json_that_fits_and_nothing_else(text: str, expected: list[str]) -> None:
    assert await kinds(SchemaCheck(PERSON), text) == expected
    assert await kinds(SchemaCheck(), text, setting=Setting(form=PERSON)) == expected


async def test_without_any_schema_nothing_is_found() -> None:
    assert await kinds(SchemaCheck(), "not json") == []


async def test_the_policys_own_schema_goes_before_that_of_the_request() -> None:
    assert await kinds(SchemaCheck(PERSON), "5", setting=Setting(form={"type": "integer"})) == MISMATCH


async def test_a_schema_that_changes_is_another_schema() -> None:
    form: dict[str, Any] = {"type": "integer"}
    check = SchemaCheck()
    assert await kinds(check, "5", setting=Setting(form=form)) == []
    form["type"] = "string"
    assert await kinds(check, "5", setting=Setting(form=form)) == MISMATCH


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"required": 5},
        {"$schema": 5},
        {"pattern": "("},
        {"patternProperties": {"(": True}},
        {"$ref": "#/$defs/missing"},
        {"$ref": "#/broken", "broken": {"required": 5}},
        {"$ref": "#/broken", "broken": 5},
        {"$ref": "#/title/x", "title": "text"},
        {"$ref": "#/allOf/x", "allOf": [True]},
        {"$ref": "http://[/"},
        {"$ref": "#"},
        {"unevaluatedProperties": False, "patternProperties": {"a": True}},
        {"description": "x" * 300_000},
    ],
)
async def test_a_schema_that_cannot_be_used_is_said_to_be_so(schema: dict[str, Any]) -> None:
    if "$schema" in schema:
        assert await kinds(SchemaCheck(schema), "{}") == []  # a dialect nobody knows is no reason to find something
    else:
        assert await kinds(SchemaCheck(schema), "{}") == UNUSABLE


@pytest.mark.parametrize("where", ["{}", "{}/inner#/$defs/x", "{}#"])
async def test_nothing_is_ever_fetched(where: str) -> None:
    calls = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/schema"
        for schema in ({"$ref": where.format(address)}, {"anyOf": [True, {"$dynamicRef": where.format(address)}]}):
            assert await kinds(SchemaCheck(schema), "{}") == UNUSABLE
    assert calls == 0


async def test_references_inside_the_schema_are_followed() -> None:
    own = {
        "$id": "https://schemas.example/a",
        "$ref": "https://schemas.example/a#/$defs/n",
        "$defs": {"n": {"type": "integer"}},
    }
    tree = {"type": "object", "properties": {"children": {"items": {"$ref": "#"}}}, "required": ["children"]}
    assert await kinds(SchemaCheck(own), "5") == []
    assert await kinds(SchemaCheck(own), '"5"') == MISMATCH
    assert await kinds(SchemaCheck(tree), '{"children": [{"children": []}]}') == []
    assert await kinds(SchemaCheck(tree), '{"children": [{}]}') == MISMATCH


@pytest.mark.parametrize("dialect", [{"$schema": DRAFT_7}, {}])
async def test_schemas_of_draft_7_are_read_as_such(dialect: dict[str, str]) -> None:
    schema = {**dialect, "items": [{"type": "string"}, {"type": "integer"}], "additionalItems": False}
    assert await kinds(SchemaCheck(schema), '["a", 1]') == []
    assert await kinds(SchemaCheck(schema), "[1, 1]") == MISMATCH
    assert await kinds(SchemaCheck(schema), '["a", 1, 2]') == MISMATCH


def _doubling() -> dict[str, Any]:
    steps: dict[str, Any] = {f"s{n}": {"allOf": [{"$ref": f"#/$defs/s{n + 1}"}] * 2} for n in range(30)}
    return {"$ref": "#/$defs/s0", "$defs": {**steps, "s30": True}}


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"pattern": ENDLESS}, json.dumps(HARD)),
        ({"patternProperties": {ENDLESS: True}}, json.dumps({HARD: 1})),
        ({"additionalProperties": False, "patternProperties": {ENDLESS: True}}, json.dumps({HARD: 1})),
        ({"propertyNames": {"pattern": ENDLESS}}, json.dumps({HARD: 1})),
        ({"$schema": DRAFT_7, "$ref": "#/definitions/x", "definitions": {"x": {"$schema": DRAFT_7, "pattern": ENDLESS}}}, json.dumps(HARD)),
        (_doubling(), "1"),
    ],
)  # fmt: skip
async def test_an_endless_validation_ends_and_the_loop_goes_on_meanwhile(schema: dict[str, Any], text: str) -> None:
    check = SchemaCheck(schema)
    for _ in range(2):  # the second time the schema is at hand, and it begins on the loop
        began = time.monotonic()
        looking = asyncio.create_task(kinds(check, text))
        turns = 0
        while not looking.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert looking.result() == UNUSABLE
        assert time.monotonic() - began < 30
        assert turns > 2


async def test_neither_a_long_answer_nor_a_new_schema_holds_the_loop() -> None:
    schema = {"items": {"type": "integer"}}
    check = SchemaCheck(schema)
    short, long = "[1]", json.dumps(list(range(20_000)))
    assert await turns_during(kinds(check, short)) > 0
    assert await turns_during(kinds(check, short)) == 0
    assert await turns_during(kinds(check, long)) > 5


async def test_many_items_are_compared_in_one_pass() -> None:
    items = [{"n": n} for n in range(30_000)]
    check = SchemaCheck({"uniqueItems": True})
    assert await kinds(check, json.dumps(items)) == []
    assert await kinds(check, json.dumps([*items, {"n": 5}])) == MISMATCH


@pytest.mark.parametrize(
    ("text", "expected"),
    [("[1, true]", []), ("[1, 1.0]", MISMATCH), ('[{"a": 1}, {"a": true}]', []), ("[[0], [false]]", []), ("[[1], [1]]", MISMATCH)],
)  # fmt: skip
async def test_items_are_equal_as_json_has_it(text: str, expected: list[str]) -> None:
    assert await kinds(SchemaCheck({"uniqueItems": True}), text) == expected


@pytest.mark.parametrize("text", ["[" * 100_000, "1" + "0" * 5_000, "1e999", "-1e999", '"\\ud800"x'])
async def test_what_no_reader_could_hold_does_not_fit(text: str) -> None:
    assert await kinds(SchemaCheck({"multipleOf": 0.5}), text) == MISMATCH


async def test_an_answer_deeper_than_can_be_followed_is_found() -> None:
    assert await kinds(SchemaCheck({"items": {"$ref": "#"}}), "[" * 600 + "]" * 600) == UNUSABLE


async def test_the_latest_schemas_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schema, "_MOST_KEPT", 2)
    schemas = json_schema.Schemas()
    for wanted in ("integer", "string", "integer", "array", "object"):
        assert await schemas.fit("5", {"type": wanted}) == ("fits" if wanted == "integer" else "mismatch")
    assert len(schemas._kept) == 2
    assert await schemas.fit("5", {"type": "integer", "description": "x" * 40_000}) == "fits"
    assert len(schemas._kept) == 2


def test_jsonschema_is_loaded_by_the_first_check_that_needs_it() -> None:
    program = "import gateway.guards.checks.schema, gateway.guards.checks.tool_args, sys; assert 'jsonschema' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


KEYWORDS = (
    "type", "properties", "items", "prefixItems", "required", "pattern", "patternProperties", "additionalProperties", "allOf", "anyOf",
    "oneOf", "not", "if", "then", "else", "enum", "const", "$ref", "$dynamicRef", "$defs", "$id", "$anchor", "$schema", "uniqueItems",
    "multipleOf", "minimum", "maxLength", "contains", "minContains", "unevaluatedItems", "unevaluatedProperties", "dependentSchemas",
)  # fmt: skip
WORDS = st.sampled_from(
    ["string", "object", "array", "#", "#/$defs/a", "#/allOf/0", "http://127.0.0.1:1/x", "a", "(", "^a+$", DRAFT_7]
)
SCHEMAS = st.recursive(
    st.booleans() | st.integers(-3, 3) | WORDS | st.none() | st.floats(),
    lambda inner: (
        st.dictionaries(st.sampled_from(KEYWORDS) | st.just("a"), inner, max_size=4) | st.lists(inner, max_size=3)
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYWORDS), SCHEMAS, max_size=5), JSON)
async def test_no_schema_makes_the_check_raise(schema: dict[str, Any], value: Any) -> None:
    check = SchemaCheck(schema)
    text = json.dumps(value)
    first = await kinds(check, text)
    assert first in ([], MISMATCH, UNUSABLE)
    assert await kinds(check, text) == first


@given(st.text(alphabet='{}[]":,0123456789.eE+-truefalsnu\\ \n가\ud800', max_size=40))
async def test_no_text_makes_the_check_raise(text: str) -> None:
    findings = await SchemaCheck({"type": ["object", "array"]}).look(Said("content", text, text))
    assert all(one.start == 0 and one.end >= 1 for one in findings)
