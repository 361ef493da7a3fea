"""What several dialects share: JSON Schemas, settings, and the marks on blocks."""

from typing import Final

from gateway.wire.lanes.held import Held
from gateway.wire.lanes.place import Role
from gateway.wire.lanes.walk import Found, Rule, Table, as_role, data, each, named, names, text, word


def words(*fields: str) -> dict[str, Rule]:
    """Fields that are harmless: ids, numbers, switches and words of the API."""
    return dict.fromkeys(fields, word)


def schema(found: Found, role: Role, held: Held, key: object, value: object, path: str) -> None:
    """A JSON Schema, or a list of them."""
    _schema(found, role, held, key, value, path)


# Names of properties are names of a program. What stands under `enum`, `default` and the like is the caller's own.
SCHEMA: Final[Table] = {
    **words("type", "format", "$ref", "$id", "$schema", "$anchor", "$dynamicRef", "$dynamicAnchor", "nullable"),
    **words("contentEncoding", "contentMediaType", "minLength", "maxLength", "minItems", "maxItems", "minProperties"),
    **words("maxProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "strict"),
    **words("minContains", "maxContains", "propertyOrdering"),
    **dict.fromkeys(("title", "description", "$comment", "pattern"), text),
    **dict.fromkeys(("enum", "const", "default", "examples", "example"), data),
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"), named(schema)),
    **dict.fromkeys(("items", "prefixItems", "additionalItems", "unevaluatedItems", "contains"), schema),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "propertyNames"), schema),
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "not", "if", "then", "else"), schema),
    "required": names,
    "dependentRequired": named(names),
}
_schema: Final = each(SCHEMA)

CACHE: Final = each(words("type", "ttl", "scope", "mode"))
MARKS: Final[Table] = {
    **words("type", "id", "status", "index"),
    "cache_control": CACHE,
    "prompt_cache_breakpoint": CACHE,
}

# Who sends, as the caller calls them: the fields that Chat, Responses and older APIs have in common.
SENDER: Final[Table] = {
    "metadata": data,
    **dict.fromkeys(("user", "safety_identifier", "prompt_cache_key"), text),
}

_APPROXIMATE: Final[dict[str, Rule]] = dict.fromkeys(("city", "country", "region", "timezone"), text)
LOCATION: Final = each({**_APPROXIMATE, "approximate": each(_APPROXIMATE), "type": word})

SAMPLING: Final[Table] = words(
    "model",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "n",
    "seed",
    "max_tokens",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "logprobs",
    "top_logprobs",
    "stream",
    "store",
    "service_tier",
    "parallel_tool_calls",
    "prompt_cache_retention",
)
OPTIONS: Final[Table] = {
    "stream_options": each(words("include_usage", "include_obfuscation", "continuous_usage_stats")),
    "prompt_cache_options": each(words("mode", "ttl")),
    "moderation": each(
        {"model": word, "policy": each({"input": each(words("mode")), "output": each(words("mode"))}, word)}, word
    ),
}

_CHOSEN: Final[dict[str, Rule]] = words("type", "name", "mode", "server_label", "disable_parallel_tool_use")


def choice(found: Found, role: Role, held: Held, key: object, value: object, path: str) -> None:
    """Which tools may be called: names and words of the API, at every level."""
    _choice(found, role, held, key, value, path)


_choice: Final = each({**_CHOSEN, **dict.fromkeys(("function", "custom", "allowed_tools", "tools"), choice)}, word)
CHOICE: Final = as_role("tool_definition", choice)
