"""The rules of one exchange at work: what of its request goes to the model, and what of the answer goes to the caller.

    Ready     a `Bound` made ready to look, once
    Guarding  one exchange: `screened` on the way in, `edit_for` each lane on the way out

Nothing personal outlives the exchange: the values are in the request, their placeholders are worked out from them.
"""

from collections import OrderedDict
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from os import urandom
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.guards.editor import Blocked, Editor, Looking, Rule
from gateway.guards.placeholders import KeyRing, Known, Minter
from gateway.guards.restoring import Restorer
from gateway.guards.sinks import Grants, Sinks
from gateway.guards.verdicts import Effect, Verdicts
from gateway.policy.actions import Block, Mask, Tokenize, Word
from gateway.policy.bind import Binder, Bound, Facts
from gateway.policy.finding import patterns_of
from gateway.policy.kinds import INPUT, OUTPUT
from gateway.policy.rule import BoundRule
from gateway.wire.lanes.lane import Edit, Lane
from gateway.wire.lanes.place import Inside, Place, Role
from gateway.wire.lanes.places import places

WITHHELD: Final = "A policy of this gateway forbids this {side}."
_EFFECTS: Final[dict[Word, Effect]] = {
    "block": "block", "fallback": "restart", "reask": "restart", "route": "restart",
    "mask": "mask", "tokenize": "tokenize", "annotate": "annotate", "log": "log",
}  # fmt: skip
_MOST_READY: Final = 256
_CLEAN: Final = 20_000
_WORTH_REMEMBERING: Final = 200
_BETWEEN: Final = "\ufffe"
"""What `Editing` puts between the strings of one tool call's arguments."""


class Ready:
    """The rules of one `Bound` by place, each with its scanner."""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self._looking = {place: Looking(place, _with_patterns(rules)) for place, rules in bound.by_place.items()}
        self.tokenizes = any(rule.word == "tokenize" and rule.is_enforced for rule in bound.rules)
        self.guards_answers = any(place in OUTPUT for place in self._looking)
        self._clean: OrderedDict[bytes, None] = OrderedDict()
        self._key = urandom(32)

    def looking(self, place: str) -> Looking | None:
        return self._looking.get(place)  # type: ignore[call-overload, no-any-return]  # any word may be asked for

    def is_clean(self, place: Place) -> bool:
        """Whether this text was looked at before, in such a place, and nothing was found: turns come again and again."""
        digest = self._digest(place)
        if digest not in self._clean:
            return False
        self._clean.move_to_end(digest)
        return True

    def remember_clean(self, place: Place) -> None:
        self._clean[self._digest(place)] = None
        if len(self._clean) > _CLEAN:
            self._clean.popitem(last=False)

    def _digest(self, place: Place) -> bytes:
        said = f"{place.role}\0{place.text}".encode("utf-8", "surrogatepass")
        return blake2b(said, key=self._key, digest_size=16).digest()


def _with_patterns(rules: Sequence[BoundRule]) -> list[tuple[Rule, list[Any]]]:
    return [(_rule(one), [found for finder in one.finders for found in patterns_of(finder)]) for one in rules]


def _rule(one: BoundRule) -> Rule:
    return Rule(
        policy=one.policy,
        id=one.id,
        effect=_EFFECTS[one.word],
        enforced=one.is_enforced,
        passes_on_error=one.on_error == "allow",
        min_score=one.min_score,
        with_text=one.deed.with_ if isinstance(one.deed, Mask) else "[{kind}]",
        settings=one.deed,
    )


class Guards:
    """The policies of one configuration, ready for every exchange. `keys` are those of placeholders."""

    def __init__(self, binder: Binder, keys: KeyRing) -> None:
        self.binder = binder
        self._keys = keys
        self._ready = lru_cache(_MOST_READY)(_made_ready)

    def over(self, facts: Facts, asked: str | None, subject: "Subject") -> "Guarding | None":
        """None where no rule applies. `asked` is the header by which a caller adds policies; raises `invalid_request` for it."""
        bound = self.binder.bound(facts, self.binder.asked_for(asked))
        return Guarding(self._ready(_Key(bound)), self._keys, subject) if bound else None


