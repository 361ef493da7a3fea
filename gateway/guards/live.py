"""Where, in a text that goes on, a match could still be under way.

A pattern is asked only at characters that it may begin with, behind such as it may follow, and only if it may hold every
character from there to the end of the text. That leaves few places, and at most of them one pattern.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

import regex

from gateway.guards.allowance import Allowance
from gateway.guards.compiled import Compiled, closing

MOST_REMEMBERED: Final = 4_096
TAIL: Final = 24
"""Characters at the end of a text that are looked at before patterns are."""
WARMING: Final = "".join(map(chr, range(0x20, 0x7F))) + "\n가"

_Match = Callable[..., "regex.Match[str] | None"]


class Live:
    """Of a set of patterns; each is a bit in masks, by its place."""

    def __init__(self, each: Sequence[Compiled]) -> None:
        self._each = each
        self._every = (1 << len(each)) - 1
        self._widest = max((one.bounds.widest for one in each), default=0)
        edges = sorted({0x80}.union(*(one.bounds.edges() for one in each)))
        self._holding = _Masks(edges, [one.bounds.may_hold for one in each])
        self._beginning = _Masks(edges, [one.bounds.may_begin for one in each])
        self._following = _Masks(edges, [one.bounds.may_follow for one in each])
        self._together: dict[int, tuple[_Match, bool]] = {}

    def warm(self) -> None:
        """Finds out and compiles what streams of ordinary text will need."""
        for char in WARMING:
            for masks in (self._holding, self._following, self._beginning):
                masks[char]
            if self._beginning[char]:
                self._together_with(char)

    def first(self, text: str, begin: int, allowance: Allowance) -> int:
        """Where what could still become a match begins; the length of the text if nothing could."""
        holding, beginning, following = self._holding, self._beginning, self._following
        mask, places = self._every, list[tuple[int, int]]()
        at = len(text)
        least = max(begin, at - TAIL)
        for char in text[: least - 1 if least else None : -1]:
            mask &= holding[char]
            if not mask:
                break
            at -= 1
            if (may := mask & beginning[char]) and (not at or (may := may & following[text[at - 1]])):
                places.append((at, may))
        if mask and least > begin:
            for at in range(max(begin, len(text) - self._widest), least):
                may = mask & beginning[text[at]]
                if may and at:
                    may &= following[text[at - 1]]
                if may and self._any(may, text, at, allowance):
                    return at
        for at, may in reversed(places):
            if self._any(may, text, at, allowance):
                return at
        return len(text)

    def _any(self, may: int, text: str, at: int, allowance: Allowance) -> bool:
        """Whether one of these patterns could be under way from here on."""
        if may & (may - 1):
            return _is_live(*self._together_with(text[at]), text, at, allowance)
        each = self._each[may.bit_length() - 1]
        return _is_live(each.closed, each.risky, text, at, allowance)

    def _together_with(self, char: str) -> tuple[_Match, bool]:
        """All patterns that may begin with this character, as one, and whether that has to be timed."""
        mask = self._beginning[char]
        if mask not in self._together:
            every = [each for place, each in enumerate(self._each) if mask >> place & 1]
            match = closing("|".join(f"(?:{each.pattern.regex})" for each in every)).match
            self._together[mask] = match, any(each.risky for each in every)
        return self._together[mask]


class _Masks(dict[str, int]):
    """For a character, the patterns of which something can be told."""

    def __init__(self, edges: list[int], tells: list[Callable[[str], bool]]) -> None:
        self._edges = edges
        self._tells = tells
        self._by_range: dict[int, int] = {}

    def __missing__(self, char: str) -> int:
        if len(self) > MOST_REMEMBERED:
            self.clear()
        self[char] = mask = self._told(char) if char.isascii() else self._alike(char)
        return mask

    def _alike(self, char: str) -> int:
        """What is told of one character is told of all between two edges: to ask for each syllable would take long."""
        place = bisect_right(self._edges, ord(char))
        if place not in self._by_range:
            self._by_range[place] = self._told(char)
        return self._by_range[place]

    def _told(self, char: str) -> int:
        return sum(1 << place for place, tells in enumerate(self._tells) if tells(char))


def _is_live(match: _Match, timed: bool, text: str, at: int, allowance: Allowance) -> bool:
    found = allowance.spend(match, text, pos=at, partial=True) if timed else match(text, pos=at, partial=True)
    return found is not None
