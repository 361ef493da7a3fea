"""A text cut into segments, whole or as it comes: where it is cut depends on the text alone, never on how it was chunked.

A segment ends behind a line, a sentence or what ends one in Korean, at the latest after `most` characters: then at the last space, else
where the character ends that the reader sees, and not inside a placeholder. What decides about a cut is what stands before it
and the one character behind it.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import regex

from gateway.guards.finding import Finding
from gateway.guards.placeholders import CODE_LENGTH, LONGEST_LABEL

LEAST: Final = 8
"""Characters of a segment below which no sentence ends it: `1. `, `Dr. ` and `Yes. ` are worth no look of their own."""

_CLOSERS: Final = r""""'”’»)\]}*_`」』】》〉）］"""
_WIDE: Final = "。！？｡．"
_END: Final = regex.compile(
    rf"[\n\u2028\u2029\ufffe]|[.?!…]{{1,8}}+[{_CLOSERS}]{{0,8}}+(?=\s)"
    rf"|[{_WIDE}]{{1,8}}+[{_CLOSERS}]{{0,8}}+(?=[^{_WIDE}{_CLOSERS}\p{{M}}\u200d])"
    r"|(?:니다|니까|세요|에요|예요|어요|아요|해요|네요|군요|까요|지요|죠)(?=\s)"
)
"""`\ufffe` stands between the strings of a tool call's arguments. Runs are bounded so that a text of nothing else takes no longer."""
_SEEN: Final = regex.compile(r"\X")
_PLACEHOLDER: Final = regex.compile(rf"<[A-Z0-9][A-Z0-9_]{{0,{LONGEST_LABEL - 1}}}_[a-z2-7]{{{CODE_LENGTH}}}>")
_LONGEST: Final = LONGEST_LABEL + CODE_LENGTH + 3
MOST_LEAST: Final = 2 * _LONGEST
"""The smallest `most`: a placeholder fits into a segment twice."""


class Sizes(NamedTuple):
    """In characters. `most`: of a segment; `overlap`: of the text before it that is looked at once more."""

    most: int
    overlap: int


class Window(NamedTuple):
    """A segment, `text[fresh:]`, behind what stands before it. It begins at `start` of the whole text."""

    text: str
    fresh: int
    start: int

    def findings(self, found: list[Finding]) -> list[Finding]:
        """Those that reach into the segment, in characters of the whole text. One that begins before it begins with it, `cut`."""
        shift = self.start - self.fresh
        return [
            one._replace(start=max(one.start + shift, self.start), end=one.end + shift, cut=one.start < self.fresh)
            for one in found
            if one.end > self.fresh
        ]


class Segmenter:
    """What `feed` and `close` give is the text, in order, without a gap."""

    __slots__ = ("_held", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = ""

    @property
    def held(self) -> int:
        """Characters that wait: `most` at most, when a feed is done."""
        return len(self._held)

    def feed(self, text: str) -> list[str]:
        return self._cut(text, last=False)

    def close(self) -> list[str]:
        return self._cut("", last=True)

    def _cut(self, text: str, *, last: bool) -> list[str]:
        text = self._held + text
        segments: list[str] = []
        begin = 0
        for end in self._ends(text, last=last):
            segments.append(text[begin:end])
            begin = end
        self._held = text[begin:]
        return segments

    def _ends(self, text: str, *, last: bool) -> Iterator[int]:
        begin = 0
        most = self._most
        while begin < len(text):
            ends = _END.finditer(text, begin, begin + most + 1)
            end = next((at for one in ends if begin + LEAST <= (at := one.end()) <= begin + most), None)
            if end is not None:
                begin = end
            elif len(text) - begin > most:
                begin = _forced(text, begin, begin + most)
            elif last:
                begin = len(text)
            else:
                return
            yield begin


class Windows:
    """The segments of one text, each behind what stands before it."""

    __slots__ = ("_at", "_before", "_segmenter", "_sizes")

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._segmenter = Segmenter(sizes.most)
        self._before = ""
        self._at = 0

    @property
    def held(self) -> int:
        return self._segmenter.held

    def feed(self, text: str) -> list[Window]:
        return [self._window(segment) for segment in self._segmenter.feed(text)]

    def close(self) -> list[Window]:
        return [self._window(segment) for segment in self._segmenter.close()]

    def _window(self, segment: str) -> Window:
        window = Window(self._before + segment, len(self._before), self._at)
        self._at += len(segment)
        self._before = _tail(window.text, self._sizes.overlap)
        return window


def _forced(text: str, begin: int, latest: int) -> int:
    """Where a segment ends that nothing else ends: behind `begin`, at `latest` or before. `text[latest]` is there."""
    end = _behind_space(text, begin + LEAST, latest)
    if end is not None:
        return end
    opened = text.rfind("<", max(begin, latest - _LONGEST), latest)
    if opened > begin and (found := _PLACEHOLDER.match(text, opened, latest, partial=True)) and found.partial:
        latest = opened
    seen = begin
    for one in _SEEN.finditer(text, begin, latest + 1):
        if one.end() > latest:
            break
        seen = one.end()
    return seen if seen > begin else latest


def _behind_space(text: str, least: int, latest: int) -> int | None:
    """The last place behind a space at which a character that is seen begins."""
    for at in range(latest, least - 1, -1):
        if text[at - 1].isspace() and not text[at].isspace() and regex.match(r"\p{M}|\u200d", text[at]) is None:
            return at
    return None


def _tail(text: str, most: int) -> str:
    """The last characters of a text: whole words, as far as it has words."""
    if not most or len(text) <= most:
        return text if most else ""
    end = text[-most:]
    if text[-most - 1].isspace():
        return end
    return end[space.end() :] if (space := regex.search(r"\s+(?=.)", end, regex.DOTALL)) else end
