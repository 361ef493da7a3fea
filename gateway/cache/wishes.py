"""What a caller says about the cache, by headers: it can keep its request from it, or ask for less. It can loosen nothing."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from gateway.errors import GatewayError

HEADER: Final = "x-haechi-cache"
TAGS: Final = "x-haechi-cache-tags"
MOST_TAGS: Final = 16
LONGEST_TAG: Final = 64
_WORDS: Final = ("bypass", "refresh", "exact")

Mode = Literal["use", "bypass", "refresh", "exact"]


class Wishes(Struct, frozen=True):
    """`bypass`: neither look nor keep. `refresh`: ask, and keep the new answer. `exact`: no answer to another question.

    `most_age`: seconds that an answer may be old. `tags`: what it is to be purged by.
    """

    mode: Mode = "use"
    most_age: float | None = None
    tags: tuple[str, ...] = ()


NONE: Final = Wishes()


def wishes(headers: Mapping[str, str]) -> Wishes:
    """Also by `cache-control`: `no-store` is a bypass, `no-cache` a refresh. Raises `invalid_request`, naming the header."""
    own, standard, tags = headers.get(HEADER), headers.get("cache-control"), headers.get(TAGS)
    if own is None and standard is None and tags is None:
        return NONE
    mode, most_age = _standard(standard) if standard is not None else ("use", None)
    if own is not None:
        if own.strip().lower() not in _WORDS:
            message = f"The header {HEADER} takes one of {', '.join(_WORDS)}."
            raise GatewayError("invalid_request", message, param=HEADER)
        mode = _strictest(mode, own.strip().lower())
    return Wishes(mode, most_age, _tags(tags) if tags is not None else ())


def _standard(header: str) -> tuple[Mode, float | None]:
    """RFC 9111, section 5.2.1. What is said in other words is not for this cache."""
    mode: Mode = "use"
    most_age: float | None = None
    for part in header.lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "no-store":
            mode = "bypass"
        elif name == "no-cache":
            mode = _strictest(mode, "refresh")
        elif name == "max-age" and value.isascii() and value.isdecimal() and len(value) <= 10:
            most_age = float(value)
    return mode, most_age


_RANK: Final[dict[str, tuple[int, Mode]]] = {
    "use": (0, "use"),
    "exact": (1, "exact"),
    "refresh": (2, "refresh"),
    "bypass": (3, "bypass"),
}


def _strictest(one: str, other: str) -> Mode:
    return max(_RANK[one], _RANK[other])[1]


def _tags(header: str) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(tag for one in header.split(",") if (tag := one.strip())))
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG or not tag.isprintable() for tag in tags):
        message = f"The header {TAGS} takes at most {MOST_TAGS} tags of at most {LONGEST_TAG} characters, with commas between."
        raise GatewayError("invalid_request", message, param=TAGS)
    return tags
