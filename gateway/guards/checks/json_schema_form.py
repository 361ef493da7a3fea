"""One JSON Schema ready for use. The only importer of jsonschema among the guards; it costs 60 ms and is loaded late.

Where the library has no bound we put our own keywords: `pattern` and its like (which could take for ever), `uniqueItems` (which
compares each with each), and a look at the clock before every keyword (a small schema can ask for 2 to the 30 steps).
"""

import json
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final

import jsonschema
import referencing
import regex
from jsonschema import Draft7Validator, Draft202012Validator
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT7, DRAFT202012

from gateway.guards.checks.json_schema_limits import OutOfTime, UnusableSchema

Keyword = Callable[[Any, Any, Any, Any], Iterator[jsonschema.ValidationError] | None]

_REFERENCES: Final = ("$ref", "$dynamicRef")
_NOTHING_ELSE: Final[referencing.Registry[Any]] = referencing.Registry()
"""Knows no documents and fetches none; the library adds the meta-schemas."""
_UNTIL: ContextVar[float] = ContextVar("_UNTIL")
"""When the validation that runs in this context must be over, by `time.monotonic`."""


class Form:
    """A schema of Draft 2020-12, or of Draft 7 where it says so or is valid only as such. Raises `UnusableSchema`.

    What it refers to must stand in it: nothing is fetched.
    """

    def __init__(self, source: str) -> None:
        self._validator = _validator(source)

    def fits(self, value: Any, seconds: float) -> bool:
        """Raises `OutOfTime` when the seconds are over, `UnusableSchema` for a circle or for numbers that cannot be compared."""
        token = _UNTIL.set(time.monotonic() + seconds)
        try:
            return bool(self._validator.is_valid(value))
        except (RecursionError, ArithmeticError, Unresolvable):
            raise UnusableSchema from None
        finally:
            _UNTIL.reset(token)


def _validator(source: str) -> Any:
    try:
        schema = json.loads(source, object_hook=_without_dialect)
        says = str(json.loads(source, object_hook=_dialect_of) or "")
        for base, specification in _DRAFTS[1:] if "draft-07" in says else _DRAFTS:
            if _is_valid(base, schema):
                _walk(base, specification, schema)
                return _BOUNDED[base](schema, registry=_NOTHING_ELSE)
    except (Unresolvable, RecursionError, ValueError, TypeError, regex.error):
        pass  # what a schema can refer to, how deep it is, how its addresses and patterns are written
    raise UnusableSchema


def _without_dialect(parts: dict[str, Any]) -> dict[str, Any]:
    """A `$schema` inside would make the library go on with a class of its own, which has no bounds."""
    return {key: value for key, value in parts.items() if key != "$schema" or isinstance(value, dict)}


def _dialect_of(parts: dict[str, Any]) -> Any:
    return parts.get("$schema")


def _is_valid(base: Any, schema: Any) -> bool:
    try:
        base.check_schema(schema, format_checker=None)
    except jsonschema.SchemaError:
        return False
    return True


def _walk(base: Any, specification: Any, schema: Any) -> None:
    """Follows every reference and compiles every pattern, so that whether a schema is usable does not depend on the answer."""
    root = specification.create_resource(schema)
    registry = jsonschema.validators.SPECIFICATIONS.combine(_NOTHING_ELSE)  # type: ignore[attr-defined]
    parts = [(registry.resolver_with_root(root), root)]
    references: list[tuple[Any, str]] = []
    seen: set[int] = set()
    keys: set[str] = set()
    while parts or references:
        if not parts:
            target = references[-1][0].lookup(references.pop()[1])
            if id(target.contents) not in seen and not _is_valid(base, target.contents):
                raise ValueError("a reference to what is no schema")
            parts.append((target.resolver, specification.create_resource(target.contents)))
        resolver, part = parts.pop()
        contents = part.contents
        if isinstance(contents, dict) and id(contents) not in seen:
            seen.add(id(contents))
            keys |= contents.keys()
            _compile(contents)
            references += [(resolver, contents[key]) for key in _REFERENCES if isinstance(contents.get(key), str)]
            parts += [(resolver.in_subresource(inner), inner) for inner in part.subresources()]
    if {"unevaluatedProperties", "patternProperties"} <= keys:
        raise ValueError("for these two together the library searches without a bound")


def _compile(contents: Mapping[str, Any]) -> None:
    for pattern in (contents.get("pattern", ""), *contents.get("patternProperties", ())):
        regex.compile(pattern)


def _found(pattern: str, text: str) -> bool:
    left = _UNTIL.get() - time.monotonic()
    try:
        return regex.search(pattern, text, timeout=max(left, 0.000_1), concurrent=True) is not None
    except TimeoutError:
        raise OutOfTime from None


def _timed(keyword: Keyword) -> Keyword:
    def in_time(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError] | None:
        if time.monotonic() > _UNTIL.get():
            raise OutOfTime
        return keyword(validator, value, instance, schema)

    return in_time


def _wrong() -> jsonschema.ValidationError:
    """Says nothing of the text."""
    return jsonschema.ValidationError("does not fit")


def _pattern(_: Any, value: str, instance: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not _found(value, instance):
        yield _wrong()


def _pattern_properties(
    validator: Any, value: Mapping[str, Any], instance: Any, _: Any
) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, dict):
        for pattern, part in value.items():
            for key, inner in instance.items():
                if _found(pattern, key):
                    yield from validator.descend(inner, part)


def _additional_properties(
    validator: Any, value: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, dict):
        named = schema.get("properties", {})
        patterns = tuple(schema.get("patternProperties", ()))
        for key, inner in instance.items():
            if key not in named and not any(_found(pattern, key) for pattern in patterns):
                yield from validator.descend(inner, value)


def _unique_items(_: Any, value: bool, instance: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    if value and isinstance(instance, list) and len({_hashable(item) for item in instance}) < len(instance):
        yield _wrong()


def _hashable(value: Any) -> Hashable:
    """Equal for what JSON Schema calls equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return tuple(_hashable(inner) for inner in value)
    return (bool, value) if isinstance(value, bool) else value


_OURS: Final[Mapping[str, Keyword]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
_DRAFTS: Final[tuple[tuple[Any, Any], ...]] = ((Draft202012Validator, DRAFT202012), (Draft7Validator, DRAFT7))
_BOUNDED: Final[Mapping[Any, Any]] = {
    base: jsonschema.validators.extend(  # type: ignore[no-untyped-call]
        base, {name: _timed(_OURS.get(name, keyword)) for name, keyword in base.VALIDATORS.items()}
    )
    for base, _ in _DRAFTS
}
