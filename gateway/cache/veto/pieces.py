"""A question cut into words, numbers, identifiers, quoted strings and marks. One pass, each character looked at a bounded number of times."""

import re
from typing import Final, NamedTuple

Mark = str


class Piece(NamedTuple):
    """`text` in lower case. `kind`: word, hangul, number, time, identifier, quoted, mark, stop (of a sentence), comma. `named`: written
    with a capital inside a sentence. `glued`: no space before it.
    """

    text: str
    kind: str
    named: bool = False
    glued: bool = False


_SPLIT: Final = re.compile(
    r"""
      (?P<quoted>"[^"\n]{1,200}")
    | (?P<clock>\d{1,2}(?:[:.]\d\d)?\s?(?:[aApP]\.?[mM]\b\.?))
    | (?P<space>\s+)
    | (?P<hangul>[가-힣ㄱ-ㅎㅏ-ㅣ]+)
    | (?P<mark>[\ue000-\uf8ff])
    | (?P<ascii>[^\s"\ue000-\uf8ff가-힣ㄱ-ㅎㅏ-ㅣ]+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_HEAD: Final = "'([{,;:!?*"
_TAIL: Final = "')]},;:!?.*"
_LONGEST: Final = 200
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_HYPHENED: Final = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)+")
_NUMBER: Final = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)*")
_MEASURED: Final = re.compile(
    r"([$€£¥₩]?)([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(%|°?[^\W\d_]{1,4}|[€£¥₩$]|(?:st|nd|rd|th))?"
)
_LISTED: Final = re.compile(r"[^\W\d_]+(?:,[^\W\d_]+)+")
_STOPS: Final = frozenset(".!?")
_NAMES_LIKE_WORDS: Final = frozenset({"IT", "US", "WHO"})
"""In capitals they are no pronouns, unless all is in capitals; the only place where case decides."""
_ORDINAL: Final = frozenset({"st", "nd", "rd", "th"})
_OPERATORS: Final = frozenset("+-*/=<>%&|^~$#@")
_COMMAS: Final = frozenset(",;:)")


def pieces(text: str) -> list[Piece]:
    """`text` is folded already."""
    found: list[Piece] = []
    spaced = True
    starts = True
    loud = text.isupper()
    for match in _SPLIT.finditer(text):
        kind, part = match.lastgroup, match.group()
        if kind == "space":
            spaced = True
            if "\n" in part and found and found[-1].kind != "stop":
                found.append(Piece("\n", "stop"))
                starts = True
            continue
        count = len(found)
        if kind == "quoted":
            _quoted(part[1:-1], found)
        elif kind == "clock":
            found.append(Piece(_clock(part), "time", glued=not spaced))
        elif kind == "mark":
            found.append(Piece(part, "mark"))
        elif kind == "hangul":
            found.append(Piece(part, "hangul", glued=not spaced))
        elif kind == "ascii":
            _plain(part, found, spaced=spaced, starts=starts or loud, loud=loud)
        spaced = False
        if len(found) > count:
            starts = found[-1].kind == "stop"
    return found


def _quoted(inside: str, found: list[Piece]) -> None:
    words = inside.split()
    if len(words) == 1 and _WORD.fullmatch(words[0]):
        found.append(Piece(words[0].lower(), "hangul" if "가" <= words[0][0] <= "힣" else "word"))
    elif words:
        found.append(Piece(" ".join(words).casefold().rstrip(".,!?"), "quoted"))


def _clock(part: str) -> str:
    digits = part.lower().replace(".", ":" if part[1:3].count(".") or part[2:3] == "." else "").replace(" ", "")
    hour = re.match(r"\d{1,2}(?::\d\d)?", digits)
    return f"{hour.group() if hour else digits} {'pm' if 'p' in digits else 'am'}"


def _plain(part: str, found: list[Piece], *, spaced: bool, starts: bool, loud: bool) -> None:
    """A run without spaces: its edges are marks, its body is one word, number or identifier."""
    if not loud and part.rstrip(_TAIL) in _NAMES_LIKE_WORDS:
        found.append(Piece(part.rstrip(_TAIL), "identifier", glued=not spaced))
        part = part[len(found[-1].text) :]
    elif part.isalpha() and len(part) <= _LONGEST:
        found.append(Piece(part.casefold(), "word", part[0].isupper() and not starts, not spaced))
        return
    headless = part.lstrip(_HEAD)
    body = headless.rstrip(_TAIL)
    head, tail = part[: len(part) - len(headless)], headless[len(body) :]
    if head and not _COMMAS.isdisjoint(head):
        found.append(Piece(",", "comma"))
    if body:
        _body(body, found, glued=not spaced, starts=starts)
    if not _STOPS.isdisjoint(tail if body else head[-1:]):
        found.append(Piece(".", "stop"))
    elif tail and not _COMMAS.isdisjoint(tail):
        found.append(Piece(",", "comma"))


def _body(body: str, found: list[Piece], *, glued: bool, starts: bool) -> None:
    low = body.casefold()
    if len(body) > _LONGEST:
        found.append(Piece(low, "identifier", glued=glued))
    elif _WORD.fullmatch(body):
        found.append(Piece(low, "word", body[0].isupper() and not starts, glued))
    elif _HYPHENED.fullmatch(body) or _LISTED.fullmatch(body):
        named = body[0].isupper() and not starts
        for number, word in enumerate(re.split("[-,]", low)):
            if number and "," in low:
                found.append(Piece(",", "comma"))
            found.append(Piece(word, "word", named, glued or number > 0))
    elif _NUMBER.fullmatch(body):
        found.append(Piece(low.replace(",", ""), "number", glued=glued))
    elif measured := _MEASURED.fullmatch(body):
        currency, value, unit = measured.groups(default="")
        _measured(currency, value, unit, found, glued=glued)
    elif any(char.isalnum() or char in _OPERATORS for char in body):
        found.append(Piece(low.strip("'"), "identifier", glued=glued))


def _measured(currency: str, value: str, unit: str, found: list[Piece], *, glued: bool) -> None:
    """`$50`, `20MB`, `3rd`."""
    value = value.replace(",", "")
    if unit.lower() in _ORDINAL:
        found.append(Piece(f"{value}th", "number", glued=glued))
        return
    found.append(Piece(value, "number", glued=glued))
    found += [Piece(mark.casefold(), "word", glued=True) for mark in (currency, unit) if mark]
