"""JSON inside strings: what is found in it, and what a new text does to the rest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.lanes.held import Held
from gateway.wire.lanes.json_text import JsonText, Leaf, form, may_hold

_TEXTS = st.text(max_size=12) | st.sampled_from(["\ud800", '"', "\\", "}", "가", "a\nb", "123", "{}"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


def leaves(held: JsonText) -> list[Leaf]:
    found = held.leaves()
    assert found is not None
    return found


def texts(value: Any) -> list[str]:
    """Keys, strings and numbers in the order of the text."""
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in (key, *texts(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [] if value is None or isinstance(value, bool) else [value if isinstance(value, str) else json.dumps(value)]


@given(_VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_every_leaf_is_found_however_it_is_escaped(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert form(text) == "json"
    assert [leaf[1] for leaf in leaves(JsonText(text, Held({"a": text}), "a"))] == texts(value)


@given(_VALUES, st.data())
def test_a_new_text_replaces_its_leaf_alone(value: Any, data: st.DataObject) -> None:
    body: dict[str, Any] = {"a": json.dumps(value)}
    held = JsonText(body["a"], Held(body), "a")
    before = leaves(held)
    if not before:
        return
    new = data.draw(_TEXTS)
    chosen = data.draw(st.sampled_from(before))
    held.write(chosen[3], new)
    held.settle()
    again = leaves(JsonText(body["a"], Held(body), "a"))
    expected = [new if leaf is chosen else leaf[1] for leaf in before]
    assert [leaf[1] for leaf in again] == expected
    assert [leaf[2] for leaf in again] == [leaf[2] for leaf in before]


def test_what_nobody_edits_keeps_its_bytes() -> None:
    text = '{ "a" : 1.50,\n "a": "\\uac00\\/", "b": [ 12345678901234567890123, true ] }'
    body: dict[str, Any] = {"x": text}
    held = JsonText(text, Held(body), "x")
    for _, leaf, _, at in leaves(held):
        held.write(at, leaf)
    held.settle()
    assert body["x"] == text
    held.write(next(iter(at for _, leaf, _, at in leaves(JsonText(text, Held(body), "x")) if leaf == "1.50")), "<N>")
    held.settle()
    assert body["x"] == text.replace("1.50", '"<N>"')


def test_a_doubled_key_is_read_twice() -> None:
    text = '{"a": "first", "a": "second"}'
    found = [(kind, leaf, path) for kind, leaf, path, _ in leaves(JsonText(text, Held({}), "x"))]
    assert found == [
        ("key", "a", "#0"),
        ("text", "first", "#0"),
        ("key", "a", "#1"),
        ("text", "second", "#1"),
    ]


def test_paths_count_entries_and_items() -> None:
    text = '[{"k": [1, {"z": "in"}], "m": {}}, "last"]'
    found = [(leaf, path) for _, leaf, path, _ in leaves(JsonText(text, Held({}), "x"))]
    assert found == [
        ("k", "0.#0"),
        ("1", "0.#0.0"),
        ("z", "0.#0.1.#0"),
        ("in", "0.#0.1.#0"),
        ("m", "0.#1"),
        ("last", "1"),
    ]


@pytest.mark.parametrize("text", ['"alone"', " 5 ", "-1.5e+3"])
def test_a_value_alone_is_a_leaf_without_a_path(text: str) -> None:
    [(_, leaf, path, _)] = leaves(JsonText(text, Held({}), "x"))
    assert (leaf, path) == (str(json.loads(text)) if '"' in text else text.strip(), "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", "json"),
        ('{"a": "\\ud800"}', "json"),
        ('{"a": "line\nbreak"}', "json"),
        ("[NaN, Infinity]", "json"),
        ("[" + "1" * 5000 + "]", "json"),
        ("[1e999]", "json"),
        ("{'a': 1}", "plain"),
        ('{"a": 1} and more', "plain"),
        ("", "plain"),
        ("[" * 100_000, "too deep"),
        ("[" * 100_000 + "]" * 100_000, "too deep"),
    ],
)
def test_what_counts_as_json(text: str, expected: str) -> None:
    assert form(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("{", True), (" \n[1", True), ("a{", False), ("", False), ('"x"', False)]
)
def test_only_objects_and_lists_look_like_json(text: str, expected: bool) -> None:
    assert may_hold(text) is expected
