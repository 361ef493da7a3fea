"""JSON Schemas generated from structs, that of `haechi.yaml` first, and questions about the type that stands at a place in one."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec

from gateway.config.mistakes import Trail
from gateway.config.strict import Secret
from gateway.config.structs import Config

JsonSchema = dict[str, Any]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT_SCHEMA: Final[JsonSchema] = {"type": "string"}


def json_schema() -> JsonSchema:
    """The schema as `haechi schema` prints it. A `Secret` is a string marked `writeOnly`."""
    return schema_of(Config, "haechi.yaml")


def schema_of(struct: Any, title: str) -> JsonSchema:
    """The schema of any sort of file that is read as strictly. Nobody changes it: making it takes 30 ms, and each file asks."""
    return _made(struct, title)


@lru_cache(64)
def _made(struct: Any, title: str) -> JsonSchema:
    return {"$schema": DRAFT, "title": title} | msgspec.json.schema(struct, schema_hook=_hook)


def schema_text(schema: JsonSchema | None = None) -> str:
    """By default the file `deploy/haechi.schema.json`, which editors find through the first line of the examples."""
    return (
        msgspec.json.format(msgspec.json.encode(json_schema() if schema is None else schema), indent=2).decode() + "\n"
    )


class Shape:
    """A schema that is asked about trails. What lies outside the schema has no alternatives."""

    def __init__(self, schema: JsonSchema) -> None:
        self.schema = schema

    def alternatives(self, trail: Trail) -> list[JsonSchema]:
        """Every schema that a value at this trail may meet, with references followed and unions opened."""
        found = list(self.opened(self.schema))
        for step in trail:
            found = self.inside(found, step)
        return found

    def inside(self, schemas: list[JsonSchema], step: str | int) -> list[JsonSchema]:
        """What a value may meet one step further."""
        return [deeper for one in schemas for inner in _inside(one, step) for deeper in self.opened(inner)]

    def opened(self, schema: JsonSchema) -> Iterator[JsonSchema]:
        if "$ref" in schema:
            yield from self.opened(self.schema["$defs"][schema["$ref"].rpartition("/")[2]])
        elif "anyOf" in schema:
            for one in schema["anyOf"]:
                yield from self.opened(one)
        else:
            yield schema

    def wants_text(self, trail: Trail) -> bool:
        """Whether strings and nothing but strings (or nothing at all) may stand there."""
        kinds = {kind_of(one) for one in self.alternatives(trail)} - {"null"}
        return kinds == {"string"}

    def may_be_null(self, trail: Trail) -> bool:
        return any(kind_of(one) == "null" for one in self.alternatives(trail))

    def is_secret(self, trail: Trail) -> bool:
        return any(one.get("writeOnly") for one in self.alternatives(trail))

    def without_secrets(self, trail: Trail) -> Trail:
        """The trail up to the first secret on it: what was written inside a secret is not for printing."""
        for length in range(len(trail)):
            if self.is_secret(trail[:length]):
                return trail[:length]
        return trail


def _inside(schema: JsonSchema, step: str | int) -> Iterator[JsonSchema]:
    if isinstance(step, int):
        candidate = schema.get("items")
    else:
        candidate = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
    if isinstance(candidate, dict):
        yield candidate


def tags_of(schema: JsonSchema) -> dict[str, str]:
    """The keys that tell a tagged struct from its siblings, with what stands in them."""
    return {
        name: one["enum"][0]
        for name, one in schema.get("properties", {}).items()
        if len(one.get("enum", ())) == 1 and name in schema.get("required", ())
    }


def kind_of(schema: JsonSchema) -> str:
    """Its JSON type, `mixed` where it has none."""
    if "enum" in schema:
        return "string" if all(isinstance(one, str) for one in schema["enum"]) else "mixed"
    return str(schema.get("type", "mixed"))


def _hook(kind: type) -> JsonSchema:
    if kind is Secret:
        return _TEXT_SCHEMA | {"writeOnly": True}
    raise NotImplementedError(f"no JSON Schema for {kind.__name__}")
