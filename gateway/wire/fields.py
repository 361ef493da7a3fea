"""A JSON object under inspection: fields are taken out by name and type, what is left is what nobody knew."""

from collections.abc import Iterator
from typing import Any

from gateway.errors import GatewayError

_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    type(None): "null",
}


class Fields:
    """One object at the dotted place `at`. Each reader removes its field; null counts as absent.

    A wrong type raises `GatewayError(code)` with the place as `param` and what was expected in the message.
    """

    __slots__ = ("at", "code", "left")

    def __init__(self, value: Any, at: str = "", code: str = "invalid_request") -> None:
        self.at = at
        self.code = code
        if not isinstance(value, dict):
            raise self.wrong("an object", value)
        self.left: dict[str, Any] = dict(value)

    def place(self, name: str | int) -> str:
        return f"{self.at}.{name}" if self.at else str(name)

    def wrong(self, expected: str, value: Any, name: str | int | None = None) -> GatewayError:
        """The error to raise: names the place, what was expected and the type (never the text) that came."""
        place = self.at if name is None else self.place(name)
        got = _NAMES.get(type(value), "something else")
        return GatewayError(self.code, f"{place or 'the body'}: expected {expected}, got {got}", param=place or None)

    def missing(self, expected: str, name: str) -> GatewayError:
        place = self.place(name)
        return GatewayError(self.code, f"{place}: expected {expected}, it is missing", param=place)

    def unknown(self, expected: str, name: str) -> GatewayError:
        """The field has the right type and none of the values that are allowed."""
        place = self.place(name)
        return GatewayError(self.code, f"{place}: expected {expected}", param=place)

    def any(self, name: str) -> Any:
        return self.left.pop(name, None)

    def text(self, name: str) -> str | None:
        value = self.left.pop(name, None)
        if value is None or isinstance(value, str):
            return value
        raise self.wrong("a string", value, name)

    def needed_text(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise self.missing("a string", name)
        return value

    def flag(self, name: str) -> bool | None:
        value = self.left.pop(name, None)
        if value is None or isinstance(value, bool):
            return value
        raise self.wrong("true or false", value, name)

    def integer(self, name: str) -> int | None:
        value = self.left.pop(name, None)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self.wrong("an integer", value, name)

    def number(self, name: str) -> float | None:
        value = self.left.pop(name, None)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise self.wrong("a number", value, name)

    def mapping(self, name: str) -> dict[str, Any] | None:
        value = self.left.pop(name, None)
        if value is None or isinstance(value, dict):
            return value
        raise self.wrong("an object", value, name)

    def items(self, name: str) -> list[Any] | None:
        value = self.left.pop(name, None)
        if value is None or isinstance(value, list):
            return value
        raise self.wrong("a list", value, name)

    def fields(self, name: str) -> "Fields | None":
        value = self.left.pop(name, None)
        return None if value is None else Fields(value, self.place(name), self.code)

    def needed_fields(self, name: str) -> "Fields":
        found = self.fields(name)
        if found is None:
            raise self.missing("an object", name)
        return found

    def each(self, name: str) -> "Iterator[Fields]":
        """The objects of a list, each at its own place; nothing if the list is absent."""
        for index, value in enumerate(self.items(name) or []):
            yield Fields(value, f"{self.place(name)}.{index}", self.code)

    def rest(self) -> dict[str, Any]:
        """The fields that nobody took, without those that are null."""
        return {name: value for name, value in self.left.items() if value is not None}
