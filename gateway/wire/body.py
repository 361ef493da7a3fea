"""The border: the bytes of a JSON request become one object, or a clear 400."""

import json
import re
from collections import Counter
from typing import Any, Final

import msgspec

from gateway.errors import GatewayError

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_KEY: Final = b'"model"'
_NEAR: Final = 512
_HALF: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
"""Half of a surrogate pair, where the backslash is no escaped one."""
_MODEL: Final = re.compile(rb'(?<!\\)"model"[ \t\r\n]*:[ \t\r\n]*"([^"\\]*)"')


def parse(raw: bytes, max_depth: int) -> dict[str, Any]:
    """A JSON object without duplicate keys, no deeper than `max_depth`."""
    return parse_named(raw, max_depth)[0]


def parse_named(raw: bytes, max_depth: int) -> tuple[dict[str, Any], frozenset[str]]:
    """The same, and every key in it, however deep.

    One parser takes the first of two equal keys and another the last, so text could pass unscanned: duplicates are refused.
    """
    try:
        value = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GatewayError("invalid_json", f"The request body is not valid JSON: {_said(error, raw)}.") from error
    except RecursionError as error:
        raise _too_deep(max_depth) from error
    if not isinstance(value, dict):
        raise GatewayError("invalid_json", "The request body must be a JSON object.")
    keys, names, depth = _measure(value)
    if depth > max_depth:
        raise _too_deep(max_depth)
    # Where the text holds no colons, counting them is enough; taking the strings out costs twenty times as much.
    if _more_colons_than(keys, raw) and keys != _colons_outside_strings(raw):
        raise GatewayError("duplicate_key", f"The request body has the key {_duplicate(raw)} twice in one object.")
    return value, frozenset(names)


def with_model(raw: bytes, asked: str, model: str) -> bytes | None:
    """A parsed body with another model and every other byte as it was; None where the place of the key is not plain.

    Quotes inside strings are escaped, so `"model"` and a colon is a key, if its first quote is not an escaped one; it is the
    outermost object's if nothing but that object is open before it, or if nothing but that object is closed behind it. Long
    prompts stand in between.
    """
    if asked == model:
        return raw
    at = raw.find(_KEY, 0, _NEAR)
    plain = at >= 0 and raw.count(b"{", 0, at) == 1 and b"[" not in raw[:at]
    if not plain:
        at = raw.rfind(_KEY, -_NEAR)
        behind = raw[at:]
        plain = at >= 0 and behind.count(b"}") == 1 and not any(bracket in behind for bracket in (b"{", b"[", b"]"))
    match = _MODEL.match(raw, at) if plain else None
    if match is None or match.group(1) != asked.encode():
        return None
    return raw[: match.start(1)] + _encode(model)[1:-1] + raw[match.end(1) :]


def _measure(value: dict[str, Any]) -> tuple[int, set[str], int]:
    """How many keys all objects have together, which, and how deep they nest (a flat object: 1)."""
    depth = 0
    objects: list[dict[str, Any]] = []
    level: list[Any] = [value]
    while level:
        depth += 1
        deeper: list[Any] = []
        for node in level:
            if type(node) is dict:
                objects.append(node)
                node = node.values()
            for item in node:
                if type(item) is not str and (type(item) is dict or type(item) is list):
                    deeper.append(item)  # noqa: PERF401 - a comprehension per node costs more than most nodes
        level = deeper
    return sum(map(len, objects)), set().union(*objects), depth


def _more_colons_than(keys: int, raw: bytes) -> bool:
    """Every key has one, so there are never fewer. Taking them out skips from one to the next; counting looks at every byte
    and takes six times as long.
    """
    return len(raw) - len(raw.replace(b":", b"", keys + 1)) > keys


def _colons_outside_strings(raw: bytes) -> int:
    """Each key is followed by exactly one colon, and a colon elsewhere stands inside a string."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(raw.split(b'"')[::2]).count(b":")


def _duplicate(raw: bytes) -> str:
    found: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> None:
        found.extend(key for key, count in Counter(key for key, _ in items).items() if count > 1)

    json.loads(raw, object_pairs_hook=pairs)
    return repr(found[0]) if found and len(found[0]) <= 64 else "(one too long to print)"


def _too_deep(limit: int) -> GatewayError:
    return GatewayError("invalid_json", f"The request body is nested deeper than {limit} levels.")


def _said(error: Exception, raw: bytes) -> str:
    """The decoder says what and at which byte, never the text itself. Half a character it takes for the end of the text."""
    if not isinstance(error, msgspec.DecodeError):
        return "it is not UTF-8"
    half = _HALF.search(raw.replace(b"\\\\", b"__"))
    if half is None:
        return str(error).rstrip(".")
    return f"a string in it holds half a character (\\ud800 to \\udfff without its other half, byte {half.start()})"
