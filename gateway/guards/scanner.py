"""Many patterns over one text, whole or as it comes; chunking never changes what is found.

A filter holds back exactly the suffix that could still become part of a match. It asks for that with a partial match at each
place where one could begin, of all patterns that could begin there, closed by a sentinel that no text holds: so no match is ever
complete, and a later, complete one cannot hide an earlier that is still open.
"""

import string
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

import regex

from gateway.guards.bounds import Bounds, bounds
from gateway.guards.finding import Finding
from gateway.guards.fold import SENTINEL, Folded, fold
from gateway.guards.gate import held, needed
from gateway.guards.pattern import REACH, Pattern

SECONDS: Final = 0.25
"""Of processor time, of one search with a pattern that may take long."""
SECONDS_PER_CHARACTER: Final = 20e-6
"""What all such searches in one text may take together, besides `SECONDS`: many that are just not too long are too long."""
WARMING: Final = "".join(map(chr, range(0x20, 0x7F))) + "\n가"
MOST_REMEMBERED: Final = 4_096
FEW_WORDS: Final = 8
"""Words of a context that are looked for before the pattern: each costs some 1 µs per KB, a pattern 2 to 100."""

_WORD: Final = frozenset(string.ascii_letters + string.digits)
_Start = Callable[..., regex.Match[str] | None]
T = TypeVar("T")


class Settled(NamedTuple):
    """Text that nothing to come can make part of a match, and what was found in it."""

    text: str
    findings: list[Finding]


class Allowance:
    """How long risky patterns may still search in one text."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = SECONDS

    def grow(self, characters: int) -> None:
        self._left += characters * SECONDS_PER_CHARACTER

    def spend(self, search: Callable[..., T], *args: Any, **named: Any) -> T:
        """What the search gives. Raises TimeoutError where it, or what came before it, takes too long."""
        if self._left <= 0:
            raise TimeoutError
        began = time.thread_time()
        try:
            return search(*args, **named, timeout=min(self._left, SECONDS))
        finally:
            self._left -= time.thread_time() - began


class Scanner:
    """A set of patterns, made once. Raises `Unbounded` for one that cannot guard a stream.

    Searching raises TimeoutError where a pattern takes too long.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._each = [_Compiled(pattern) for pattern in patterns]
        self._by_held: dict[int, list[_Compiled]] = {}
        self._starts: dict[tuple[bool, str], _Start | None] = {}
        self._by_choice: dict[tuple[int, ...], _Start | None] = {(): None}
        self._timed: set[_Start] = set()

    def scan(self, text: str) -> list[Finding]:
        """Of a whole text, by where they begin. Findings of different patterns may overlap."""
        held = self.filter()
        held.feed_last(text)
        return held.close().findings

    def filter(self) -> "Filter":
        return Filter(self)

    def warm(self) -> None:
        """Compiles what streams of ordinary text will need, before they come."""
        for char in WARMING:
            for inside in (False, True):
                self._start((inside, char))

    def live(self, text: str, begin: int, allowance: Allowance) -> int:
        """Where what could still become a match begins; the length of the text if nothing could."""
        starts, timed = self._starts, self._timed
        inside = begin > 0 and text[begin - 1] in _WORD
        for at in range(begin, len(text)):
            key = inside, text[at]
            start = starts[key] if key in starts else self._start(key)
            if start is not None:
                is_timed = timed and start in timed
                found = (
                    allowance.spend(start, text, pos=at, partial=True)
                    if is_timed
                    else start(text, pos=at, partial=True)
                )
                if found is not None:
                    return at
            inside = key[1] in _WORD
        return len(text)

    def matches(self, text: str, begin: int, allowance: Allowance) -> Iterator[tuple[int, int, Pattern]]:
        """Every place behind `begin` where a pattern matches, its check agrees and its context stands."""
        lowered = text.lower()
        for each in self._able(held(text[begin:])):
            pattern = each.pattern
            if 0 < len(pattern.context) <= FEW_WORDS and not any(word in lowered for word in pattern.context):
                continue
            risky = each.risky
            first = allowance.spend(each.search, text, begin) if risky else each.search(text, begin)
            if first is None:
                continue
            for match in (
                allowance.spend(each.findall, text, first.start())
                if risky
                else each.finditer(text, first.start(), overlapped=True)
            ):
                start, end = match.span()
                if start < end and _in_context(pattern, text, start) and pattern.check(match.group()):
                    yield start, end, pattern

    def _able(self, bits: int) -> list["_Compiled"]:
        """The patterns that can match in a text which holds these."""
        if bits not in self._by_held:
            if len(self._by_held) > MOST_REMEMBERED:
                self._by_held.clear()
            self._by_held[bits] = [each for each in self._each if all(bits & needed for needed in each.needed)]
        return self._by_held[bits]

    def _start(self, key: tuple[bool, str]) -> "_Start | None":
        """A match of all patterns that can begin with this character, inside a word of ASCII or not."""
        inside, char = key
        choice = tuple(
            index
            for index, each in enumerate(self._each)
            if not (inside and each.apart) and each.bounds.may_begin(char)
        )
        if choice not in self._by_choice:
            every = "|".join(f"(?:{self._each[index].pattern.regex})" for index in choice)
            match = regex.compile(f"(?:{every}){SENTINEL}", regex.ASCII).match
            self._by_choice[choice] = match
            if any(self._each[index].risky for index in choice):
                self._timed.add(match)
        if len(self._starts) > MOST_REMEMBERED:
            self._starts.clear()
        return self._starts.setdefault(key, self._by_choice[choice])


