"""Whether a text is JSON that fits a JSON Schema: told in bounded time, and without ever opening a connection.

Schemas come from callers and texts from models, so both may be hostile.
"""

import asyncio
import json
import math
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from threading import Lock
from typing import Any, Final, Literal

from gateway.guards.checks.json_schema_limits import OutOfTime, UnusableSchema

Fit = Literal["fits", "mismatch", "unusable"]

AT_ONCE: Final = 20_000
"""Characters of a text up to which it is validated on the event loop, if its schema is at hand."""
ON_LOOP: Final = 0.005
"""Seconds of validation on the event loop; what takes longer starts again in a thread."""
IN_THREAD: Final = 0.5
"""Seconds of validation in a thread; a schema that takes longer is unusable."""

_MOST_KEPT: Final = 256
_LONGEST_KEPT: Final = 32_768
_LONGEST: Final = 262_144
"""Characters of a schema; to make a longer one ready would take seconds."""
_LONGEST_INTEGER: Final = 300


class Schemas:
    """Schemas made ready for use, the latest 256 of them; no longer ones than 32 KB are kept. Safe for many threads."""

    def __init__(self) -> None:
        from gateway.guards.checks.json_schema_form import Form  # noqa: PLC0415  loads jsonschema: 60 ms, only if used

        self._form = Form
        self._kept: OrderedDict[bytes, Form | None] = OrderedDict()
        self._lock = Lock()

    async def fit(self, text: str, schema: Mapping[str, Any], *, only_object: bool = False) -> Fit:
        """`unusable`: no valid schema, refers to what does not stand in it, is over 256 KB or takes too long. `only_object`: nothing else fits."""
        try:
            source = json.dumps(schema)
        except (ValueError, TypeError, RecursionError):
            return "unusable"
        if len(source) > _LONGEST:
            return "unusable"
        key = blake2b(source.encode(), digest_size=16).digest()
        if len(text) <= AT_ONCE and key in self._kept:
            try:
                return self._fit(key, source, text, only_object, ON_LOOP)
            except OutOfTime:
                pass
        try:
            return await asyncio.to_thread(self._fit, key, source, text, only_object, IN_THREAD)
        except OutOfTime:
            return "unusable"

    def _fit(self, key: bytes, source: str, text: str, only_object: bool, seconds: float) -> Fit:
        form = self._ready(key, source)
        if form is None:
            return "unusable"
        try:
            value = json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_no_json)
        except (ValueError, RecursionError):
            return "mismatch"
        if only_object and type(value) is not dict:
            return "mismatch"
        try:
            return "fits" if form.fits(value, seconds) else "mismatch"
        except UnusableSchema:
            return "unusable"

    def _ready(self, key: bytes, source: str) -> Any:
        """None for what is no usable schema."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        try:
            form = self._form(source)
        except UnusableSchema:
            form = None
        if len(source) <= _LONGEST_KEPT:
            with self._lock:
                self._kept[key] = form
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
        return form


def _integer(digits: str) -> int:
    """Raises for one that no double can hold: no reader would get it whole, and arithmetic with it raises."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else _no_json(digits)


def _number(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _no_json(digits)


def _no_json(_: str) -> Any:
    raise ValueError("a number that a reader of JSON cannot hold")
