"""What all sections of the configuration are made of: strict structs, secrets, and the common kinds of values."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Size = Annotated[int, Meta(gt=0, le=1 << 40)]
Tokens = Annotated[int, Meta(ge=0, le=1 << 40)]
Zone = Literal["internal", "external"]
Price = Annotated[float, Meta(ge=0)]
Name = Annotated[str, Meta(min_length=1)]
Url = Annotated[
    str,
    Meta(
        pattern="^https?://[^/]",
        examples=["http://127.0.0.1:8000/v1"],
        extra_json_schema={"patternErrorMessage": "must be an address that begins with http:// or https://"},
    ),
]
UrlPath = Annotated[
    str, Meta(pattern="^/", examples=["/health"], extra_json_schema={"patternErrorMessage": "must begin with /"})
]
KeyHash = Annotated[
    str,
    Meta(
        pattern="^sha256:[0-9a-f]{64}$",
        examples=["sha256:" + "0" * 64],
        extra_json_schema={
            "patternErrorMessage": "must be `sha256:` and 64 hex digits in lower case; `haechi key` makes one"
        },
    ),
]


class Secret:
    """A string that never prints. `reveal()` is the only way out, so that a search for it finds every use."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Strict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A section of the file: unknown keys are mistakes."""
