r"""Placeholders in what a model wrote become values again, as the text passes.

Models do not copy well. `<email_address_AB12…>`, `< EMAIL ADDRESS_ab12… >`, `\<EMAIL\_ADDRESS\_ab12…\>`, `&lt;…&gt;`, `【…】`
and the bare `EMAIL_ADDRESS_ab12…` are read as what was meant, but only where label and all ten characters, case aside, are those
of one value of this exchange. There is no guessing. What stands around (backticks, quotes, asterisks) is left.
"""

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final, NamedTuple

import regex

from gateway.guards.placeholders import CODE_LENGTH, LONGEST_LABEL, Held, Known
from gateway.guards.sinks import Sinks

LONGEST: Final = 64
"""Characters of a placeholder, however it is spelled; a longer spelling is none. So many are held back at most."""


class Restorer:
    """An edit of one lane, or of one string in it. `known` holds all values of the exchange by now; `kinds`: those that are
    granted for this lane (None: all); `sinks` has seen what came before.

    `restored` counts placeholders that became values; of these, `mangled` were not spelled as they were minted. `withheld` ones are
    known and stayed, for want of a grant or because of where they stand; `unknown` ones look like placeholders and are
    none of this exchange.
    """

    __slots__ = ("_before", "_held", "_kinds", "_known", "_readers", "_sinks", "_start", "mangled", "restored", "unknown", "withheld")  # fmt: skip

    def __init__(self, known: Known, sinks: Sinks, kinds: Collection[str] | None = None) -> None:
        self._known = known
        self._sinks = sinks
        self._kinds = kinds
        labels = known.labels()
        self._readers = [reader for label in labels for reader in _readers(label)] + [_FOREIGN]
        self._start = _starts(tuple(sorted({label[:2] for label in labels})))
        self._held = ""
        self._before = ""  # the last character that is not held
        self.restored = self.mangled = self.withheld = self.unknown = 0

    @property
    def held(self) -> int:
        """Characters that wait."""
        return len(self._held)

    def feed(self, text: str) -> str:
        return self._passed(text, last=False)

    def close(self) -> str:
        return self._passed("", last=True)

    def _passed(self, text: str, *, last: bool) -> str:
        text = self._held + text
        if not text:
            return ""
        at = len(self._before)
        text = self._before + text
        made: list[str] = []
        begin = at
        while (start := self._start(text, at)) is not None:
            window = text[start.start() : start.start() + LONGEST]
            reading = self._read(window, whole=last or len(window) == LONGEST)
            if reading is None:
                at = start.start() + 1
                continue
            made.append(self._plain(text[begin : start.start()]))
            begin = start.start()
            if reading is _MORE:
                break
            at = begin + reading.length
            made.append(self._decided(text[begin:at], reading.held))
            begin = at
        else:
            made.append(self._plain(text[begin:]))
            begin = len(text)
        self._before, self._held = text[begin - 1 : begin], text[begin:]
        return "".join(made)

    def _plain(self, text: str) -> str:
        self._sinks.follow(text)
        return text

    def _decided(self, written: str, held: Held | None) -> str:
        """The value, or what was written. Either passes the sinks, which look at what the caller gets."""
        if held is None:
            self.unknown += 1
        elif self._sinks.forbid or (self._kinds is not None and held.kind not in self._kinds):
            self.withheld += 1
        else:
            self.restored += 1
            self.mangled += written != held.placeholder
            return self._plain(held.value)
        return self._plain(written)

    def _read(self, window: str, *, whole: bool) -> "_Reading | None":
        """What stands at the beginning of `window`. None: no placeholder, whatever comes. `whole`: nothing comes."""
        foreign: _Reading | None = None
        waits = False
        for reader in self._readers:
            match = reader.pattern.match(window, partial=not whole)
            if match is None:
                continue
            end = _UNDECIDED if match.partial else reader.end(window, match, whole)
            if end == _UNDECIDED:
                waits = True
            elif end != _NONE:
                held = self._known.held(match["code"].lower())
                if held is not None and held.label == reader.label:
                    return _Reading(end, held)
                foreign = _Reading(end, None)
        return _MORE if waits else foreign


