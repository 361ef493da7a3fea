"""Many patterns over one text, whole or as it comes; chunking never changes what is found.

A filter holds back exactly the suffix that could still become part of a match. It asks for that with a partial match at each
place where one could begin, of all patterns that could begin there, closed by a sentinel that no text holds: so no match is ever
complete, and a later, complete one cannot hide an earlier that is still open.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.guards.allowance import Allowance
from gateway.guards.compiled import Compiled
from gateway.guards.finding import Finding
from gateway.guards.fold import Folded, fold
from gateway.guards.gate import held
from gateway.guards.live import MOST_REMEMBERED, Live
from gateway.guards.pattern import REACH, Pattern

FEW_WORDS: Final = 8
"""Words of a context that are looked for before the pattern: each costs some 1 µs per KB, a pattern 2 to 100."""
PATIENCE: Final = 32
"""Text that is held is looked at again once it has grown by one in so many characters: who sends a long key letter by letter
would have all of it searched at every letter.
"""


class Settled(NamedTuple):
    """Text that nothing to come can make part of a match, and what was found in it."""

    text: str
    findings: list[Finding]


class Scanner:
    """A set of patterns, made once. Raises `Unbounded` for one that cannot guard a stream.

    Searching raises TimeoutError where a pattern takes too long.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._each = [Compiled(pattern) for pattern in patterns]
        self._live = Live(self._each)
        self._by_held: dict[int, list[Compiled]] = {}

    def scan(self, text: str) -> list[Finding]:
        """Of a whole text, by where they begin. Findings of different patterns may overlap."""
        held = self.filter()
        held.feed_last(text)
        return held.close().findings

    def filter(self) -> "Filter":
        return Filter(self)

    def warm(self) -> None:
        """Compiles what streams of ordinary text will need, before they come."""
        self._live.warm()

    def live(self, text: str, begin: int, allowance: Allowance) -> int:
        """Where what could still become a match begins; the length of the text if nothing could."""
        return self._live.first(text, begin, allowance)

    def matches(self, text: str, begin: int, end: int, allowance: Allowance) -> list[tuple[int, int, Pattern]]:
        """Every place from `begin` on and before `end` where a pattern matches, its check agrees and its context stands."""
        every: list[tuple[int, int, Pattern]] = []
        size = len(text) - begin
        able = [each for each in self._able(held(text[begin:])) if each.narrowest <= size]
        lowered = text.lower() if able else ""
        for each in able:
            pattern = each.pattern
            if 0 < len(pattern.context) <= FEW_WORDS and not any(word in lowered for word in pattern.context):
                continue
            risky = each.risky
            first = allowance.spend(each.search, text, begin) if risky else each.search(text, begin)
            if first is None or first.start() >= end:
                continue
            for match in (
                allowance.spend(each.findall, text, first.start())
                if risky
                else each.finditer(text, first.start(), overlapped=True)
            ):
                start, stop = match.span()
                if start >= end:
                    break
                if start < stop and _in_context(pattern, text, start) and _agrees(each, match.group(), allowance):
                    every.append((start, stop, pattern))
        return sorted(every, key=_by_start)

    def _able(self, bits: int) -> list[Compiled]:
        """The patterns that can match in a text which holds these."""
        if bits not in self._by_held:
            if len(self._by_held) > MOST_REMEMBERED:
                self._by_held.clear()
            self._by_held[bits] = [each for each in self._each if all(bits & needed for needed in each.needed)]
        return self._by_held[bits]


class Filter:
    """One text on its way through a scanner. What `feed` and `close` give is the text, in order, without a gap."""

    __slots__ = ("_allowance", "_at", "_context", "_enough", "_held", "_scanner")

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._allowance = Allowance()
        self._context = ""  # the last folded characters of what is settled
        self._held = ""
        self._at = 0  # where `_held` begins, in the whole text
        self._enough = 0  # characters that have to be held before they are looked at

    @property
    def held(self) -> int:
        """Characters that wait."""
        return len(self._held)

    def feed(self, text: str) -> Settled:
        self._held += text
        self._allowance.grow(len(text))
        if len(self._held) < self._enough:
            return Settled("", [])
        settled = self._settle(last=False)
        self._enough = len(self._held) + len(self._held) // PATIENCE
        return settled

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
        if end == begin < len(whole):
            return Settled("", [])
        spans = self._scanner.matches(text, begin, end, self._allowance)
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


def _agrees(each: Compiled, match: str, allowance: Allowance) -> bool:
    check = each.pattern.check
    return allowance.wait(check, match) if each.is_guest else check(match)


def _in_context(pattern: Pattern, text: str, start: int) -> bool:
    if not pattern.context:
        return True
    left = text[max(0, start - REACH) : start].lower()
    return any(word in left for word in pattern.context)
