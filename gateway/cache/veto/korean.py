"""Reads a question in Korean: nouns without their particles, verbs without their endings, and what both said."""

from collections.abc import Sequence
from typing import Final

from gateway.cache.veto.korean_nouns import disagrees, particle_of
from gateway.cache.veto.korean_quantities import counted, grown, joined_number
from gateway.cache.veto.korean_verbs import Verb, verb
from gateway.cache.veto.korean_words import (
    ASKS,
    CAN,
    CANNOT,
    COPULAS,
    FORBID,
    HOW,
    LIGHT,
    LONGEST_PARTICLE,
    MARKS,
    MUST,
    NOT,
    ROLES,
    SAME,
    SCOPES,
    SINGLE,
    STOP,
    TELL,
    THINGS,
    TIMES,
    WANT,
    WHOLE,
    WHY,
)
from gateway.cache.veto.pieces import Piece
from gateway.cache.veto.reading import Item, Kind, Reading
from gateway.cache.veto.units import UNITS

_LONGEST_COPULA: Final = max(map(len, COPULAS))
_COPULAS: Final = frozenset(COPULAS)
_HADA: Final = frozenset("하해했한할함합되돼됐된될됨됩")
_ADNOMINAL: Final = (4, 8)  # ends in ㄴ or ㄹ
_ASKING: Final = frozenset(word[0] for word in ASKS)
_TELLING: Final = frozenset({"object", "to", "from", "until", "than", "of", "and"})
"""Roles of a question word that change the question: `누가` and `누구를`."""
_LONGEST_NAME: Final = 12


def read(pieces: Sequence[Piece]) -> Reading:
    walk = _Walk()
    at = 0
    while at < len(pieces):
        at += walk.take(pieces, at)
    return walk.end()


