"""What the schema cannot say of one policy: names that must lead somewhere, actions that must make sense where they stand. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.config.mistakes import Finding, Trail, nearest
from gateway.config.structs import Config
from gateway.config.subject import matched, overlaps
from gateway.guards.fold import fold
from gateway.policy.actions import Action, Block, Fallback, Route, deed_of, word_of
from gateway.policy.coverage import runs_on
from gateway.policy.detectors import (
    Judge,
    Keywords,
    Length,
    Moderation,
    Pattern,
    Personal,
    Presidio,
    Secrets,
    Spec,
    ToolPermissions,
    kind_of,
)
from gateway.policy.kinds import ACTS_ON, KINDS, NEEDS_MODEL, OUTPUT, REPLACES, STARTS_OVER, WHY_NOT
from gateway.policy.structs import Bind, Document, Rule
from gateway.policy.unfit import unfit

_NO_MODEL: Final = "is no model of haechi.yaml"


@dataclass(frozen=True, slots=True)
class Known:
    """What exists outside of the policies: the entities and groups that can be found, and the names in `haechi.yaml`.

    Without `names` there is no such file, and no name that would stand in it is judged.
    """

    entities: Collection[str]
    names: "Names | None"


@dataclass(frozen=True, slots=True)
class Names:
    """Of the configuration: models as they can be asked for, teams and tags of all keys."""

    models: Collection[str] = ()
    teams: Collection[str] = ()
    tags: Collection[str] = ()

    @classmethod
    def of(cls, config: Config) -> "Names":
        teams = dict.fromkeys(key.team for key in config.keys if key.team is not None)
        tags = dict.fromkeys(tag for key in config.keys for tag in key.tags)
        return cls(tuple(config.models), tuple(teams), tuple(tags))

    def has_model(self, name: str) -> bool:
        return "*" not in name and matched(name, self.models) is not None


@dataclass(frozen=True, slots=True)
class Outline:
    """All names that a policy file gives, also those of parts which are dropped because something in them is broken."""

    extends: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Any) -> "Outline":
        whole = data if isinstance(data, dict) else {}
        detectors = whole.get("detectors")
        rules = [one.get("id") for one in _list(whole.get("rules")) if isinstance(one, dict)]
        return cls(
            tuple(one for one in _list(whole.get("extends")) if isinstance(one, str)),
            tuple(detectors) if isinstance(detectors, dict) else (),
            tuple(one for one in rules if isinstance(one, str)),
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """What the checks look at. `detectors` and `rules` are the names of the document and of all it extends.

    `policies` is None where some have no name that could be read; `lacks_parents` where one it extends is not there.
    """

    document: Document
    known: Known
    policies: Collection[str] | None = None
    detectors: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    lacks_parents: bool = False

    @classmethod
    def among(
        cls, document: Document, outlines: Mapping[str, Outline], known: Known, *, lacks_files: bool = False
    ) -> "Subject":
        """`outlines` are those of all files, this one among them, by the name of the policy; with `lacks_files`, of some."""
        line, waiting = dict[str, Outline](), [document.name]
        while waiting:
            name = waiting.pop()
            if name in outlines and name not in line:
                line[name] = outlines[name]
                waiting += outlines[name].extends
        detectors = frozenset(name for one in line.values() for name in one.detectors)
        rules = frozenset(name for one in line.values() for name in one.rules)
        has_strangers = any(name not in outlines for one in line.values() for name in one.extends)
        return cls(document, known, None if lacks_files else tuple(outlines), detectors, rules, has_strangers)


def references(subject: Subject) -> list[Finding]:
    """Every finding, in no order. Each says on which trails it rests."""
    return [finding for check in CHECKS for finding in check(subject)]


def _extends(subject: Subject) -> Iterator[Finding]:
    there = subject.policies
    others = [name for name in there or () if name != subject.document.name]
    for index, name in enumerate(subject.document.extends):
        if there is not None and name not in there:
            yield _nowhere(("extends", index), name, "is no policy", others)


def _bind(subject: Subject) -> Iterator[Finding]:
    bind, known = subject.document.bind, subject.known.names
    if not isinstance(bind, Bind) or known is None:
        return
    for index, name in enumerate(bind.models):
        trail: Trail = ("bind", "models", index)
        if "*" in name[:-1]:
            yield Finding(trail, "has a `*` before its end; `*` matches the rest of a name", value=name)
        elif not overlaps(name, known.models):
            yield _nowhere(trail, name, _NO_MODEL, known.models)
    for key, names, there in (("teams", bind.teams, known.teams), ("tags", bind.tags, known.tags)):
        for index, name in enumerate(names):
            if name != "*" and name not in there:
                message = f"is no {key[:-1]} of any key in haechi.yaml"
                yield _nowhere(("bind", key, index), name, message, there)


def _surfaces(subject: Subject) -> Iterator[Finding]:
    """A surface that is named must be able to carry each rule; `*` means those that can."""
    bind = subject.document.bind
    if not isinstance(bind, Bind):
        return
    for index, rule in enumerate(subject.document.rules):
        for place, surface in enumerate(bind.surfaces):
            if surface != "*" and not runs_on(surface, rule.where):
                message = f"cannot run on `{surface}`, which the policy names and which has none of these places"
                trail: Trail = ("rules", index, "where")
                yield Finding(trail, message, about_key=True, rests_on=(trail, ("bind", "surfaces", place)))


def _entities(subject: Subject) -> Iterator[Finding]:
    for name, spec in subject.document.detectors.items():
        if not isinstance(spec, Personal | Secrets):
            continue
        for index, entity in enumerate(spec.entities):
            if entity not in subject.known.entities:
                trail: Trail = ("detectors", name, "entities", index)
                yield _in_detector(name, trail, "is no entity", entity, subject.known.entities)
        scores = spec.min_score if isinstance(spec, Personal) and isinstance(spec.min_score, dict) else {}
        for entity in scores:
            if entity not in subject.known.entities and entity != "default":
                trail = ("detectors", name, "min_score", entity)
                yield _in_detector(name, trail, "is no entity", entity, subject.known.entities, about_key=True)


def _patterns(subject: Subject) -> Iterator[Finding]:
    for name, spec in subject.document.detectors.items():
        trail: Trail = ("detectors", name, "match" if isinstance(spec, Pattern) else "words")
        kind: Trail = ("detectors", name, "kind")
        if isinstance(spec, Pattern):
            several = [(trail, spec.match)] if isinstance(spec.match, str) else _numbered(trail, spec.match)
            for place, pattern in several:
                if (reason := unfit(pattern)) is not None:
                    yield Finding(place, reason, rests_on=(place, kind))
        elif isinstance(spec, Keywords):
            for place, word in _numbered(trail, spec.words):
                if not fold(word).text.strip():
                    yield Finding(
                        place, "is empty once invisible characters and spaces are gone", rests_on=(place, kind)
                    )


def _settings(subject: Subject) -> Iterator[Finding]:
    """Detectors that could never find anything, and models that are not there."""
    for name, spec in subject.document.detectors.items():
        trail: Trail = ("detectors", name)
        names = subject.known.names
        if isinstance(spec, Judge | Moderation) and names is not None and not names.has_model(spec.model):
            yield _in_detector(name, (*trail, "model"), _NO_MODEL, spec.model, names.models)
        if (reason := _idle(spec)) is not None:
            rests_on = tuple((*trail, key) for key in ("kind", *spec.__struct_fields__))
            yield Finding(trail, reason, about_key=True, rests_on=rests_on)


def _idle(spec: Spec) -> str | None:
    if isinstance(spec, Length):
        if spec.max_chars is None and spec.min_chars is None:
            return "finds nothing; give `max_chars` or `min_chars`"
        if spec.max_chars is not None and spec.min_chars is not None and spec.min_chars > spec.max_chars:
            return "finds everything: `min_chars` is more than `max_chars`"
    if isinstance(spec, ToolPermissions) and spec.allow is None and not spec.deny:
        return "forbids nothing; give `allow` or `deny`"
    if isinstance(spec, Presidio) and spec.engine in ("transformers", "gliner") and spec.model is None:
        return f"needs a `model` for the engine `{spec.engine}`"
    return None


def _ids(subject: Subject) -> Iterator[Finding]:
    yield from _twice("rules", "id", [one.id for one in subject.document.rules])
    yield from _twice("tests", "name", [one.name for one in subject.document.tests])


def _detect(subject: Subject) -> Iterator[Finding]:
    for index, rule in enumerate(subject.document.rules):
        for trail, name in _numbered(("rules", index, "detect"), rule.detect):
            if name not in subject.detectors:
                if not subject.lacks_parents:
                    yield _nowhere(trail, name, "is no detector of this policy", subject.detectors)
            elif (spec := subject.document.detectors.get(name)) is not None:
                yield from _misplaced(rule, spec, name, trail)


def _misplaced(rule: Rule, spec: Spec, name: str, trail: Trail) -> Iterator[Finding]:
    kind, deed = KINDS[kind_of(spec)], deed_of(rule.action)
    here = trail[:2]
    # That the action could be read, whatever is broken inside it: the empty key is never there.
    rests_on: tuple[Trail, ...] = (trail, (*here, "where"), (*here, "action", ""), ("detectors", name, "kind"))
    if outside := [place for place in rule.where if place not in kind.places]:
        message = (
            f"looks at {_listed(sorted(kind.places))} alone, not at {_listed(outside)}; make two rules of this one"
        )
        yield Finding(trail, message, value=name, rests_on=rests_on)
    if deed is not None and word_of(deed) in REPLACES and not kind.spans:
        message = (
            f"does not tell where in the text it found something, so there is nothing to {word_of(deed)}; write `block`"
        )
        yield Finding(trail, message, value=name, rests_on=rests_on)


def _actions(subject: Subject) -> Iterator[Finding]:
    for index, rule in enumerate(subject.document.rules):
        trail: Trail = ("rules", index, "action")
        deed = deed_of(rule.action)
        if isinstance(rule.action, str) and rule.action in NEEDS_MODEL:
            message = f"needs a model; write `{rule.action}: {{model: NAME}}`"
            yield Finding(trail, message, value=rule.action, rests_on=(trail,))
        elif deed is None:
            given = [name for name in Action.__struct_fields__ if getattr(rule.action, name) is not None]
            message = (
                f"names {_listed(given)}; a rule has one action" if given else "names no action; write `action: block`"
            )
            yield Finding(trail, message, about_key=True, rests_on=(trail,))
        elif isinstance(deed, Block) and deed.refuse and deed.status is not None:
            place: Trail = (*trail, "block", "status")
            message = "is not used: `refuse: true` answers in the model's place, with 200"
            yield Finding(place, message, rests_on=(place, (*trail, "block", "refuse")))
        else:
            yield from _models(subject, trail, rule)
            yield from _senseless(trail, rule)


def _guarantees(subject: Subject) -> Iterator[Finding]:
    """`segment` is for checks that can do with a part of an answer, and for actions that need not take back what was sent."""
    for index, rule in enumerate(subject.document.rules):
        trail: Trail = ("rules", index, "guarantee")
        if rule.segment is not None and rule.guarantee != "segment":
            place: Trail = (*trail[:2], "segment")
            yield Finding(place, "is not used without `guarantee: segment`", about_key=True, rests_on=(place, trail))
        if rule.guarantee != "segment":
            continue
        if OUTPUT.isdisjoint(rule.where):
            message = "is for answers, and the rule looks at none; a request is there all at once, so leave it out"
            yield Finding(trail, message, value="segment", rests_on=(trail, (*trail[:2], "where")))
        deed = deed_of(rule.action)
        if deed is not None and word_of(deed) in STARTS_OVER:
            message = f"cannot be: `{word_of(deed)}` starts over, and for that nothing may have been sent; leave it out"
            yield Finding(trail, message, value="segment", rests_on=(trail, (*trail[:2], "action", "")))
        yield from _unsegmented(trail, {one: subject.document.detectors.get(one) for one in rule.detect})


def _unsegmented(trail: Trail, specs: Mapping[str, Spec | None]) -> Iterator[Finding]:
    kinds = {name: kind_of(spec) for name, spec in specs.items() if spec is not None}
    rests_on: tuple[Trail, ...] = (trail, (*trail[:2], "detect"), *(("detectors", name, "kind") for name in kinds))
    whole = [name for name, kind in kinds.items() if KINDS[kind].guarantee == "full" and not KINDS[kind].segments]
    if whole:
        message = f"cannot be: {_listed(whole)} has to see all of an answer; give it a rule of its own"
        yield Finding(trail, message, value="segment", rests_on=rests_on)
    elif len(kinds) == len(specs) and all(KINDS[kind].guarantee == "proven" for kind in kinds.values()):
        message = "is less than patterns promise by themselves; leave it out"
        yield Finding(trail, message, value="segment", rests_on=rests_on)


def _models(subject: Subject, trail: Trail, rule: Rule) -> Iterator[Finding]:
    deed, names = deed_of(rule.action), subject.known.names
    if isinstance(deed, Fallback | Route) and names is not None and not names.has_model(deed.model):
        yield _nowhere((*trail, word_of(deed), "model"), deed.model, _NO_MODEL, names.models)


def _senseless(trail: Trail, rule: Rule) -> Iterator[Finding]:
    deed = deed_of(rule.action)
    if deed is None:
        return
    word = word_of(deed)
    for where, place in _numbered((*trail[:2], "where"), rule.where):
        if place not in ACTS_ON[word]:
            yield Finding(where, f"cannot have `{word}`: {WHY_NOT[word]}", value=place, rests_on=(where, (*trail, "")))


def _expected(subject: Subject) -> Iterator[Finding]:
    for index, case in enumerate(subject.document.tests):
        trail: Trail = ("tests", index, "expect")
        single = [((*trail, "blocked_by"), case.expect.blocked_by)]
        for place, rule in [*single, *_numbered((*trail, "found_by"), case.expect.found_by or [])]:
            if rule is not None and rule not in subject.rules and not subject.lacks_parents:
                yield _nowhere(place, rule, "is no rule of this policy", subject.rules)


def _twice(section: str, key: str, names: Sequence[str]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            trails: tuple[Trail, ...] = ((section, index, key), (section, first[name], key))
            yield Finding(trails[0], f"is the {key} of another one too; they must differ", value=name, rests_on=trails)


def _nowhere(trail: Trail, name: str, message: str, names: Collection[str]) -> Finding:
    return Finding(trail, message, nearest(name, names), value=name, rests_on=(trail,))


def _in_detector(
    detector: str, trail: Trail, message: str, name: str, names: Collection[str], *, about_key: bool = False
) -> Finding:
    rests_on = (trail, ("detectors", detector, "kind"))
    return Finding(trail, message, nearest(name, names), value=name, about_key=about_key, rests_on=rests_on)


def _numbered(trail: Trail, values: Sequence[str]) -> list[tuple[Trail, Any]]:
    return [((*trail, index), value) for index, value in enumerate(values)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


CHECKS: Final[tuple[Callable[[Subject], Iterator[Finding]], ...]] = (
    _extends,
    _bind,
    _surfaces,
    _entities,
    _patterns,
    _settings,
    _ids,
    _detect,
    _actions,
    _guarantees,
    _expected,
)
