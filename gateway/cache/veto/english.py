"""Reads a question in English, and in any language without a reader of its own: there every word counts as it stands."""

from collections.abc import Sequence
from typing import Final

from gateway.cache.veto import quantities
from gateway.cache.veto.english_words import (
    ACTIONS,
    ASKING,
    CLAUSES,
    DIRECTED,
    HAS,
    IMPLIED,
    IRREGULAR,
    LOOSE,
    MODES,
    NEGATORS,
    OPPOSITES,
    OWNERS,
    PAST_FORMS,
    PERSONS,
    RESETS,
    SCOPES,
    STARTS_YES,
    STOP,
    TIMES,
    frames,
)
from gateway.cache.veto.lemma import lemma
from gateway.cache.veto.pieces import Piece
from gateway.cache.veto.reading import Item, Kind, Reading
from gateway.cache.veto.units import UNITS

_FRAMES: Final = frames()
_LENGTHS: Final = {
    first: tuple(sorted({len(phrase) for phrase in _FRAMES if phrase[0] == first}, reverse=True))
    for first in {phrase[0] for phrase in _FRAMES}
}
_SHORT: Final = {
    "can't": ("can", "not"), "cannot": ("can", "not"), "won't": ("will", "not"), "shan't": ("shall", "not"), "ain't": ("is", "not"),
    "let's": ("let", "we"),
}  # fmt: skip
_ENDINGS: Final = {"re": "are", "ve": "have", "ll": "will", "d": "would", "m": "am"}
_IS: Final = frozenset("what who where how when why it that there he she here which".split())
_BEFORE_MONTHS: Final = frozenset(
    "in on by since until before after from to next last this of early late and or for".split()
)
_TIMELESS: Final = frozenset({"how", "howlong", "howmuch", "price", "count", "when"})
"""Questions in which `will it take` and `does it take` are the same."""
_WITH_ME: Final = frozenset({"for", "let", "help", "with", "<ask>", "<tell>"})
_OPENINGS: Final = frozenset({"<ask>", "<tell>", "<polite>", "<yes>", "<if>", "so", "and", "but", "ok"})


def read(pieces: Sequence[Piece]) -> Reading:
    walk = _Walk()
    words = _framed(_uncontracted(pieces))
    at = 0
    while at < len(words):
        at += walk.take(words, at)
    return walk.end()


def _uncontracted(pieces: Sequence[Piece]) -> list[Piece]:
    plain: list[Piece] = []
    for piece in pieces:
        text = piece.text
        if piece.kind != "word" or "'" not in text:
            plain.append(piece)
            continue
        stem, _, ending = text.rpartition("'")
        if text in _SHORT:
            parts: tuple[str, ...] = _SHORT[text]
        elif ending == "t" and stem.endswith("n"):
            parts = (stem[:-1], "not")
        elif ending in _ENDINGS:
            parts = (stem, _ENDINGS[ending])
        elif ending == "s" and stem in _IS:
            parts = (stem, "is")
        elif ending == "s":
            parts = (stem, "'s")
        else:
            parts = (text.replace("'", ""),)
        plain += [Piece(part, "word", piece.named, glued=count > 0) for count, part in enumerate(parts)]
    return plain


def _framed(pieces: list[Piece]) -> list[Piece]:
    """Phrases become what they mean, the longest first; everything else stays."""
    texts = [piece.text if piece.kind == "word" else "" for piece in pieces]
    made: list[Piece] = []
    at = 0
    while at < len(pieces):
        for length in () if texts[at] == "may" and _month(pieces, at) else _LENGTHS.get(texts[at], ()):
            instead = _FRAMES.get(tuple(texts[at : at + length]))
            if instead is not None:
                made += [Piece(text, "word") for text in instead]
                at += length
                break
        else:
            made.append(pieces[at])
            at += 1
    return made


def _month(pieces: list[Piece], at: int) -> bool:
    """Whether `may` is the month."""
    around = [pieces[place] for place in (at - 1, at + 1) if 0 <= place < len(pieces)]
    before = pieces[at - 1].text if at else ""
    return before in _BEFORE_MONTHS or any(piece.kind == "number" for piece in around)


