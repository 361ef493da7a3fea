"""The configuration reference in Markdown, from the structs: every section, every field, its type, default and meaning."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from gateway.config import structs
from gateway.config.schema import JsonSchema, json_schema

_INTRODUCTION: Final = """# Configuration

`haechi.yaml` is read strictly: an unknown key, a wrong type or a name that leads nowhere is a mistake. `haechi check FILE`
names all mistakes at once; `haechi schema` prints the JSON Schema, which editors use to complete and check.

Times are in seconds, sizes in bytes, prices in US dollars per million tokens. `true` and `false` are the only booleans;
`on`, `off`, `yes` and `no` are plain words.

In any text, `${VAR}` is an environment variable, `${VAR:-default}` one that may be missing or empty, `${file:/path}` the
content of a file without its last line break (a relative path starts at the configuration file), and `$$` a dollar sign.
"""
_WORDS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "array": "list",
}
_BOUNDS: Final = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}


def markdown() -> str:
    """The whole page, ending in a line break."""
    definitions: dict[str, JsonSchema] = json_schema()["$defs"]
    sections = [_section(name, definitions[name]) for name in _reachable("Config", definitions)]
    return "\n".join([_INTRODUCTION, *sections])


def _reachable(root: str, definitions: dict[str, JsonSchema]) -> list[str]:
    """Sections in the order in which a reader of the file meets them, each once."""
    found: list[str] = []
    waiting = [root]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting += _referred(definitions[name])
    return found


def _referred(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield _target(schema)
        for value in schema.values():
            yield from _referred(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _referred(value)


def _section(name: str, schema: JsonSchema) -> str:
    rows = [
        _row(field, schema["properties"][field.encode_name]) for field in msgspec.structs.fields(getattr(structs, name))
    ]
    head = ["| key | type | default | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## {name}", "", schema["description"], "", *head, *rows, ""])


def _row(field: msgspec.structs.FieldInfo, schema: JsonSchema) -> str:
    cells = [f"`{field.encode_name}`", _type(schema), _default(field), schema.get("description", "")]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _type(schema: JsonSchema) -> str:
    if "$ref" in schema:
        name = _target(schema)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    if schema["type"] == "object":
        return f"mapping of names to {_type(schema['additionalProperties'])}"
    bounds = [words.format(schema[bound]) for bound, words in _BOUNDS.items() if bound in schema]
    word = "secret text" if schema.get("writeOnly") else _WORDS[schema["type"]]
    return " ".join([word, ", ".join(bounds)]).strip()


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, msgspec.Struct):
        return "its defaults"
    if value is None:
        return "—"
    return f"`{msgspec.json.encode(value).decode()}`"


def _target(schema: JsonSchema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]
