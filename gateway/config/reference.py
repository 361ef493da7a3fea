"""The configuration reference in Markdown, from the structs: every section, every field, its type, default and meaning."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from gateway.config import cache, console, feedback, ledger, structs, tracing
from gateway.config.schema import JsonSchema, json_schema
from gateway.config.strict import Secret

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
    sections = (structs, cache, feedback, ledger, console, tracing)
    page = Page(json_schema(), {name: one for section in sections for name, one in vars(section).items()})
    return "\n".join([_INTRODUCTION, *(page.section(name) for name in page.reachable("Config"))])


class Page:
    """Sections about the structs of one schema, which link to each other.

    `structs` are found by the names in the schema. `titles` are headings other than those names; `union`: what a union of many structs
    is called, and the heading where they begin.
    """

    def __init__(
        self,
        schema: JsonSchema,
        structs: Mapping[str, Any],
        titles: Mapping[str, str] = MappingProxyType({}),
        union: tuple[str, str] = ("", ""),
    ) -> None:
        self._definitions: dict[str, JsonSchema] = schema["$defs"]
        self._structs = structs
        self._titles = titles
        self._union = union

    def reachable(self, root: str) -> list[str]:
        """Sections in the order in which a reader of the file meets them, each once."""
        found: list[str] = []
        waiting = [root]
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found.append(name)
                waiting += _referred(self._definitions[name])
        return found

    def section(self, name: str, *more: str) -> str:
        """`more`: paragraphs behind the first."""
        schema = self._definitions[name]
        fields = msgspec.structs.fields(self._structs[name])
        rows = [self._row(field, schema["properties"][field.encode_name]) for field in fields]
        head = ["| key | type | default | meaning |", "|---|---|---|---|"] if rows else []
        said = [line for text in (schema["description"], *more) for line in ("", text)]
        return "\n".join([f"## {self._title(name)}", *said, "", *head, *rows, *([""] if rows else [])])

    def _row(self, field: msgspec.structs.FieldInfo, schema: JsonSchema) -> str:
        cells = [f"`{field.encode_name}`", self._type(schema), _default(field), schema.get("description", "")]
        return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"

    def _type(self, schema: JsonSchema) -> str:
        if "$ref" in schema:
            name = _target(schema)
            return f"[{name}](#{_anchor(self._title(name))})"
        if "discriminator" in schema:
            return f"[{self._union[0]}](#{_anchor(self._union[1])})"
        if "anyOf" in schema:
            return " or ".join(self._type(one) for one in schema["anyOf"] if one.get("type") != "null")
        if "enum" in schema:
            return ", ".join(f"`{one}`" for one in schema["enum"])
        if "type" not in schema:
            return "anything"
        if schema["type"] == "array":
            return f"list of {self._type(schema['items'])}"
        if schema["type"] == "object":
            inner = schema.get("additionalProperties")
            return f"mapping of names to {self._type(inner)}" if inner else "mapping"
        bounds = [words.format(schema[bound]) for bound, words in _BOUNDS.items() if bound in schema]
        word = "secret text" if schema.get("writeOnly") else _WORDS[schema["type"]]
        return " ".join([word, ", ".join(bounds)]).strip()

    def _title(self, name: str) -> str:
        return self._titles.get(name, name)


def _referred(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield _target(schema)
        for value in schema.values():
            yield from _referred(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _referred(value)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, msgspec.Struct):
        return "its defaults"
    if value is None:
        return "—"
    if isinstance(value, Secret):  # a default is no secret
        value = value.reveal()
    return f"`{msgspec.json.encode(value).decode()}`"


def _target(schema: JsonSchema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _anchor(title: str) -> str:
    return title.lower().replace("`", "").replace(" ", "-")
