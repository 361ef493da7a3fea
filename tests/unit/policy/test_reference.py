"""The reference of policy files names every key, action, kind and entity, with a meaning for each, and its links lead somewhere."""

import inspect
import re

import msgspec
import pytest

from gateway.config.strict import Strict
from gateway.guards.catalogue import ENTITIES
from gateway.policy import actions, detectors, structs
from gateway.policy.kinds import KINDS
from gateway.policy.reference import markdown

PAGE = markdown()
STRUCTS = {
    name: one
    for module in (structs, detectors, actions)
    for name, one in inspect.getmembers(module, inspect.isclass)
    if issubclass(one, Strict) and one not in (Strict, detectors.Detector, detectors.Guest)
}


def title(name: str) -> str:
    one = STRUCTS[name]
    if one in actions.WORDS:
        return f"Action `{actions.WORDS[one]}`"
    tag = one.__struct_config__.tag
    return f"Detector `{tag}`" if tag else name


def section(name: str) -> str:
    return PAGE.partition(f"\n## {title(name)}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", STRUCTS)
def test_every_key_stands_there_with_type_default_and_meaning(name: str) -> None:
    rows = [line.split("|") for line in section(name).splitlines() if line.startswith("| `")]
    fields = msgspec.structs.fields(STRUCTS[name])
    assert [row[1].strip(" `") for row in rows] == [field.encode_name for field in fields]
    assert all(len(row) == 6 and row[4].strip().endswith(".") for row in rows)
    assert [row[3].strip() == "required" for row in rows] == [field.required for field in fields]


def test_every_kind_and_action_has_a_section_that_says_where_it_works() -> None:
    for kind in KINDS:
        assert f"\n## Detector `{kind}`\n" in PAGE
    for name, one in STRUCTS.items():
        assert ("Looks at: " in section(name)) == (one.__struct_config__.tag is not None), name
        assert ("Acts on: " in section(name)) == (one in actions.WORDS), name


def test_every_entity_is_told() -> None:
    rows = [line.split("|") for line in PAGE.partition("\n## Entities\n")[2].splitlines() if line.startswith("| `")]
    assert {row[1].strip(" `") for row in rows} == set(ENTITIES)
    assert all(row[3].strip() for row in rows)


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    headings = {line[3:].lower().replace("`", "").replace(" ", "-") for line in PAGE.splitlines() if line.startswith("## ")}  # fmt: skip
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= headings


def test_types_are_as_in_the_structs() -> None:
    assert "| `detectors` | mapping of names to [detector](#detectors) |" in section("Document")
    assert "| `secret` | secret text | required |" in section("Webhook")
    assert "| `schema` | mapping | — |" in section("Schema")
    assert "| `arguments` | mapping | `{}` |" in section("GuardrailsAi")
    assert "[Tokenize](#action-tokenize)" in section("Action")
