"""Which rules apply to a request: all policies that match, and those the caller adds, merged into one value. Pure.

policies, exemptions -> Binder        raises `NotImplementedHere` for a detector that this gateway cannot run
Binder.bound(facts, asked) -> Bound   the same object for the same policies
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace as with_fields

from gateway.config.strict import Zone
from gateway.config.structs import Exempt
from gateway.errors import GatewayError
from gateway.policy.actions import Tokenize, link_width
from gateway.policy.detectors import Guest
from gateway.policy.rule import BoundRule, Policy, canonical_digest
from gateway.policy.structs import Bind, Place

HEADER: Final = "x-haechi-policy"
MOST_ASKED: Final = 16
"""Policies that one request may add."""
_KEPT: Final = 1_024
_SEEN: Final = 4_096


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a request decides which policies apply.

    `models`: the name asked for, and every other that the plan can come to. `zones`: those of all targets in the plan.
    """

    models: frozenset[str]
    surface: str
    zones: frozenset[Zone]
    key: str | None = None
    team: str | None = None
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """The rules of one request, strictest first; those that are off are not among them.

    `policies` are name and version. `exempted` are the exemptions that took a rule away. `unreadable_refused`: places where
    what cannot be read is refused. Two with one `digest` give the same verdict on the same text, and are equal.
    """

    rules: tuple[BoundRule, ...]
    by_place: Mapping[Place, tuple[BoundRule, ...]]
    unreadable_refused: frozenset[Place]
    policies: tuple[tuple[str, int], ...]
    exempted: tuple[Exempt, ...]
    digest: str

    def __bool__(self) -> bool:
        return bool(self.rules)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bound) and other.digest == self.digest


class NotImplementedHere(ValueError):
    """A policy names detectors that this gateway has no code for. The text names all of them."""


class Binder:
    """The policies of one configuration. `versions` are the kinds of detectors that can be run, each with its version."""

    def __init__(self, policies: Mapping[str, Policy], exempt: Sequence[Exempt], versions: Mapping[str, str]) -> None:
        if missing := without_code(policies.values(), versions):
            raise NotImplementedHere("\n".join(missing))
        self._policies = dict(policies)
        self._exempt = tuple(exempt)
        self._versions = dict(versions)
        self._merged = lru_cache(_KEPT)(self._merge)
        self._found = lru_cache(_SEEN)(self._find)

    def bound(self, facts: Facts, asked: tuple[str, ...] = ()) -> Bound:
        """`asked` are the names that `asked_for` read."""
        return self._found(facts, frozenset(asked))

    def asked_for(self, header: str | None) -> tuple[str, ...]:
        """The policies that a caller adds by the header. Raises `invalid_request`, quoting nothing of it."""
        if header is None:
            return ()
        names = tuple(dict.fromkeys(name for one in header.split(",") if (name := one.strip())))
        if len(names) > MOST_ASKED:
            message = f"The header {HEADER} names more than {MOST_ASKED} policies."
            raise GatewayError("invalid_request", message, param=HEADER)
        for place, name in enumerate(names, start=1):
            if name not in self._policies:
                message = f"Name {place} in the header {HEADER} is no policy of this gateway."
                raise GatewayError("invalid_request", message, param=HEADER)
        return names

    def _find(self, facts: Facts, asked: frozenset[str]) -> Bound:
        names = frozenset(name for name, one in self._policies.items() if name in asked or applies(one.bind, facts))
        return self._merged(names, tuple(one for one in self._exempt if is_for(one, facts)))

    def _merge(self, names: frozenset[str], exempt: tuple[Exempt, ...]) -> Bound:
        return merged([self._policies[name] for name in sorted(names)], exempt, self._versions)


def without_code(policies: Iterable[Policy], versions: Mapping[str, str]) -> list[str]:
    """One sentence for each detector that cannot be run, though a rule that is not off rests on it."""
    found = {
        (rule.policy, rule.id, finder.name, finder.kind)
        for one in policies
        for rule in one.rules
        for finder in rule.finders
        if rule.mode != "off" and finder.kind not in versions and not isinstance(finder.spec, Guest)
    }
    return [
        f"policy {policy}, rule {rule}: this gateway has no code for detector `{name}` of kind `{kind}`; "
        f"take it out, or set `mode: off`"
        for policy, rule, name, kind in sorted(found)
    ]