class _Key:
    """A `Bound` by its digest, which is what two alike have in common."""

    __slots__ = ("bound",)

    def __init__(self, bound: Bound) -> None:
        self.bound = bound

    def __hash__(self) -> int:
        return hash(self.bound.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.bound.digest == self.bound.digest


def _made_ready(key: _Key) -> Ready:
    return Ready(key.bound)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose values these are: `owner` is the caller's key, `team` its team, `user` the end user that the request names."""

    owner: str
    team: str | None
    user: str


class Guarding:
    """Of one exchange. `verdicts` fills as rules speak."""

    def __init__(self, ready: Ready, keys: KeyRing, subject: Subject) -> None:
        self.verdicts = Verdicts()
        self._ready = ready
        self._keys = keys
        self._subject = subject
        self._conversation = ""
        self._scopes: dict[str, Minter] = {}
        self._known = Known(self)
        self._grants: dict[str, frozenset[str]] = {}
        self._declared: frozenset[str] = frozenset()

    @property
    def bound(self) -> Bound:
        return self._ready.bound

    def screened(self, dialect: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body that may go upstream: the same object if no rule changes it. Raises `policy_blocked`, naming the field."""
        inside = places(dialect, body)
        self._look_at_opaque(inside)
        self._declared = declared_tools(body)
        self._conversation = next((one.text for one in inside.places if one.role == "user"), "")
        texts = self._first_pass(inside.places)
        if len(self._known):
            self._second_pass(inside.places, texts)
        if not texts:
            return body
        changed = deepcopy(body)
        places(dialect, changed).rewrite(texts)
        return changed

    def unread(self, what: str, role: Role = "user") -> None:
        """Something came that nobody can read. Raises `policy_blocked` where a rule of such a place refuses that."""
        if role in self.bound.unreadable_refused:
            raise self._withheld(f"This request holds what no policy can read ({what}), and a policy refuses that.")
        if self._ready.looking(role):
            self.verdicts.leave(what)

    def edit_for(self, lane: Lane) -> Edit | None:
        """What guards this lane of the answer, and puts values back into it. None where nothing looks at it."""
        looking = self._ready.looking(lane.kind)
        guard = Editor(looking, self.verdicts) if looking else None
        restore = self._restore_into(lane)
        if guard is not None and restore is not None:
            return _Both(guard, restore)
        return guard or restore

    def blocked(self, error: Blocked, where: str | None = None) -> GatewayError:
        """What the caller is told: which rule, where, and nothing of the text."""
        deed = error.rule.settings
        side = "request" if error.place in INPUT else "answer"
        message = deed.message if isinstance(deed, Block) and deed.message else WITHHELD.format(side=side)
        status = deed.status if isinstance(deed, Block) else None
        told = GatewayError("policy_blocked", f"{message} (rule {error.rule.policy}/{error.rule.id})", param=where)
        if status is not None:
            told.status = status
        return told

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Headers that rules with `annotate` ask for, by name: the rules that found something."""
        found: dict[str, dict[str, None]] = {}
        headers = {rule.key: rule.deed.header for rule in self.bound.rules if rule.word == "annotate"}  # type: ignore[union-attr]
        for verdict, _ in self.verdicts:
            if verdict.effect == "annotate" and verdict.said == "enforced":
                header = headers[verdict.policy, verdict.rule]
                found.setdefault(header, {})[f"{verdict.policy}/{verdict.rule}"] = None
        return [(name, ", ".join(rules)) for name, rules in found.items()]

    def spellings(self, kind: str, surface: str, again: int) -> Sequence[str]:
        """See `placeholders.Mints`: each kind in the scope that its rule gives it."""
        return self._scopes[kind].spellings(kind, surface, again)

    def _first_pass(self, found: Sequence[Place]) -> dict[int, str]:
        texts: dict[int, str] = {}
        for index, place in enumerate(found):
            looking = self._ready.looking(place.role)
            if not looking:
                continue
            worth = len(place.text) >= _WORTH_REMEMBERING
            if worth and self._ready.is_clean(place):
                continue
            said = len(self.verdicts.counts), sum(self.verdicts.counts.values())
            editor = Editor(looking, self.verdicts, self._mint)
            try:
                text = editor.feed(place.text) + editor.close()
            except Blocked as blocked:
                raise self.blocked(blocked, place.path) from None
            if text != place.text:
                texts[index] = text
            elif worth and said == (len(self.verdicts.counts), sum(self.verdicts.counts.values())):
                self._ready.remember_clean(place)
        return texts

    def _second_pass(self, found: Sequence[Place], texts: dict[int, str]) -> None:
        """A value that was recognised once, by its context say, stays nowhere else in the request."""
        for index, place in enumerate(found):
            text = texts.get(index, place.text)
            if (replaced := self._known.replace_everywhere(text)) != text:
                texts[index] = replaced

    def _look_at_opaque(self, inside: Inside) -> None:
        for one in inside.opaque:
            self.unread(one.what)

    def _mint(self, rule: Rule, kind: str, value: str) -> str:
        deed = rule.settings
        assert isinstance(deed, Tokenize)
        if kind not in self._scopes:
            self._scopes[kind] = Minter(self._keys, self._scope(deed.linkable_within))
        sinks = frozenset[str](deed.restore_into)
        self._grants[kind] = self._grants.get(kind, sinks) & sinks
        return self._known.add(kind, value)

    def _scope(self, within: str) -> bytes:
        subject = self._subject
        parts = {
            "tenant": (subject.team or subject.owner,),
            "user": (subject.owner, subject.user),
            "conversation": (subject.owner, subject.user, self._conversation),
        }[within]
        said = "".join(f"{len(part)}:{part}" for part in (within, *parts))
        return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=32).digest()

    def _restore_into(self, lane: Lane) -> Edit | None:
        if not len(self._known) or lane.tool == "url":
            return None
        grants = Grants(self._grants, frozenset())
        kinds = frozenset(one for one in self._grants if grants.may(one, lane.kind, lane.name in self._declared))
        if lane.kind == "tool_args":
            return _Strings(self._known, kinds)
        return Restorer(self._known, Sinks(), kinds)

    def _withheld(self, message: str) -> GatewayError:
        return GatewayError("policy_blocked", message)


class _Both:
    """The guard first; what it lets go is restored. So no rule sees a value, and no value is kept with an answer."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Edit, second: Edit) -> None:
        self._first = first
        self._second = second

    def feed(self, text: str, /) -> str:
        return self._second.feed(self._first.feed(text))

    def close(self) -> str:
        return self._second.feed(self._first.close()) + self._second.close()


class _Strings:
    """The strings of a tool call's arguments, each with sinks of its own."""

    __slots__ = ("_kinds", "_known", "_restorer")

    def __init__(self, known: Known, kinds: frozenset[str]) -> None:
        self._known = known
        self._kinds = kinds
        self._restorer = self._fresh()

    def feed(self, text: str, /) -> str:
        first, *others = text.split(_BETWEEN)
        written = [self._restorer.feed(first)]
        for part in others:
            written += self._restorer.close(), _BETWEEN
            self._restorer = self._fresh()
            written.append(self._restorer.feed(part))
        return "".join(written)

    def close(self) -> str:
        return self._restorer.close()

    def _fresh(self) -> Restorer:
        return Restorer(self._known, Sinks(is_argument=True), self._kinds)


def declared_tools(body: dict[str, Any]) -> frozenset[str]:
    """Names of the tools that the caller itself declared; what a vendor hosts is not among them."""
    found: set[str] = set()
    for field in ("tools", "functions"):
        entries = body.get(field)
        for one in entries if isinstance(entries, list) else ():
            inner = one.get("function", one) if isinstance(one, dict) else None
            if isinstance(inner, dict) and isinstance(name := inner.get("name"), str):
                found.add(name)
    return frozenset(found)


def end_user(body: dict[str, Any]) -> str:
    """The end user that the request names, empty if none."""
    metadata = body.get("metadata")
    named = metadata.get("user_id") if isinstance(metadata, dict) else None
    return next((one for one in (body.get("safety_identifier"), body.get("user"), named) if isinstance(one, str)), "")
