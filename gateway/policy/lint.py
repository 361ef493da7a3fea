"""What is not wrong in a policy, but hardly meant: rules that never act, rules that repeat each other, rules without tests. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.config.mistakes import Finding, Trail
from gateway.policy.actions import strictness
from gateway.policy.coverage import CAN, SURFACES
from gateway.policy.detectors import Pattern
from gateway.policy.kinds import OUTPUT, guarantee
from gateway.policy.patience import hurried
from gateway.policy.rule import BoundRule, Policy
from gateway.policy.structs import Document, Place, Surface


@dataclass(frozen=True, slots=True)
class Subject:
    """One policy as it was written and as it applies, and all documents, which may use its detectors."""

    document: Document
    policy: Policy
    documents: Mapping[str, Document]

    def own(self) -> Iterator[tuple[int, BoundRule]]:
        """The rules of the document itself, by where they stand in it."""
        rules = {rule.key: rule for rule in self.policy.rules}
        for index, rule in enumerate(self.document.rules):
            yield index, rules[self.document.name, rule.id]

    def surfaces(self) -> list[Surface]:
        bound = ["*"] if self.policy.bind is None else self.policy.bind.surfaces
        return [surface for surface in SURFACES if surface in bound or "*" in bound]


def lint(documents: Mapping[str, Document], policies: Mapping[str, Policy]) -> list[tuple[str, Finding]]:
    """Every remark with the name of its policy, in the order of the policies. Takes what was loaded without a mistake."""
    subjects = [Subject(document, policies[name], documents) for name, document in documents.items()]
    return [(one.document.name, finding) for one in subjects for check in CHECKS for finding in check(one)]


def _shadowed(subject: Subject) -> Iterator[Finding]:
    for index, rule in subject.own():
        for other in subject.policy.rules:
            if other.key != rule.key and _covers(other, rule):
                what = "does the same" if other.deed == rule.deed else f"is stricter (`{other.word}`)"
                if other.deed != rule.deed or other.key < rule.key:
                    yield _about(
                        index, f"never acts: {_named(other, subject)} has its detectors and places, and {what}"
                    )
                break


def _covers(other: BoundRule, rule: BoundRule) -> bool:
    """Whether nothing is left for the rule where the other acts. A rule in shadow changes nothing and takes nothing away."""
    return (
        other.is_enforced
        and rule.mode != "off"
        and (strictness(other.deed) > strictness(rule.deed) or other.deed == rule.deed)
        and other.places >= rule.places
        and _digests(other) >= _digests(rule)
        and other.min_score <= rule.min_score
    )


def _overlapping(subject: Subject) -> Iterator[Finding]:
    for index, rule in subject.own():
        for other in subject.policy.rules:
            places, detectors = rule.places & other.places, _digests(rule) & _digests(other)
            acts = rule.is_enforced and other.is_enforced and strictness(other.deed) > strictness(rule.deed)
            if acts and places and detectors and not _covers(other, rule):
                names = [one.name for one in rule.finders if one.digest in detectors]
                message = f"overlaps {_named(other, subject)}: what {_listed(names)} finds in {_listed(sorted(places))} gets `{other.word}`"
                yield _about(index, message)


def _off(subject: Subject) -> Iterator[Finding]:
    if subject.policy.rules and all(rule.mode == "off" for rule in subject.policy.rules):
        yield Finding((), "is off: every rule of it is")
    else:
        for index, rule in subject.own():
            if rule.mode == "off":
                yield _about(index, "never runs: it is off")


def _unreached(subject: Subject) -> Iterator[Finding]:
    surfaces = subject.surfaces()
    there: set[Place] = {place for surface in surfaces for place in CAN[surface]}
    for index, rule in subject.own():
        for place in sorted(rule.places - there):
            yield _about(index, f"never runs at `{place}`: none of the surfaces {_listed(surfaces)} has it")
        scores = [one.spec.score for one in rule.finders if isinstance(one.spec, Pattern)]
        if len(scores) == len(rule.finders) and max(scores) < rule.min_score:
            yield _about(
                index, f"never acts: `min_score` is {rule.min_score:g}, and its patterns score {max(scores):g} at most"
            )
    for rule in subject.policy.rules:
        if rule.policy != subject.document.name and not rule.places & there:
            yield Finding(
                ("extends",),
                f"the inherited {_named(rule, subject)} runs on none of {_listed(surfaces)}",
                about_key=True,
            )


def _in_vain(subject: Subject) -> Iterator[Finding]:
    """Answers wait for the rule that waits longest, at whatever place."""
    waiting = [rule for rule in subject.policy.rules if any(_waits(rule, place) for place in rule.places & OUTPUT)]
    for index, rule in subject.own():
        if waiting and rule.mode != "off" and any(rule.promises(place) == "segment" for place in rule.places & OUTPUT):
            message = f"`segment` wins no time: {_named(waiting[0], subject)} has to see all of an answer before any of it is sent"
            yield Finding(("rules", index, "guarantee"), message)


def _waits(rule: BoundRule, place: Place) -> bool:
    """Whether an answer is held back for it. In shadow its detectors see no less, but it starts nothing over."""
    word, asked = (rule.word, rule.asked) if rule.is_enforced else ("log", None if rule.asked == "full" else rule.asked)
    kinds = frozenset(one.kind for one in rule.finders)
    return rule.mode != "off" and guarantee(kinds, word, place, asked) == "full"


def _unused(subject: Subject) -> Iterator[Finding]:
    used = {name for one in subject.documents.values() for rule in one.rules for name in rule.detect}
    for name in subject.document.detectors:
        if name not in used:
            yield Finding(("detectors", name), "is used by no rule", about_key=True)


def _untested(subject: Subject) -> Iterator[Finding]:
    tests = subject.document.tests
    if not tests:
        yield Finding((), "has no tests; a policy that is not tried is not known to work")
        return
    named = {one for case in tests for one in (case.expect.blocked_by, *(case.expect.found_by or ()))}
    for index, rule in subject.own():
        if rule.id not in named and rule.word in ("block", "reask", "fallback", "route") and rule.mode != "off":
            yield _about(index, "is named by no test (`blocked_by` or `found_by`)")


def _hurried(subject: Subject) -> Iterator[Finding]:
    """What asks somebody else, or a language model, takes its time; a rule that is too quick for it fails on every text."""
    told = subject.document.defaults.timeout_ms
    for index, rule in subject.own():
        own = subject.document.rules[index].timeout_ms
        if (own or told) is None or rule.mode == "off":
            continue
        for finder, usual in hurried(rule.finders, rule.timeout_ms):
            trail: Trail = ("rules", index, "timeout_ms") if own else ("defaults", "timeout_ms")
            wants = f"detector `{finder.name}` of kind `{finder.kind}`; write {usual}, or leave it out"
            of = "" if own else f" in rule `{rule.id}`"
            yield Finding(trail, f"{rule.timeout_ms} ms are too few for the {wants}{of}")


def _empty(subject: Subject) -> Iterator[Finding]:
    if not subject.policy.rules:
        yield Finding((), "has no rules")


def _about(index: int, message: str) -> Finding:
    return Finding(("rules", index, "id"), message)


def _named(rule: BoundRule, subject: Subject) -> str:
    return f"rule `{rule.id}`" if rule.policy == subject.document.name else f"rule `{rule.id}` of `{rule.policy}`"


def _digests(rule: BoundRule) -> set[str]:
    return {one.digest for one in rule.finders}


def _listed(names: list[str] | list[Surface] | list[Place]) -> str:
    return ", ".join(f"`{name}`" for name in names)


CHECKS: Final[tuple[Callable[[Subject], Iterator[Finding]], ...]] = (
    _empty,
    _off,
    _shadowed,
    _overlapping,
    _unreached,
    _in_vain,
    _unused,
    _untested,
    _hurried,
)