class _Walk:
    """What has been read so far, and under which preposition, negation and clause the next word stands."""

    def __init__(self) -> None:
        self.reading = Reading("en")
        self.role = self.clause = self.owner = ""
        self.negated = self.linked = self.sentence_asks = self.tell = False
        self.pending: list[str] = []
        self.chunk = 0
        self.first = True
        self.auxiliary = 0
        self.owned: int | None = None

    def take(self, words: list[Piece], at: int) -> int:
        """How many words were read."""
        piece = words[at]
        if piece.kind == "word":
            return self._word(words, at)
        if piece.kind == "stop":
            self._stop()
        elif piece.kind == "comma":
            self.linked = bool(self.reading.items)
            self._leave("")
            self.clause = ""
            self.first = self.first or not self.sentence_asks
        elif piece.kind == "number":
            return self._number(piece.text, words, at + 1) + 1
        elif piece.kind == "time":
            self._keep(piece.text, "time")
        elif piece.kind == "quoted":
            self._keep(piece.text, "quoted")
        else:
            self._keep(piece.text, "identifier" if piece.kind == "identifier" else "name")
        return 1

    def end(self) -> Reading:
        self._stop()
        reading = self.reading
        if self.tell and not reading.asks:
            reading.asks = "tell"
        implied = IMPLIED.get(reading.asks, frozenset())
        if reading.asks == "what" and any(item.key == "cost" for item in reading.items):
            reading.asks, implied = "price", IMPLIED["price"]
        if reading.asks in _TIMELESS:
            reading.modes.discard("will")
        if implied:
            reading.items = [item for item in reading.items if item.key not in implied or item.negated]
        return reading

    def _word(self, words: list[Piece], at: int) -> int:
        text = words[at].text
        value, taken = quantities.spelled([one.text for one in words[at : at + 12]]) if _numeral(text) else ("", 0)
        if taken and not (text == "second" and at and words[at - 1].text in UNITS):
            return self._number(value, words, at + taken) + taken
        asked_first, self.first = self.first, self.first and text in _OPENINGS
        if not (
            self._turns(text, words, at) or self._asks(text, asked_first, words, at) or self._says_who(text, words, at)
        ):
            if text in DIRECTED or text in LOOSE or text in CLAUSES:
                self._enter(text, words, at)
            elif text in STOP or text in RESETS or (text in HAS and self._helps(words, at, first=asked_first)):
                self._small(text, asked_first, words, at)
            else:
                self._content(words, at)
        return 1

    def _turns(self, text: str, words: list[Piece], at: int) -> bool:
        """Negation, mode, scope and links."""
        if text in NEGATORS:
            self.negated = not self.negated
            self._enter(text, words, at)
        elif text in MODES:
            self._mode(MODES[text], words, at)
        elif text in SCOPES:
            self.pending.append(SCOPES[text])
            self._enter(text, words, at)
        elif text in ("and", "or", "vs", "versus"):
            self.linked = True
            if text == "or":
                self.reading.scopes.append(("or", ""))
        else:
            return False
        return True

    def _asks(self, text: str, first: bool, words: list[Piece], at: int) -> bool:
        """How the question is put."""
        self.reading.past |= text == "<past>"
        self.tell |= text == "<tell>"
        if text in ASKING and self._begins(text, first):
            self.sentence_asks = True
            self.reading.asks = self._joined(ASKING[text])
            self.reading.copular |= text == "what" and at + 1 < len(words) and words[at + 1].text in ("is", "are")
            self._leave("")
        elif text == "<if>" and first and at and words[at - 1].text in ("<ask>", "<tell>"):
            self.reading.asks = self._joined("yes")
        else:
            return False
        return True

    def _says_who(self, text: str, words: list[Piece], at: int) -> bool:
        """Persons, and who owns what follows."""
        if text == "'s":
            self.owned = len(self.reading.items) - 1
        elif text == "me" and not (at and words[at - 1].text in _WITH_ME):
            self._keep("me")
        elif text in OWNERS:
            self.owner = OWNERS[text]
        elif text in PERSONS:
            self._person(PERSONS[text])
        else:
            return False
        return True

    def _helps(self, words: list[Piece], at: int, *, first: bool) -> bool:
        """`have` before another verb (`have you seen`, `has been`), not as one of its own."""
        following = words[at + 1].text if at + 1 < len(words) else ""
        return (
            first
            or following in {"been", "not", "you", "i", "we"}
            or (following.endswith(("ed", "en")) and following != "ten")
            or following in IRREGULAR
        )

    def _small(self, text: str, asked_first: bool, words: list[Piece], at: int) -> None:
        if asked_first and text in STARTS_YES and not self.sentence_asks:
            self.reading.asks = self._joined("yes")
            self.sentence_asks = True
        if text in {"is", "are", "am", "be", "been", "being", "has", "have", "<past>"}:
            self.auxiliary = 4
        if text in RESETS and not self.clause:
            self._leave("")
        if text in {"this", "next", "last"} and at + 1 < len(words) and words[at + 1].text in (TIMES | UNITS.keys()):
            self._keep(text, "time")

    def _mode(self, mode: str, words: list[Piece], at: int) -> None:
        if not (self.sentence_asks or self.reading.items or self.reading.asks):
            self.reading.asks = self._joined("yes")
            self.sentence_asks = True
        before = self.negated and at > 0 and words[at - 1].text in NEGATORS and mode == "must"
        self.reading.modes.add(f"{mode}-" if before else mode)
        if not self.clause:
            self._leave("")

    def _begins(self, text: str, first: bool) -> bool:
        """Whether this word asks, rather than joins a clause."""
        if text in ("<who>", "<where>"):
            return first or not self.sentence_asks
        if text.startswith("<"):
            return True
        return first or (text != "when" and not self.sentence_asks and not self.reading.items)

    def _joined(self, asks: str) -> str:
        """Questions of several sentences are asked in several ways; a yes or no beside another question adds nothing."""
        before = self.reading.asks
        if before in ("", "yes", asks):
            return asks
        return before if asks == "yes" else "+".join(sorted({*before.split("+"), asks}))

    def _person(self, person: str) -> None:
        if not self.reading.subject and not self.reading.items:
            self.reading.subject = person
        if not self.clause:
            self._leave("")

    def _enter(self, text: str, words: list[Piece], at: int) -> None:
        """A preposition, or what begins a clause."""
        following = words[at + 1].text if at + 1 < len(words) else ""
        if text == "to" and lemma(following) in ACTIONS:
            self._leave("")
            return
        if text in ("<if>", "when"):
            self.clause = "if"
            self._leave("")
            return
        role = DIRECTED.get(text, "")
        if role or text in LOOSE or text == "without":
            self.role, self.chunk, self.linked = role, self.chunk + 1, False
            if not role:
                self.role = "~"

    def _leave(self, role: str) -> None:
        if self.role:
            self.role, self.chunk = role, self.chunk + 1

    def _stop(self) -> None:
        if self.negated and self.reading.items:
            self.reading.items[-1].negated ^= True
        self.reading.scopes += [(scope, "") for scope in self.pending]
        self.pending = []
        self.negated = self.linked = self.sentence_asks = False
        self.role = self.clause = self.owner = ""
        self.chunk += 1
        self.first = True
        self.auxiliary = 0

    def _content(self, words: list[Piece], at: int) -> None:
        piece = words[at]
        text = piece.text
        if text in OPPOSITES:
            self.negated = not self.negated
            text = OPPOSITES[text]
            if text in {"possible", "able"}:
                self.reading.modes.add("can")
                return
        if text in PAST_FORMS or (
            text.endswith("ed") and lemma(text) != text and self.auxiliary == 0 and not _attributive(words, at)
        ):
            self.reading.past |= not (text in PAST_FORMS and self.auxiliary)
        key = lemma(text)
        kind: Kind = "name" if piece.named else "word"
        if text in TIMES:
            kind = "time"
        elif text in UNITS:
            kind, key = "unit", UNITS[text]
        self._keep(key, kind)

    def _number(self, value: str, words: list[Piece], at: int) -> int:
        """With the unit behind it, if one stands there; whether one did."""
        unit = words[at] if at < len(words) and words[at].kind == "word" else None
        name = UNITS.get(unit.text, "") if unit and (unit.glued or len(unit.text) > 1) and unit.text != "in" else ""
        plain = value.replace(".", "", 1)
        kind: Kind = (
            "time" if not name and plain.isdigit() and len(value) == 4 and "1000" < value < "2100" else "number"
        )
        self._keep(f"{value} {name}" if name else value, kind)
        return 1 if name else 0

    def _keep(self, key: str, kind: Kind = "word") -> None:
        self.auxiliary = max(0, self.auxiliary - 1)
        role = f"{self.clause}>{self.role}" if self.clause else self.role
        item = Item(key, kind, role, self.negated, self.owner, self.linked, key in ACTIONS, self.chunk)
        self.reading.scopes += [(scope, key) for scope in self.pending]
        self.pending = []
        self.negated = self.linked = False
        self.owner = ""
        self.reading.items.insert(self._place(item), item)
        self.first = False

    def _place(self, item: Item) -> int:
        """Where it goes: behind the others, but before its owner (`Peru's capital` reads as `capital of Peru`)."""
        items, owner, self.owned = self.reading.items, self.owned, None
        if owner is None or owner < 0:
            return len(items)
        start = owner
        while (
            start
            and items[start].kind == items[start - 1].kind == "name"
            and items[start - 1].chunk == items[owner].chunk
        ):
            start -= 1
        item.role, item.chunk = items[owner].role, items[owner].chunk
        self.chunk += 1
        for one in items[start:]:
            one.role, one.chunk = "~", self.chunk
        self.chunk += 1
        return start


def _numeral(text: str) -> bool:
    return text in quantities.ENGLISH or text in quantities.ORDINAL


def _attributive(words: list[Piece], at: int) -> bool:
    """`a deleted file`: a determiner before it."""
    return at > 0 and words[at - 1].text in {"a", "an", "the", "my", "your", "of"}
