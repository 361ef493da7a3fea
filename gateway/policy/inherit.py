"""`extends`: what a policy takes from its parents, and where it would loosen them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.config.mistakes import Finding, Trail
from gateway.policy.actions import deed_of, loosened
from gateway.policy.kinds import GUARANTEES, OUTPUT, guarantee
from gateway.policy.patience import patience
from gateway.policy.rule import MODES, BoundRule, Finder, Policy, finder, policy
from gateway.policy.structs import Bind, Document, Place, Rule, Segment


@dataclass(slots=True)
class Family:
    """Documents by name, made into policies, parents first.

    `cycles` are wrong whatever else is; `findings` compare a document with its parents. Both by the name of who is at fault. A document that is part of a cycle, names a detector that nobody has or stands below such a one has no policy.
    """

    documents: Mapping[str, Document]
    policies: dict[str, Policy] = field(default_factory=dict)
    cycles: list[tuple[str, Finding]] = field(default_factory=list)
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    _finders: dict[str, dict[str, Finder]] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _done: set[str] = field(default_factory=set)

    def settle(self) -> "Family":
        for name in self.documents:
            self._settle(name)
        return self

    def _settle(self, name: str) -> bool:
        """Whether there is a policy of this name."""
        if name in self._done or name not in self.documents:
            return name in self.policies
        document = self.documents[name]
        self._open.append(name)
        complete = True
        for index, parent in enumerate(document.extends):
            if parent in self._open:
                cycle = " -> ".join([*self._open[self._open.index(parent) :], parent])
                trail: Trail = ("extends", index)
                finding = Finding(trail, f"closes a cycle: {cycle}", value=parent, rests_on=(trail,))
                self.cycles.append((name, finding))
                complete = False
            else:
                complete = self._settle(parent) and complete
        self._done.add(self._open.pop())
        return complete and self._merge(document)

    def _merge(self, document: Document) -> bool:
        inherited: dict[str, Finder] = {}
        above: dict[tuple[str, str], BoundRule] = {}
        used = {name for rule in document.rules for name in rule.detect}
        for index, parent in enumerate(document.extends):
            for name, one in self._finders[parent].items():
                if name in used and inherited.get(name, one).digest != one.digest:
                    message = f"has another detector `{name}` than a parent before it; give one of them another name"
                    trail: Trail = ("extends", index)
                    self._find(document.name, Finding(trail, message, value=parent, rests_on=(trail,)))
            inherited |= self._finders[parent]
            above |= {rule.key: rule for rule in self.policies[parent].rules}
        own = {name: finder(name, spec) for name, spec in document.detectors.items()}
        for name, one in own.items():
            if name in inherited and inherited[name].digest != one.digest:
                message = "is a detector of a parent already; its rules rest on it, so give this one another name"
                trail = ("detectors", name)
                self._find(document.name, Finding(trail, message, about_key=True, rests_on=(trail,)))
        finders = inherited | own
        mine: dict[tuple[str, str], BoundRule] = {}
        for index, text in enumerate(document.rules):
            rule = bound_rule(document, text, finders)
            if rule is not None:
                mine[rule.key] = rule
                for parent_rule in [one for one in above.values() if one.id == rule.id]:
                    self._compare(document, index, parent_rule, rule)
                    del above[parent_rule.key]
        if len(mine) < len(document.rules):
            return False
        bind = document.bind if isinstance(document.bind, Bind) else None
        self._finders[document.name] = finders
        self.policies[document.name] = policy(document.name, document.version, bind, (above | mine).values())
        return True

    def _compare(self, document: Document, index: int, parent: BoundRule, child: BoundRule) -> None:
        for key, reason in looser(parent, child):
            trail: Trail = ("rules", index, key)
            message = (
                f"would loosen the rule `{parent.id}` of `{parent.policy}`, which `{document.name}` extends: {reason}"
            )
            self._find(document.name, Finding(trail, message, rests_on=(("rules", index),)))

    def _find(self, name: str, finding: Finding) -> None:
        self.findings.append((name, finding))


def bound_rule(document: Document, rule: Rule, finders: Mapping[str, Finder]) -> BoundRule | None:
    """The rule with its short forms written out; None where it names what is not there, which others report."""
    deed, defaults = deed_of(rule.action), document.defaults
    if deed is None or any(name not in finders for name in rule.detect):
        return None
    found = tuple(finders[name] for name in dict.fromkeys(rule.detect))
    return BoundRule(
        policy=document.name,
        id=rule.id,
        places=frozenset(rule.where),
        finders=found,
        deed=deed,
        mode=rule.mode or defaults.mode,
        on_error=rule.on_error or defaults.on_error,
        timeout_ms=rule.timeout_ms or defaults.timeout_ms or patience(found),
        opaque=rule.opaque or defaults.opaque,
        min_score=rule.min_score,
        asked=rule.guarantee,
        segment=rule.segment or Segment(),
    )


def looser(parent: BoundRule, child: BoundRule) -> Iterator[tuple[str, str]]:
    """Each key in which the child is less strict than the parent, and why."""
    if reason := loosened(parent.deed, child.deed):
        yield "action", reason
    if missing := sorted(parent.places - child.places):
        yield "where", f"{_listed(missing)} is missing"
    digests = {one.digest for one in child.finders}
    if lost := [one.name for one in parent.finders if one.digest not in digests]:
        yield "detect", f"{_listed(lost)} is missing"
    if MODES[child.mode] < MODES[parent.mode]:
        yield "mode", f"`{child.mode}` is weaker than `{parent.mode}`"
    if child.min_score > parent.min_score:
        yield "min_score", f"{child.min_score:g} is higher than {parent.min_score:g}"
    if (child.on_error, parent.on_error) == ("allow", "block"):
        yield "on_error", "`allow` is weaker than `block`"
    if (child.opaque, parent.opaque) == ("allow", "refuse"):
        yield "opaque", "`allow` is weaker than `refuse`"
    if child.on_error == parent.on_error == "allow" and child.timeout_ms < parent.timeout_ms:
        yield "timeout_ms", f"{child.timeout_ms} is shorter than {parent.timeout_ms}, and what is late passes"
    yield from _looser_on_answers(parent, child)


def _looser_on_answers(parent: BoundRule, child: BoundRule) -> Iterator[tuple[str, str]]:
    if earlier := [place for place in sorted(parent.places & OUTPUT) if _sends_earlier(parent, child, place)]:
        yield "guarantee", f"more of what stands at {_listed(earlier)} is sent before all of it was looked at"
    for name in ("most", "overlap"):
        before, after = getattr(parent.segment, name), getattr(child.segment, name)
        if parent.asked == child.asked == "segment" and after < before:
            yield "segment", f"`{name}: {after}` is less than {before}, so less is seen together"


def _sends_earlier(parent: BoundRule, child: BoundRule, place: Place) -> bool:
    """By what each asks for, of the detectors that they share."""
    kinds = frozenset(one.kind for one in parent.finders)
    before, after = (guarantee(kinds, child.word, place, one.asked) for one in (parent, child))
    return GUARANTEES.index(after) < GUARANTEES.index(before)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
