"""A row as columns, and back. What no page asks for stands together as JSON in `rest`, so that a new field of a row needs no new column."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import fields

from gateway.ledger.plain import bounded_or_none, plain, plain_or_none
from gateway.record.row import Row

_MICRO: Final = 1_000_000
_TEXTS: Final = {
    "request_id": "request_id",
    "trace_id": "trace_id",
    "key": "key",
    "team": "team",
    "end_user": "user",
    "dialect": "dialect",
    "model": "model",
    "model_served": "model_served",
    "provider": "provider",
    "region": "region",
    "outcome": "outcome",
    "code": "code",
    "cache": "cache",
    "prompt": "prompt",
    "conversation": "conversation",
    "response_id": "response_id",
}
"""Column and field."""

_COUNTS: Final = ("input_tokens", "output_tokens", "cached_tokens", "cost_nanodollars", "saved_nanodollars")
_SECONDS: Final = ("seconds", "first_token_seconds", "overhead_seconds")
_IN_COLUMNS: Final = {"time", "status", *_TEXTS.values(), *_COUNTS, *_SECONDS}
_REST: Final = tuple(one.name for one in fields(Row) if one.name not in _IN_COLUMNS)
_MISSING: Final = {one.name: None for one in fields(Row) if one.required}
"""`rest` leaves out what is null."""

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


def microseconds(seconds: float) -> int:
    return round(seconds * _MICRO)


def columns(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {column: plain_or_none(getattr(row, name)) for column, name in _TEXTS.items()}
    found["at"] = microseconds(row.time)
    found["status"] = row.status
    for name in _COUNTS:
        found[name] = bounded_or_none(getattr(row, name))
    for name in _SECONDS:
        found[name] = getattr(row, name)
    rest = {name: value for name in _REST if (value := getattr(row, name)) is not None}
    found["rest"] = _encode(rest).decode()
    return found


def row_of(stored: Mapping[Any, Any]) -> Row:
    """Of columns by name. Fields that only a newer release knows are left out."""
    found = _MISSING | {name: stored[column] for column, name in _TEXTS.items()}
    found["time"] = stored["at"] / _MICRO
    found |= {name: stored[name] for name in ("status", *_COUNTS, *_SECONDS)}
    return msgspec.convert(found | _decode(stored["rest"]), Row)


def request_id(row: Row) -> str:
    """As it is stored."""
    return plain(row.request_id)
