"""The reference names every section and every field, with a meaning for each."""

import inspect

import msgspec
import pytest

from gateway.config import cache, structs
from gateway.config.reference import markdown
from gateway.config.schema import json_schema
from gateway.config.strict import Strict

SECTIONS = {
    name: one
    for module in (structs, cache)
    for name, one in inspect.getmembers(module, inspect.isclass)
    if issubclass(one, Strict) and one is not Strict
}
PAGE = markdown()


def section(name: str) -> str:
    return PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", SECTIONS)
def test_every_field_stands_in_the_reference(name: str) -> None:
    rows = [line for line in section(name).splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(SECTIONS[name].__struct_fields__)
    assert all(row.count("|") == 5 for row in rows)


@pytest.mark.parametrize("name", SECTIONS)
def test_every_field_has_a_meaning(name: str) -> None:
    for field, schema in json_schema()["$defs"][name]["properties"].items():
        assert schema.get("description", "").endswith("."), field


def test_types_defaults_and_links_are_as_in_the_structs() -> None:
    assert "| `port` | whole number ≥ 0, ≤ 65535 | `8080` | 0 takes a free port. |" in section("Listen")
    assert "| `name` | text | required |" in section("Key")
    assert '| `models` | list of text | `["*"]` |' in section("Key")
    assert "| `api_key` | secret text | — |" in section("Provider")
    assert "| `targets` | list of [Target](#target) | required |" in section("Model")
    assert "| `models` | mapping of names to [Model](#model) | `{}` |" in section("Config")


def test_every_default_is_shown() -> None:
    for name, one in SECTIONS.items():
        for field in msgspec.structs.fields(one):
            row = next(line for line in section(name).splitlines() if line.startswith(f"| `{field.encode_name}` "))
            assert (row.split("|")[3].strip() == "required") == field.required