class _Walk:
    def __init__(self) -> None:
        self.reading = Reading("ko")
        self.negated = self.linked = False
        self.tell = self.want = False
        self.how_at = -1
        self.polar = ""  # the mode or item that a following "not" turns round
        self.pending: list[str] = []

    def take(self, pieces: Sequence[Piece], at: int) -> int:
        """How many pieces were read."""
        piece = pieces[at]
        following = pieces[at + 1] if at + 1 < len(pieces) else None
        if piece.kind == "hangul":
            return self._hangul(pieces, at)
        if piece.kind == "mark":
            self._mark(MARKS.get(piece.text, ""))
        elif piece.kind == "number":
            return self._number(piece.text, pieces, at + 1) + 1
        elif piece.kind == "comma":
            self.linked = bool(self.reading.items)
        elif piece.kind != "stop":
            kind: Kind = {"time": "time", "quoted": "quoted", "identifier": "identifier"}.get(piece.kind, "name")  # type: ignore[assignment]
            self._keep(UNITS.get(piece.text, piece.text) if piece.glued else piece.text, kind)
            if following and following.kind == "hangul" and following.glued:
                return 1 + self._behind(following.text)
        return 1

    def end(self) -> Reading:
        reading = self.reading
        if self.negated and reading.items:
            reading.items[-1].negated ^= True
        if self.want and not reading.asks:
            reading.asks = "how"
        if self.tell and not reading.asks:
            reading.asks = "tell"
        self._clear("modifier")
        last = reading.items[-1] if reading.items else None
        if last and not reading.asks and last.role == "topic":
            reading.asks = "tell"  # `수도는?`
        if last and reading.asks == "tell" and last.role == "object":
            last.role = ""  # it is told, nothing is done to it
        reading.scopes += [(scope, "") for scope in self.pending]
        for before, item in zip(reading.items, reading.items[1:], strict=False):
            if before.role == "and" and not item.action:
                before.role, item.linked = item.role, True
        return reading

    def _mark(self, mark: str) -> None:
        self._clear("modifier")
        if mark in (HOW, WHY):
            self._ask("how" if mark == HOW else "why")
        elif mark == TELL:
            self.tell = True
        elif mark == WANT:
            self.want = True
            self._clear()
        elif mark == MUST and not self._asked_how():
            self._mode("must")
        elif mark == CAN:
            self._mode("can-" if self.negated else "can")
            self.negated = False
        elif mark == CANNOT:
            self._mode("can-")
        elif mark == FORBID:
            self._forbid()
        elif mark == NOT:
            self._turn()

    def _forbid(self) -> None:
        """`-면 안 되-`: must not; and what must not be left undone must be done."""
        last = self.reading.items[-1] if self.reading.items else None
        if last and last.negated:
            last.negated = False
            self._mode("must")
        else:
            self._mode("can-")
        self._clear()

    def _clear(self, *roles: str) -> None:
        """What stood behind the last verb was part of how it is put: it has none of these roles, or none at all."""
        if self.reading.items and (not roles or self.reading.items[-1].role in roles):
            self.reading.items[-1].role = ""

    def _turn(self) -> None:
        """A negation behind what it denies."""
        reading = self.reading
        if self.polar in ("can", "can-"):
            turned = "can-" if self.polar == "can" else "can"
            reading.modes ^= {self.polar, turned}
            self.polar = turned
        elif reading.items:
            reading.items[-1].negated ^= True

    def _mode(self, mode: str) -> None:
        self.reading.modes.add(mode)
        self.polar = mode

    def _ask(self, asks: str) -> None:
        if asks == "what" and self.reading.asks in ("how", "why"):
            return  # `방법이 뭔가요`
        if asks == "how":
            self.how_at = len(self.reading.items)
        before = self.reading.asks
        self.reading.asks = asks if not before or before == asks else "+".join(sorted({*before.split("+"), asks}))

    def _asked_how(self) -> bool:
        """`어떻게` before the last verb: what must be done or will do is what is asked."""
        return self.reading.asks == "how" and len(self.reading.items) > self.how_at >= 0

    def _hangul(self, pieces: Sequence[Piece], at: int) -> int:
        word = pieces[at].text
        following = pieces[at + 1] if at + 1 < len(pieces) else None
        if word == "제" and following and following.glued and following.kind == "number":
            return 1
        if word in ("안", "못"):
            self.negated = not self.negated
            return 1
        if word in SCOPES or word in STOP:
            self._small(word)
            return 1
        if word == "네" and following and following.kind == "comma":
            return 1
        if self._asked(word, following):
            return 2 if word == "몇" and following and following.kind == "hangul" else 1
        if taken := self._spelled(pieces, at):
            return taken
        glued = following is not None and following.glued and following.kind not in ("mark", "stop", "comma")
        self._word(word, bare=glued)
        return 1

    def _small(self, word: str) -> None:
        if word in THINGS:
            self._clear("modifier")
        scope = SCOPES.get(word)
        if scope in ("ge", "le", "gt", "lt", "except"):
            self.reading.scopes.append((scope, self.reading.items[-1].key if self.reading.items else ""))
        elif scope:
            self.pending.append(scope)

    def _asked(self, word: str, following: Piece | None) -> bool:
        for length in range(min(4, len(word)), 0, -1) if word[0] in _ASKING else ():
            asks = ASKS.get(word[:length])
            if not asks:
                continue
            rest = word[length:]
            if word[:length] == "몇":
                self._ask("count")
                name = rest or (following.text if following and following.kind == "hangul" else "")
                counter, left = counted(name)
                self._keep(UNITS.get(counter, counter) or name, "unit")
                self._behind(left)
                return True
            particle = next((rest[:end] for end in range(LONGEST_PARTICLE, 0, -1) if rest[:end] in ROLES), "")
            copula = any(
                part in _COPULAS or part.removeprefix("이") in _COPULAS
                for part in (rest, rest[len(particle) :])
                if part
            )
            if rest and not copula and rest != particle:
                continue
            role = "" if rest in _COPULAS else ROLES.get(particle, "")
            self._ask(f"{asks} {role}" if role in _TELLING else asks)
            self.reading.copular |= copula or asks == "what"
            self.reading.past |= copula and "였" in rest
            return True
        if word.startswith("며칠"):
            self._ask("count")
            self._keep("day", "unit")
            self._behind(word[2:])
            return True
        return False

    def _spelled(self, pieces: Sequence[Piece], at: int) -> int:
        """A number in words, in this piece or with its counter in the next one; how many pieces that is."""
        following = pieces[at + 1].text if at + 1 < len(pieces) and pieces[at + 1].kind == "hangul" else ""
        found = joined_number(pieces[at].text, following)
        if found is None:
            return 0
        value, counter, left, taken = found
        self._quantity(value, counter)
        self._behind(left)
        return taken

    def _number(self, value: str, pieces: Sequence[Piece], at: int) -> int:
        """How many of the pieces behind the number belong to it."""
        behind = pieces[at] if at < len(pieces) else None
        if behind and behind.kind == "word" and behind.glued and (unit := UNITS.get(behind.text)):
            self._quantity(value, unit)
            after = pieces[at + 1] if at + 1 < len(pieces) else None
            return 1 + (self._behind(after.text) if after and after.kind == "hangul" and after.glued else 0)
        if not behind or behind.kind != "hangul":
            self._quantity(value, "")
            return 0
        value, rest, taken = grown(value, behind.text, pieces, at)
        counter, left = counted(rest)
        if counter or rest in ROLES or rest in _COPULAS or not rest:
            self._quantity(value, counter)
            self._behind(left)
            return taken
        self._quantity(value, "")
        return self._behind(rest) if behind.glued else 0

    def _quantity(self, value: str, counter: str) -> None:
        if counter == "번째":
            value = f"{value}th"
        elif counter and counter != "시간":
            value = f"{value} {UNITS.get(counter, counter)}"
        elif counter:
            value = f"{value} hour"
        dated = counter in ("월", "시", "년") and not (counter == "년" and len(value.partition(" ")[0]) < 4)
        self._keep(value, "time" if dated else "number")

    def _behind(self, rest: str) -> int:
        """A particle, copula or verb glued to what is no Korean word; always one piece."""
        last = self.reading.items[-1] if self.reading.items else None
        if rest in ROLES and last:
            self._role(last, ROLES[rest])
        elif rest and (rest in _COPULAS or rest.removeprefix("이") in _COPULAS):
            self.reading.past |= "였" in rest
            if rest.endswith("면") and last:
                last.role = "if"
        elif rest and rest[0] in _HADA and last:
            last.action = True
            self._verbal(last, rest, verb(rest).feature, past=verb(rest).past)
        elif rest:
            self._word(rest, bare=False)
        return 1

    def _word(self, word: str, *, bare: bool) -> None:
        if bare or len(word) > _LONGEST_NAME:
            self._noun(word, "")
            return
        if word in TIMES or word in WHOLE:
            self._noun(word, "")
        elif not self._hada(word):
            self._verb_or_noun(word)

    def _verb_or_noun(self, word: str) -> None:
        form = verb(word)
        light = form.stem in LIGHT and form.feature != ""
        strong = form.feature in ("strong", "if")
        if light or (strong and not self._copular(word)):
            self._predicate(word, form.stem, form.feature, past=form.past)
        elif not strong:
            self._weakly(word, form)

    def _weakly(self, word: str, form: Verb) -> None:
        """What ends like a verb or like a noun with a particle."""
        stem, particle = particle_of(word)
        if particle:
            self._noun(stem, ROLES[particle])
        elif form.feature == "then" or (form.feature == "weak" and len(form.stem) == 1) or (form.feature and form.past):
            self._predicate(word, form.stem, form.feature, past=form.past)
        elif not self._copular(word):
            self._noun(word, "")

    def _hada(self, word: str) -> bool:
        """A noun with 하다 or 되다 behind it."""
        for at in range(2, min(len(word), _LONGEST_NAME)):
            if word[at] in _HADA:
                form = verb(word[at:])
                if form.stem in ("하", "되") and (form.feature or len(word) == at + 1) and word[: at + 1] not in WHOLE:
                    item = self._keep(SAME.get(word[:at], word[:at]))
                    item.action = True
                    self._verbal(item, word, form.feature, past=form.past)
                    return True
        return False

    def _copular(self, word: str) -> bool:
        """A noun with a form of "to be" behind it."""
        for length in range(min(_LONGEST_COPULA, len(word) - 1), 0, -1):
            ending = word[-length:]
            stem = word[:-length]
            if ending in _COPULAS and (len(stem) > 1 or stem in SINGLE) and not disagrees(stem[-1], ending):
                self._noun(stem, "if" if ending.endswith("면") else "")
                self.reading.past |= "였" in ending
                return True
        return False

    def _predicate(self, word: str, stem: str, feature: str, *, past: bool) -> None:
        self.reading.past |= past
        if word[0] == "없":
            self.polar = ""
            self._turn()
            return
        if stem in LIGHT:
            return
        if stem == "되" and self._asked_how():
            self.reading.items[-1].role = ""
            return
        if stem == "되" and self.reading.asks != "how":
            self._mode("can-" if self.negated else "can")
            self.negated = False
            return
        item = self._keep(SAME.get(stem, stem))
        item.action = feature not in ("weak", "then")  # `곰은` may be a bear
        self._verbal(item, word, feature, past=past)

    def _verbal(self, item: Item, word: str, feature: str, *, past: bool) -> None:
        self.reading.past |= past
        modifies = feature == "weak" and (word[-1] == "는" or (ord(word[-1]) - 0xAC00) % 28 in _ADNOMINAL)
        if modifies and len(word) == 2 and word[-1] in "은는을":
            item.role = ROLES[word[-1]]  # `형은` may be a brother
        else:
            item.role = "modifier" if modifies else feature if feature in ("if", "then") else ""

    def _noun(self, stem: str, role: str) -> None:
        if stem in STOP or stem in SCOPES:
            self._small(stem)
            return
        if stem in ASKS:
            self._ask(ASKS[stem])
            return
        stem = SAME.get(stem, stem)
        kind: Kind = "time" if stem in TIMES else "unit" if stem in UNITS and len(stem) > 1 else "word"
        item = self._keep(UNITS[stem] if kind == "unit" else stem, kind)
        self._role(item, role)

    def _role(self, item: Item, role: str) -> None:
        role, _, only = role.partition("+")
        if role == "only" or only or role == "save":
            self.reading.scopes.append(("only", item.key))
            role = role if only else ""
        if role == "each":
            self.reading.scopes.append(("each", item.key))
            role = ""
        item.role = role

    def _keep(self, key: str, kind: Kind = "word") -> Item:
        item = Item(key, kind, negated=self.negated, linked=self.linked)
        self.reading.scopes += [(scope, key) for scope in self.pending]
        self.pending = []
        self.negated = self.linked = False
        self.polar = ""
        self.reading.items.append(item)
        return item
