"""A `Bound` made ready to look, once for all exchanges that it is for."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from os import urandom
from typing import Final, NamedTuple

from gateway.guards.check import Check
from gateway.guards.editor import Looking, Rule
from gateway.guards.segments import Sizes
from gateway.policy.actions import EFFECTS, Mask
from gateway.policy.bind import Bound
from gateway.policy.finding import patterns_of
from gateway.policy.kinds import OUTPUT, STARTS_OVER, Guarantee, in_segments
from gateway.policy.rule import BoundRule, Finder
from gateway.policy.structs import Place
from gateway.wire.lanes.place import Place as Text

_CLEAN: Final = 20_000


class Asked(NamedTuple):
    """A check that some rules of a place listen to, by the name under which they do. `seconds` is the shortest time that one of
    them gives it.
    """

    detector: str
    check: Check
    seconds: float


class Ready:
    """The rules of one `Bound` by place, each place with its scanner and its checks. `checks` are those there are, by digest."""

    def __init__(self, bound: Bound, checks: Mapping[str, Check]) -> None:
        self.bound = bound
        self._looking = {place: _looking(place, rules) for place, rules in bound.by_place.items()}
        self._asked = {place: _asked(place, rules, checks, "full") for place, rules in bound.by_place.items()}
        self._pieces = {
            place: _asked(place, rules, checks, "segment") for place, rules in bound.by_place.items() if place in OUTPUT
        }
        self._sizes = {place: _sizes(bound.by_place[place]) for place, asked in self._pieces.items() if asked}
        self.looks_at_answers = not OUTPUT.isdisjoint(self._looking)
        self.checks_answers = any(
            self._asked[place] or any(_waits_for_all(rule) for rule in rules)
            for place, rules in bound.by_place.items()
            if place in OUTPUT
        )
        looked: Guarantee | None = "proven" if self.looks_at_answers else None
        self.guarantee: Guarantee | None = "full" if self.checks_answers else "segment" if self._sizes else looked
        self._clean: OrderedDict[bytes, None] = OrderedDict()
        self._key = urandom(32)

    def looking(self, place: str) -> Looking | None:
        return self._looking.get(place)  # type: ignore[call-overload, no-any-return]  # any word may be asked for

    def asked(self, place: str) -> Sequence[Asked]:
        """Checks that look at all of a text."""
        return self._asked.get(place, ())  # type: ignore[call-overload, no-any-return]  # as above

    def asked_of_pieces(self, place: str) -> Sequence[Asked]:
        """Checks that look at segments of an answer."""
        return self._pieces.get(place, ())  # type: ignore[call-overload, no-any-return]  # as above

    def sizes(self, place: str) -> Sizes | None:
        """How an answer is cut for them: no rule sees less together than it asks for. None where there are none."""
        return self._sizes.get(place)  # type: ignore[call-overload, no-any-return]  # as above

    def warm(self) -> None:
        for looking in self._looking.values():
            looking.scanner.warm()

    def is_clean(self, digest: bytes) -> bool:
        """Whether this text was looked at before, in such a place, and nothing was found: turns come again and again."""
        if digest not in self._clean:
            return False
        self._clean.move_to_end(digest)
        return True

    def remember_clean(self, digest: bytes) -> None:
        self._clean[digest] = None
        if len(self._clean) > _CLEAN:
            self._clean.popitem(last=False)

    def digest(self, place: Text) -> bytes:
        """What a text in such a place is remembered by: nobody without this process's key can tell what it was."""
        said = f"{place.role}\0{place.text}".encode("utf-8", "surrogatepass")
        return blake2b(said, key=self._key, digest_size=16).digest()


def _looking(place: Place, rules: Sequence[BoundRule]) -> Looking:
    spoken = [(_rule(one), [_heard_as(finder, one, place) for finder in one.finders]) for one in rules]
    return Looking(place, spoken, [found for one in rules for finder in one.finders for found in patterns_of(finder)])


def _asked(place: Place, rules: Sequence[BoundRule], checks: Mapping[str, Check], promised: Guarantee) -> list[Asked]:
    found: dict[str, Asked] = {}
    for rule in rules:
        for finder in rule.finders:
            check = checks.get(finder.digest)
            if check is not None and (_in_segments(finder, rule, place) == (promised == "segment")):
                seconds = rule.timeout_ms / 1000
                name = _heard_as(finder, rule, place)
                before = found.get(name)
                found[name] = Asked(name, check, min(seconds, before.seconds) if before else seconds)
    return list(found.values())


def _heard_as(finder: Finder, rule: BoundRule, place: Place) -> str:
    """A detector that looks at segments for one rule and at the whole for another finds for each what that one asked for."""
    return f"{finder.digest}/segment" if _in_segments(finder, rule, place) else finder.digest


def _in_segments(finder: Finder, rule: BoundRule, place: Place) -> bool:
    return in_segments(finder.kind, rule.word, place, rule.asked)


def _sizes(rules: Sequence[BoundRule]) -> Sizes:
    asked = [rule.segment for rule in rules if rule.asked == "segment"]
    return Sizes(max(one.most for one in asked), max(one.overlap for one in asked))


def _waits_for_all(rule: BoundRule) -> bool:
    return rule.is_enforced and (rule.asked == "full" or rule.word in STARTS_OVER)


def _rule(one: BoundRule) -> Rule:
    return Rule(
        policy=one.policy,
        id=one.id,
        effect=EFFECTS[one.word],
        enforced=one.is_enforced,
        passes_on_error=one.on_error == "allow",
        min_score=one.min_score,
        with_text=one.deed.with_ if isinstance(one.deed, Mask) else "[{kind}]",
        settings=one.deed,
    )
