"""A caller's JSON Schema as the upstream gets it: such that a placeholder fits where a value would.

The caller's own schema still holds: the restored answer is validated against that.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from gateway.guards.placeholders import CODE_LENGTH, label

DEEPEST: Final = 100
"""Levels of a schema that are looked at; what lies deeper stays as it is."""


def widened(schema: dict[str, Any], kinds: Iterable[str]) -> dict[str, Any]:
    """A copy in which strings need no `pattern` and no `format`, and no `maxLength` that a placeholder of these kinds exceeds.

    Left as they are: numbers, strings with `enum` or `const`, what stands under `not` and `if` (there, wider means narrower). A
    `oneOf` in which something was widened becomes an `anyOf`, since now more than one of it may fit.
    """
    longest = max((len(label(kind)) + CODE_LENGTH + 3 for kind in kinds), default=0)
    made = _widened(schema, longest, DEEPEST) if longest else schema
    return dict(made)


def _widened(node: Any, longest: int, depth: int) -> Any:
    if not isinstance(node, dict) or depth == 0:
        return node
    parts = {
        key: _SUBSCHEMAS[key](value, longest, depth - 1) if key in _SUBSCHEMAS else value for key, value in node.items()
    }
    if _is_free_string(node):
        parts = {key: value for key, value in parts.items() if not _is_too_narrow(key, value, longest)}
    if "oneOf" in parts and parts["oneOf"] != node["oneOf"]:
        parts = _without_one_of(parts)
    return parts


def _is_free_string(node: Mapping[str, Any]) -> bool:
    kind = node.get("type", "string")
    return (
        "enum" not in node
        and "const" not in node
        and (kind == "string" or (isinstance(kind, list) and "string" in kind))
    )


def _is_too_narrow(key: str, value: object, longest: int) -> bool:
    return key in ("pattern", "format") or (key == "maxLength" and isinstance(value, int | float) and value < longest)


def _without_one_of(node: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" not in node:
        return {"anyOf" if key == "oneOf" else key: value for key, value in node.items()}
    rest = {key: value for key, value in node.items() if key != "oneOf"}
    every = rest.get("allOf", [])
    return {**rest, "allOf": [*every, {"anyOf": node["oneOf"]}]} if isinstance(every, list) else rest


def _each(value: Any, longest: int, depth: int) -> Any:
    return (
        [_widened(one, longest, depth) for one in value] if isinstance(value, list) else _widened(value, longest, depth)
    )


def _named(value: Any, longest: int, depth: int) -> Any:
    return {key: _widened(one, longest, depth) for key, one in value.items()} if isinstance(value, dict) else value


_SUBSCHEMAS: Final[dict[str, Callable[[Any, int, int], Any]]] = {
    "properties": _named,
    "patternProperties": _named,
    "$defs": _named,
    "definitions": _named,
    "dependentSchemas": _named,
    "items": _each,
    "prefixItems": _each,
    "allOf": _each,
    "anyOf": _each,
    "oneOf": _each,
    "additionalItems": _widened,
    "additionalProperties": _widened,
    "unevaluatedItems": _widened,
    "unevaluatedProperties": _widened,
    "contains": _widened,
    "then": _widened,
    "else": _widened,
}
