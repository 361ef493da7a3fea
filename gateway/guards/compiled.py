"""A pattern ready to search with, and all that is known of it before any text has come."""

from functools import lru_cache
from typing import Final

import regex

from gateway.guards.bounds import Bounds, bounds
from gateway.guards.fold import SENTINEL
from gateway.guards.gate import needed
from gateway.guards.guests import GuestTest
from gateway.guards.pattern import Pattern

WIDE: Final = 1_000
"""Characters of a match: where a longer one may begin at every character, a text takes seconds though each takes but little."""


class Compiled:
    """Raises `Unbounded` for a pattern that cannot guard a stream. `is_guest`: its check is not ours. `closed` matches it with a sentinel behind, which no text holds: so
    never, but partially where more text could make it match.
    """

    __slots__ = ("bounds", "closed", "finditer", "is_guest", "narrowest", "needed", "pattern", "risky", "search")

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.bounds, self.needed, compiled, closed = _read(pattern.regex)
        self.narrowest = self.bounds.narrowest
        may_take_long = self.bounds.many or self.bounds.widest > WIDE
        self.risky = self.bounds.risky or (may_take_long and not pattern.measured)
        self.is_guest = isinstance(pattern.check, GuestTest)
        self.search = compiled.search
        self.finditer = compiled.finditer
        self.closed = closed.match

    def findall(self, text: str, begin: int, timeout: float) -> list["regex.Match[str]"]:
        return list(self.finditer(text, begin, overlapped=True, timeout=timeout))


def closing(written: str) -> "regex.Pattern[str]":
    return regex.compile(f"(?:{written}){SENTINEL}", regex.ASCII)


@lru_cache(4_096)
def _read(written: str) -> tuple[Bounds, tuple[int, ...], "regex.Pattern[str]", "regex.Pattern[str]"]:
    """What is known of a regular expression: 4 ms each to find out, and every place of every policy has much the same ones."""
    return bounds(written), needed(written), regex.compile(written, regex.ASCII), closing(written)