class _Compiled:
    """A pattern ready to search with."""

    __slots__ = ("apart", "bounds", "finditer", "needed", "pattern", "risky", "search")

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.bounds, self.needed, compiled = _read(pattern.regex)
        self.apart = self.bounds.apart()
        self.risky = self.bounds.risky or (self.bounds.many and not pattern.measured)
        self.search = compiled.search
        self.finditer = compiled.finditer

    def findall(self, text: str, begin: int, timeout: float) -> list["regex.Match[str]"]:
        return list(self.finditer(text, begin, overlapped=True, timeout=timeout))


@lru_cache(4_096)
def _read(written: str) -> tuple[Bounds, tuple[int, ...], "regex.Pattern[str]"]:
    """What is known of a regular expression: 2 ms each to find out, and every place of every policy has much the same ones."""
    return bounds(written), needed(written), regex.compile(written, regex.ASCII)


class Filter:
    """One text on its way through a scanner. What `feed` and `close` give is the text, in order, without a gap."""

    __slots__ = ("_allowance", "_at", "_context", "_held", "_scanner")

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._allowance = Allowance()
        self._context = ""  # the last folded characters of what is settled
        self._held = ""
        self._at = 0  # where `_held` begins, in the whole text

    @property
    def held(self) -> int:
        """Characters that wait."""
        return len(self._held)

    def feed(self, text: str) -> Settled:
        self._held += text
        self._allowance.grow(len(text))
        return self._settle(last=False)

    def feed_last(self, text: str) -> None:
        """Text that is settled by `close`, which saves looking at it twice."""
        self._held += text
        self._allowance.grow(len(text))

    def close(self) -> Settled:
        return self._settle(last=True)

    def surrender(self) -> str:
        """What is held, unlooked at: for who has decided that text may pass which could not be searched."""
        held, self._held = self._held, ""
        return held

    def _settle(self, *, last: bool) -> Settled:
        folded = fold(self._held)
        begin = len(self._context)
        whole = self._context + folded.text
        text = whole if last else whole[: begin + _closed(folded)]
        end = len(text) if last else self._scanner.live(text, begin, self._allowance)
        spans = sorted(self._scanner.matches(text, begin, self._allowance), key=_by_start)
        for start, stop, _ in reversed(spans):
            if start < end < stop:
                end = start
        findings = [
            Finding(
                self._at + folded.start(start - begin),
                self._at + folded.end(stop - begin),
                pattern.kind,
                pattern.detector,
                pattern.score,
            )
            for start, stop, pattern in spans
            if stop <= end
        ]
        cut = len(folded.raw) if end == len(whole) else folded.start(end - begin)
        settled, self._held = self._held[:cut], self._held[cut:]
        self._context = text[:end][-REACH:]
        self._at += cut
        return Settled(settled, findings)


def _by_start(span: tuple[int, int, Pattern]) -> tuple[int, int]:
    return span[0], span[1]


def _closed(folded: Folded) -> int:
    """How many folded characters nothing can change any more."""
    return len(folded.text) if folded.open == len(folded.raw) else folded.first(folded.open)


def _in_context(pattern: Pattern, text: str, start: int) -> bool:
    if not pattern.context:
        return True
    left = text[max(0, start - REACH) : start].lower()
    return any(word in left for word in pattern.context)
