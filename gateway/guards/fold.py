"""Text as patterns see it: one way to write a digit, a dash and a space, and nothing that the eye does not see.

Folding goes code point by code point, so that a stream can be folded piece by piece; only Hangul in conjoining jamo is put
together, which needs up to three of them. A map leads from every folded character back to where it came from.
"""

import re
import unicodedata
from functools import cached_property
from typing import Final

MOST_HIDDEN: Final = 16
"""Invisible characters in a row that are kept. What is more is dropped: else a match could be stretched without bound."""

_VOWEL_DASH: Final = "\u1173"
"""A dash where it stands alone, and the vowel of a syllable behind a leading consonant."""
_DASHES: Final = frozenset("\u2212\u2500\u2501\u30fb\u00b7\u3161\u1173\u301c\uff5e\u02d7\u2043")
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u180e\u034f\u17b4\u17b5")
_INVISIBLE_CATEGORIES: Final = frozenset({"Cf", "Mn", "Me"})
SENTINEL: Final = "\U0010ffff"
"""Stands in no folded text: a noncharacter, which folds to another one."""

_LONGEST_FOLDING: Final = 4
_MOST_REMEMBERED: Final = 20_000

_L_FIRST, _L_LAST = 0x1100, 0x1112
_V_FIRST, _V_LAST = 0x1161, 0x1175
_T_FIRST, _T_LAST = 0x11A8, 0x11C2
_FOLDED: Final = re.compile("[^\\x00-\\x08\\x0a-\\x7f가-힣]")
"""What may become something else: neither ASCII (save the tab) nor a syllable of Hangul."""
_JAMO: Final = re.compile(f"[{chr(_L_FIRST)}-{chr(_T_LAST)}]")


class Folded:
    """`text` is the folded form of `raw`. `open` is the index in `raw` from which on more text could still change what is
    folded (an unfinished Hangul syllable); its length if there is no such place.
    """

    __slots__ = ("__dict__", "open", "raw", "text")

    def __init__(self, raw: str, text: str, opened: int) -> None:
        self.raw = raw
        self.text = text
        self.open = opened

    def start(self, at: int) -> int:
        """The index in `raw` where the folded character `at` begins."""
        return at if self.text is self.raw else self._starts[at]

    def end(self, at: int) -> int:
        """The index in `raw` behind the folded character `at - 1`, before whatever is invisible behind it."""
        return at if self.text is self.raw else self._ends[at - 1]

    def first(self, index: int) -> int:
        """The first folded character that begins at `raw[index]` or behind it."""
        if self.text is self.raw:
            return index
        return next((at for at, start in enumerate(self._starts) if start >= index), len(self.text))

    @cached_property
    def _starts(self) -> list[int]:
        return [index for _, index, _ in _pieces(self.raw)]

    @cached_property
    def _ends(self) -> list[int]:
        return [end for _, _, end in _pieces(self.raw)]


def fold(raw: str) -> Folded:
    """Jamo of one syllable become that syllable."""
    if not _FOLDED.search(raw):
        return Folded(raw, raw, len(raw))
    text = raw.translate(_TABLE)
    if _JAMO.search(text):
        return Folded(raw, "".join(piece for piece, _, _ in _pieces(raw)), _opened(raw))
    return Folded(raw, raw if text == raw else text, len(raw))


def squeezed(text: str, run: int = 0) -> tuple[str, int]:
    """The text without those invisible characters that stand behind `MOST_HIDDEN` others, and how long a run it ends with.

    `run` is that of the text before it.
    """
    if text.isascii() or (folded := text.translate(_TABLE)) == text:
        return text, 0 if text else run
    if run + len(text) <= MOST_HIDDEN and folded:
        return text, _hidden_at_end(text)
    kept: list[str] = []
    for char in text:
        run = run + 1 if _TABLE[ord(char)] == "" else 0
        if run <= MOST_HIDDEN:
            kept.append(char)
    return "".join(kept), run


class _Table(dict[int, str]):
    """What a code point becomes (`""` where it is invisible), worked out when it is first met."""

    def __missing__(self, point: int) -> str:
        folded = _folding(chr(point))
        if len(self) < _MOST_REMEMBERED:
            self[point] = folded
        return folded


def _folding(char: str) -> str:
    if char < "\x80":
        return " " if char == "\t" else char
    if char in _FILLERS or "\ufe00" <= char <= "\ufe0f":
        return ""
    if char in _DASHES:
        return "-"
    if char == SENTINEL:
        return "\ufffd"
    category = unicodedata.category(char)
    if category in _INVISIBLE_CATEGORIES:
        return ""
    if category == "Pd":
        return "-"
    if category == "Zs":
        return " "
    if category == "Nd":
        return str(unicodedata.digit(char))
    plain = unicodedata.normalize("NFKC", char)
    return plain if plain.isascii() and len(plain) <= _LONGEST_FOLDING else char


_TABLE: Final = _Table()


def _pieces(raw: str) -> list[tuple[str, int, int]]:
    """Every folded character with the span of `raw` that it stands for."""
    single = [(piece, index, index + 1) for index, char in enumerate(raw) for piece in _parts(char)]
    if not _JAMO.search(raw):
        return single
    made: list[tuple[str, int, int]] = []
    at = 0
    while at < len(single):
        count = _syllable(single, at)
        piece, start, _ = single[at]
        if count:
            piece = _composed([ord(part) for part, _, _ in single[at : at + count]])
        elif piece == _VOWEL_DASH:
            piece = "-"
        made.append((piece, start, single[at + max(count, 1) - 1][2]))
        at += max(count, 1)
    return made


def _parts(char: str) -> str:
    """What it becomes as long as it is not known whether it is part of a syllable."""
    return char if char == _VOWEL_DASH else _TABLE[ord(char)]


def _syllable(single: list[tuple[str, int, int]], at: int) -> int:
    """How many jamo from here on make one syllable: two, three, or none."""
    points = [ord(piece) for piece, _, _ in single[at : at + 3]] + [0, 0]
    if not (_L_FIRST <= points[0] <= _L_LAST and _V_FIRST <= points[1] <= _V_LAST):
        return 0
    return 3 if _T_FIRST <= points[2] <= _T_LAST else 2


def _composed(points: list[int]) -> str:
    """The syllable of a leading consonant, a vowel and perhaps a final consonant (Unicode 16, section 3.12)."""
    final = points[2] - _T_FIRST + 1 if len(points) > 2 else 0
    return chr(0xAC00 + ((points[0] - _L_FIRST) * 21 + points[1] - _V_FIRST) * 28 + final)


def _opened(raw: str) -> int:
    """Where a syllable begins at the end of the text that another jamo could still change: `L` or `L V`."""
    single = [(piece, index) for index, char in enumerate(raw) for piece in _parts(char)]
    for count in (1, 2):
        tail = [ord(piece) for piece, _ in single[-count:]]
        if len(tail) == count and _L_FIRST <= tail[0] <= _L_LAST and (count == 1 or _V_FIRST <= tail[1] <= _V_LAST):
            return single[-count][1]
    return len(raw)


def _hidden_at_end(text: str) -> int:
    return next((count for count, char in enumerate(reversed(text)) if _TABLE[ord(char)] != ""), len(text))