class _Reading(NamedTuple):
    """`held`: what is meant; None: something like a placeholder, of no value of ours."""

    length: int
    held: Held | None


_MORE: Final = _Reading(0, None)
_NONE: Final = -1
_UNDECIDED: Final = -2

_BLANKS: Final = r"[ \t]{0,2}"
_OPENING: Final = r"(?P<open>\\{0,2}<|&lt;|&#60;|&#[xX]3[cC];|[【〈《＜⟨‹«])"
_CLOSING: Final = regex.compile(rf"{_BLANKS}(?P<close>/?>|\\{{1,2}}>|&gt;|&#62;|&#[xX]3[eE];|[】〉》＞⟩›»])")
_CODE: Final = rf"(?P<code>[A-Za-z2-7]{{{CODE_LENGTH}}})"
_GOES_ON: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_%")
"""Behind a placeholder that nothing closes, these say that it is part of something else (of a percent-encoded one, too)."""


class _Reader(NamedTuple):
    """How placeholders of one label are read. `pattern` ends with the code, and matches in one way at most."""

    label: str
    pattern: regex.Pattern[str]
    end: Callable[[str, "regex.Match[str]", bool], int]


def _end_in_brackets(window: str, match: "regex.Match[str]", whole: bool) -> int:
    """Behind the closing bracket, or behind the code if there is none."""
    end = match.end()
    closing = _CLOSING.match(window, end, partial=not whole)
    if closing is None:
        return _end_of_bare(window, match, whole)
    if closing.partial:
        return _UNDECIDED
    if match["open"][0] == "\\" and closing["close"] == ">":
        return _NONE  # a backslash before one that is spelled rightly is not part of it
    return closing.end()


def _end_of_bare(window: str, match: "regex.Match[str]", whole: bool) -> int:
    end = match.end()
    if end == len(window):
        return end if whole and end < LONGEST else _NONE if whole else _UNDECIDED
    return _NONE if window[end] in _GOES_ON else end


def _end_of_code(_window: str, match: "regex.Match[str]", _whole: bool) -> int:
    return match.end()


_FOREIGN: Final = _Reader(
    "",
    regex.compile(rf"<[A-Z0-9][A-Z0-9_]{{0,{LONGEST_LABEL - 1}}}_(?P<code>[a-z2-7]{{{CODE_LENGTH}}})>"),
    _end_of_code,
)
"""Placeholders of any label, as they are minted: to count those that are not ours."""


@lru_cache(maxsize=512)
def _readers(label: str) -> tuple[_Reader, _Reader]:
    parts = [
        "".join(f"[{char}{char.lower()}]" if char.isalpha() else char for char in part) for part in label.split("_")
    ]
    inside, escaped = r"(?:[ ]?\\{0,2}_[ ]?|[ ])", r"\\{0,2}_"
    bracketed = _OPENING + _BLANKS + inside.join(parts) + rf"[ ]?{escaped}[ ]?" + _CODE
    bare = escaped.join((*parts, _CODE))
    return (
        _Reader(label, regex.compile(bracketed), _end_in_brackets),
        _Reader(label, regex.compile(bare), _end_of_bare),
    )


@lru_cache(maxsize=512)
def _starts(beginnings: tuple[str, ...]) -> "Callable[[str, int], re.Match[str] | None]":
    """A search for where a placeholder may begin, whose label begins with one of these two characters each. It may, too, where
    the text ends before that can be told.
    """
    if not beginnings:
        return re.compile("<(?![^A-Z0-9])").search
    letters = "".join({each for two in beginnings for each in (two[0], two[0].lower())})
    bare = "|".join(f"[{two[0]}{two[0].lower()}](?![^{_second(two)}])" for two in beginnings)
    brackets = rf"<(?![^A-Z0-9 \t{letters}])|[【〈《＜⟨‹«](?![^ \t{letters}])|\\(?![^\\<])|&(?![^l#])"
    return re.compile(rf"{brackets}|(?<![A-Za-z0-9_%])(?:{bare})").search


def _second(two: str) -> str:
    return rf"{two[1]}{two[1].lower()}" if two[1:].isalnum() else r"_\\"