def applies(bind: Bind | None, facts: Facts) -> bool:
    """Every list has an entry that fits."""
    return bind is not None and all(fits for _, _, _, fits in conditions(bind, facts))


def conditions(bind: Bind, facts: Facts) -> Iterator[tuple[str, Sequence[str], Collection[str], bool]]:
    """Each list of a binding: its key, what it wants, what there is, and whether that fits."""
    fits = any(_fits(pattern, model) for pattern in bind.models for model in facts.models)
    team = () if facts.team is None else (facts.team,)
    yield "models", bind.models, facts.models, fits
    yield "teams", bind.teams, team, _holds(bind.teams, team)
    yield "tags", bind.tags, facts.tags, not bind.tags or _holds(bind.tags, facts.tags)
    yield "surfaces", bind.surfaces, (facts.surface,), _holds(bind.surfaces, (facts.surface,))
    yield "zones", bind.zones, facts.zones, _holds(bind.zones, facts.zones)


def covers(key: str, wide: Sequence[str], narrow: Sequence[str]) -> bool:
    """Whether a list of a binding, which is that of `key`, fits whatever another such list fits."""
    if key == "tags" and not (wide and narrow):
        return not wide
    if key == "models":
        return all(any(_fits(pattern, one) for pattern in wide) for one in narrow)
    return "*" in wide or set(narrow) <= set(wide)


def is_for(exempt: Exempt, facts: Facts) -> bool:
    if exempt.key is not None:
        return exempt.key == facts.key
    return exempt.team is not None and exempt.team == facts.team


def merged(policies: Sequence[Policy], exempt: Sequence[Exempt], versions: Mapping[str, str]) -> Bound:
    """All rules of all policies, each once, without those that an exemption names, and with grants narrowed to what all allow."""
    every = {rule.key: rule for one in policies for rule in one.rules if rule.mode != "off"}
    used = tuple(one for one in exempt if (one.policy, one.rule) in every)
    away = {(one.policy, one.rule) for one in used}
    kept = _narrowed([rule for key, rule in every.items() if key not in away])
    rules = tuple(sorted(kept, key=BoundRule.rank))
    places = sorted({place for rule in rules for place in rule.places})
    kinds = sorted({finder.kind for rule in rules for finder in rule.finders})
    return Bound(
        rules=rules,
        by_place=MappingProxyType({place: tuple(one for one in rules if place in one.places) for place in places}),
        unreadable_refused=frozenset(
            place for rule in rules if rule.is_enforced and rule.opaque == "refuse" for place in rule.places
        ),
        policies=tuple((one.name, one.version) for one in policies),
        exempted=used,
        digest=canonical_digest(
            rules,
            sorted(one.digest for one in policies),
            [one.name for one in used],
            [[kind, versions.get(kind)] for kind in kinds],
        ),
    )


def _narrowed(rules: Sequence[BoundRule]) -> list[BoundRule]:
    """Where rules tokenize what the same detector finds, a value comes back only where all of them grant it.

    Findings of different detectors that overlap are the editor's to settle.
    """
    return [
        replace(one, deed=_narrowest(one.deed, one, rules)) if isinstance(one.deed, Tokenize) else one for one in rules
    ]


def _narrowest(deed: Tokenize, rule: BoundRule, rules: Sequence[BoundRule]) -> Tokenize:
    digests = {one.digest for one in rule.finders}
    for other in rules:
        if not isinstance(other.deed, Tokenize) or not other.is_enforced or not rule.places & other.places:
            continue
        if digests.isdisjoint(one.digest for one in other.finders):
            continue
        sinks = [one for one in deed.restore_into if one in other.deed.restore_into]
        scope = min(deed, other.deed, key=link_width).linkable_within
        deed = with_fields(deed, restore_into=sinks, linkable_within=scope)
    return deed


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _holds(wanted: Sequence[str], given: Iterable[str]) -> bool:
    return "*" in wanted or any(one in wanted for one in given)
