"""Many patterns over one text, whole or as it comes; chunking never changes what is found.

A filter holds back exactly the suffix that could still become part of a match. It asks for that with one partial search of all
patterns at once, closed by a sentinel that no text holds: so no match is ever complete, and the partial match that is
reported begins at the leftmost place that could still become one. A later, complete match cannot hide it.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import regex

from gateway.guards.bounds import bounds
from gateway.guards.finding import Finding
from gateway.guards.fold import SENTINEL, Folded, fold
from gateway.guards.pattern import REACH, Pattern

SECONDS: Final = 0.25
"""Of one search. Patterns have been probed when they were loaded, so this is for what the probes did not foresee."""
MOST_REMEMBERED: Final = 4_096


class Settled(NamedTuple):
    """Text that nothing to come can make part of a match, and what was found in it."""

    text: str
    findings: list[Finding]


class Scanner:
    """A set of patterns, made once. Raises `Unbounded` for one that cannot guard a stream.

    Searching raises TimeoutError where a pattern takes too long.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._each = [_Compiled(pattern) for pattern in patterns]
        self._by_last: dict[str, regex.Pattern[str] | None] = {}
        self._by_choice: dict[tuple[int, ...], regex.Pattern[str] | None] = {(): None}

    def scan(self, text: str) -> list[Finding]:
        """Of a whole text, by where they begin. Findings of different patterns may overlap."""
        held = self.filter()
        held.feed_last(text)
        return held.close().findings

    def filter(self) -> "Filter":
        return Filter(self)

    def live(self, text: str, begin: int) -> int:
        """Where what could still become a match begins; the length of the text if nothing could."""
        if begin == len(text):
            return begin
        search = self._ending(text[-1])
        partial = None if search is None else search.search(text, begin, partial=True, timeout=SECONDS)
        return len(text) if partial is None else partial.start()

    def matches(self, text: str, begin: int) -> Iterator[tuple[int, int, Pattern]]:
        """Every place behind `begin` where a pattern matches, its check agrees and its context stands."""
        for each in self._each:
            timeout = SECONDS if each.bounds.risky else None
            first = each.search(text, begin) if timeout is None else each.search(text, begin, timeout=timeout)
            if first is None:
                continue
            pattern = each.pattern
            for match in each.finditer(text, first.start(), overlapped=True, timeout=timeout):
                start, end = match.span()
                if start < end and _in_context(pattern, text, start) and pattern.check(match.group()):
                    yield start, end, pattern

    def _ending(self, last: str) -> regex.Pattern[str] | None:
        """One search for all patterns of which a match can end with, or go on behind, this character: the others are not live."""
        if last not in self._by_last:
            if len(self._by_last) > MOST_REMEMBERED:
                self._by_last.clear()
            choice = tuple(index for index, each in enumerate(self._each) if each.bounds.may_hold(last))
            if choice not in self._by_choice:
                every = "|".join(f"(?:{self._each[index].pattern.regex})" for index in choice)
                self._by_choice[choice] = regex.compile(f"(?:{every}){SENTINEL}", regex.ASCII)
            self._by_last[last] = self._by_choice[choice]
        return self._by_last[last]


class _Compiled:
    """A pattern ready to search with."""

    __slots__ = ("bounds", "finditer", "pattern", "search")

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.bounds = bounds(pattern.regex)
        compiled = regex.compile(pattern.regex, regex.ASCII)
        self.search = compiled.search
        self.finditer = compiled.finditer


class Filter:
    """One text on its way through a scanner. What `feed` and `close` give is the text, in order, without a gap."""

    __slots__ = ("_at", "_context", "_held", "_scanner")

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._context = ""  # the last folded characters of what is settled
        self._held = ""
        self._at = 0  # where `_held` begins, in the whole text

    @property
    def held(self) -> int:
        """Characters that wait."""
        return len(self._held)

    def feed(self, text: str) -> Settled:
        self._held += text
        return self._settle(last=False)

    def feed_last(self, text: str) -> None:
        """Text that is settled by `close`, which saves looking at it twice."""
        self._held += text

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
        end = len(text) if last else self._scanner.live(text, begin)
        spans = sorted(self._scanner.matches(text, begin), key=_by_start)
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
