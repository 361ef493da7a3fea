"""A value that fits a JSON Schema, found in a simple way: for structured answers and for the arguments of tool calls."""

from typing import Any, Final

Schema = dict[str, Any]

_FORMATS: Final = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T09:00:00Z",
    "time": "09:00:00Z",
    "email": "user@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.com",
}
_DEPTH: Final = 12


def example(schema: Schema | bool, text: str) -> Any:
    """A value for `schema`; free strings become `text` where its length fits. References are followed inside `schema`."""
    return _value(schema, text, schema if isinstance(schema, dict) else {}, _DEPTH)


def _value(schema: Schema | bool, text: str, root: Schema, depth: int) -> Any:
    if not isinstance(schema, dict) or depth == 0:
        return None if depth == 0 else text
    if "$ref" in schema:
        return _value(_referred(str(schema["$ref"]), root), text, root, depth - 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("allOf"):
        return _value(_merged(schema), text, root, depth - 1)
    for choice in ("anyOf", "oneOf"):
        if schema.get(choice):
            return _value(schema[choice][0], text, root, depth - 1)
    maker = _MAKERS.get(_kind(schema))
    return maker(schema, text, root, depth) if maker else None


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    return kind or ("object" if "properties" in schema else "array" if "items" in schema else "string")


def _object(schema: Schema, text: str, root: Schema, depth: int) -> Any:
    properties: Schema = schema.get("properties") or {}
    names = properties if depth > _DEPTH // 2 else [name for name in properties if name in schema.get("required", [])]
    return {name: _value(properties[name], text, root, depth - 1) for name in names}


def _array(schema: Schema, text: str, root: Schema, depth: int) -> Any:
    usual = min(1, schema.get("maxItems", 1)) if depth > _DEPTH // 2 else 0
    wanted = max(int(schema.get("minItems", 0)), usual)
    return [_value(schema.get("items", True), text, root, depth - 1) for _ in range(wanted)]


def _string(schema: Schema, text: str, _root: Schema, _depth: int) -> Any:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 200))
    fitting = text if len(text) <= most else "text"[:most]
    return fitting.ljust(least, "x")


def _integer(schema: Schema, _text: str, _root: Schema, _depth: int) -> Any:
    return int(_number(schema, "", {}, 0))


def _number(schema: Schema, _text: str, _root: Schema, _depth: int) -> Any:
    if "exclusiveMinimum" in schema:
        return schema["exclusiveMinimum"] + 1
    lowest = schema.get("minimum", min(1, schema.get("maximum", 1)))
    step = schema.get("multipleOf")
    return -(-lowest // step) * step if step else lowest


_MAKERS: Final = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda *_: True,
}


def _referred(pointer: str, root: Schema) -> Schema | bool:
    found: Any = root
    for step in pointer.removeprefix("#").split("/")[1:]:
        found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict | bool) else {}


def _merged(schema: Schema) -> Schema:
    merged: Schema = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        properties = {**merged.get("properties", {}), **part.get("properties", {})}
        required = [*merged.get("required", []), *part.get("required", [])]
        merged |= part
        if properties:
            merged |= {"properties": properties, "required": required}
    return merged
