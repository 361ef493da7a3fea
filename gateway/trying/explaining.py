"""Why a request was let through, changed or blocked: what became of it, sorted by policy, rule and span. Pure.

All of it is what the rules told on the way (`heard`); nothing is decided a second time here.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.guards.placeholders import PLACEHOLDER
from gateway.guards.verdicts import STRICTNESS
from gateway.policy.bind import HEADER, Facts, conditions
from gateway.policy.kinds import INPUT, Guarantee
from gateway.policy.rule import BoundRule, Policy
from gateway.trying.differing import judged, named
from gateway.trying.heard import Settled, Span, Spoke
from gateway.trying.replay import Ran, asks
from gateway.wire.lanes.places import places

_NOTES: Final = frozenset({"annotate", "log"})
_SAID: Final = {"shadow": ", in shadow", "straddled": ", though its beginning had been sent"}


@dataclass(frozen=True, slots=True)
class Binding:
    """One policy: whether it applies, and what of its binding fits or does not, each for a person."""

    policy: str
    version: int
    applies: bool
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One finding. Without a span the detector failed. `decides`: the rule had its way with it."""

    place: str
    where: str
    kind: str
    span: Span | None
    score: float
    said: str
    decides: bool


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """A rule that applies. `guarantees` by place, as far as it is enforced; `looked`: the texts that were looked at."""

    rule: str
    action: str
    mode: str
    on_error: str
    opaque: str
    min_score: float
    detectors: tuple[str, ...]
    guarantees: Mapping[str, Guarantee]
    looked: tuple[str, ...]
    found: tuple[Found, ...]
    asked: bool


@dataclass(frozen=True, slots=True)
class Over:
    """A rule that found something in the same span and did not have its way, and why."""

    rule: str
    effect: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    where: str
    span: Span
    kind: str
    rule: str
    effect: str
    over: tuple[Over, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What no rule can read, and what was said to that; `by` are the rules that refuse it."""

    what: str
    where: str
    refused: bool
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` and the rest are what the caller gets. `starts`: rules that had the exchange started over."""

    outcome: str
    by: str
    status: int
    code: str | None
    message: str
    param: str | None
    starts: tuple[str, ...]
    model_asked: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """`model_sees` is None unless it was asked for and the model was asked: path and text, `[KIND]` where a placeholder stands."""

    line: int
    id: str
    surface: str
    model: str
    key: str
    team: str | None
    tags: tuple[str, ...]
    zones: tuple[str, ...]
    outcome: Outcome
    policies: tuple[Binding, ...]
    exemptions: tuple[str, ...]
    rules: tuple[RuleSaid, ...]
    decisions: tuple[Decision, ...]
    unreadable: tuple[Unreadable, ...]
    model_sees: tuple[tuple[str, str], ...] | None


def explained(ran: Ran, policies: Mapping[str, Policy], *, show_text: bool = False) -> Explanation:
    """Positions and kinds, and no text unless `show_text`."""
    line, facts, bound = ran.line, ran.facts, ran.bound
    rules = bound.rules if bound is not None else ()
    exempted = bound.exempted if bound is not None else ()
    end = judged(ran)
    return Explanation(
        line=line.number,
        id=line.id,
        surface=line.surface,
        model=line.model,
        key=line.key,
        team=facts.team if facts is not None else line.team,
        tags=tuple(sorted(facts.tags if facts is not None else line.tags)),
        zones=tuple(sorted(facts.zones if facts is not None else line.zones)),
        outcome=Outcome(
            outcome=end.outcome,
            by=end.by,
            status=ran.status,
            code=ran.code,
            message=ran.message,
            param=ran.param,
            starts=tuple(named(one) for one in ran.starts),
            model_asked=ran.got is not None,
        ),
        policies=tuple(_binding(one, facts, ran.asked) for one in policies.values()) if facts is not None else (),
        exemptions=tuple(f"{one.name}: without {one.policy}/{one.rule}" for one in exempted),
        rules=tuple(_rule(one, ran) for one in rules),
        decisions=tuple(_decision(one, ran.heard.spoke) for one in ran.heard.settled),
        unreadable=tuple(_unreadable(ran, rules)),
        model_sees=_seen(ran) if show_text else None,
    )


def _binding(policy: Policy, facts: Facts, asked: str | None) -> Binding:
    names = {one.strip() for one in (asked or "").split(",")}
    if policy.name in names:
        return Binding(policy.name, policy.version, applies=True, why=(f"{HEADER} asks for it",))
    if policy.bind is None:
        return Binding(
            policy.name, policy.version, applies=False, why=(f"it is bound by name, and {HEADER} does not ask for it",)
        )
    fitting, failing = list[str](), list[str]()
    for key, wanted, given, fits in conditions(policy.bind, facts):
        if not fits:
            failing.append(f"{key}: wants {_or(wanted)}, here {_and(given)}")
        elif wanted and "*" not in wanted:
            fitting.append(f"{key}: wants {_or(wanted)}, here {_and(given)}")
    why = failing or fitting or ["it is bound to everything"]
    return Binding(policy.name, policy.version, applies=not failing, why=tuple(why))


def _rule(rule: BoundRule, ran: Ran) -> RuleSaid:
    heard = ran.heard
    promised = sorted(rule.places) if rule.is_enforced else ()
    return RuleSaid(
        rule=named(rule.key),
        action=rule.word,
        mode=rule.mode,
        on_error=rule.on_error,
        opaque=rule.opaque,
        min_score=rule.min_score,
        detectors=tuple(f"{one.name} ({one.kind})" if one.name != one.kind else one.kind for one in rule.finders),
        guarantees={place: rule.promises(place) for place in promised},
        looked=tuple(one.where for one in heard.looked if one.place in rule.places),
        found=tuple(_found(one, heard.settled) for one in heard.spoke if _rule_of(one) == rule.key),
        asked=not asks(rule),
    )


def _found(spoke: Spoke, settled: Sequence[Settled]) -> Found:
    verdict = spoke.verdict
    decides = any(_rule_of(one) == _rule_of(spoke) and _touch(one, spoke) for one in settled)
    return Found(verdict.place, spoke.where, verdict.kind, spoke.span, spoke.score, verdict.said, decides)


def _decision(settled: Settled, spoke: Sequence[Spoke]) -> Decision:
    rivals: dict[str, Over] = {}
    for one in spoke:
        if _rule_of(one) != _rule_of(settled) and _touch(settled, one):
            name = named(_rule_of(one))
            rivals[name] = Over(name, one.verdict.effect, _why_not(one, settled))
    verdict = settled.verdict
    return Decision(
        where=settled.where or verdict.place,
        span=settled.span,
        kind=verdict.kind,
        rule=named(_rule_of(settled)),
        effect="block" if verdict.said == "failed" else verdict.effect,
        over=tuple(rivals.values()),
    )


def _why_not(loser: Spoke, winner: Settled) -> str:
    if loser.verdict.said == "shadow":
        return "it is in shadow and changes nothing"
    if loser.verdict.effect in _NOTES:
        return f"`{loser.verdict.effect}` changes nothing"
    if STRICTNESS[loser.verdict.effect] < STRICTNESS[winner.verdict.effect]:
        return f"`{winner.verdict.effect}` is stricter than `{loser.verdict.effect}`"
    return "it is as strict, and comes later in the order of rules or in the text"


def _touch(settled: Settled, spoke: Spoke) -> bool:
    """Whether this finding is part of what was decided about."""
    if spoke.span is None:
        return settled.verdict.said == "failed" and settled.verdict.place == spoke.verdict.place
    start, end = settled.span
    return settled.where == spoke.where and spoke.span[0] < end and start < spoke.span[1]


def _rule_of(one: Spoke | Settled) -> tuple[str, str]:
    return one.verdict.policy, one.verdict.rule


def _unreadable(ran: Ran, rules: Sequence[BoundRule]) -> Iterator[Unreadable]:
    for one in ran.heard.unread:
        refusing = [
            named(rule.key)
            for rule in rules
            if rule.is_enforced and rule.opaque == "refuse" and one.place in rule.places
        ]
        yield Unreadable(one.what, one.where, one.refused, tuple(refusing) if one.refused else ())


def _seen(ran: Ran) -> tuple[tuple[str, str], ...] | None:
    if ran.got is None:
        return None
    inside = places(ran.line.surface, dict(ran.got))
    return tuple((one.path, PLACEHOLDER.sub(r"[\1]", one.text)) for one in inside.places)


def _or(wanted: Sequence[str]) -> str:
    return " or ".join(wanted)


def _and(given: Collection[str]) -> str:
    return ", ".join(sorted(one for one in given if not one.endswith("*"))) or "none"


def told(why: Explanation, place: str) -> Iterator[str]:
    """Lines for a person. `place` is the file, or where else the request came from."""
    yield f"{place}:{why.line}{f' ({why.id})' if why.id else ''}: {_ended(why.outcome)}"
    team, tags = why.team or "none", ", ".join(why.tags) or "none"
    yield f"  surface {why.surface}, model {why.model}, key {why.key or 'not said'}, team {team}, tags {tags}"
    yield f"  screened for zone {' and '.join(why.zones) or 'none: it did not come so far'}"
    yield from _told_outcome(why.outcome)
    yield "policies"
    for one in why.policies:
        yield f"  {one.policy} v{one.version} {'applies' if one.applies else 'does not apply'}: {'; '.join(one.why)}"
    yield from (f"  exemption {one}" for one in why.exemptions)
    if why.rules:
        yield "rules, strictest first"
    for rule in why.rules:
        yield from _told_rule(rule)
    if why.decisions:
        yield "decisions"
    for decision in why.decisions:
        yield f"  {decision.where} {_span(decision.span)} {decision.kind}: {decision.rule} ({decision.effect})"
        yield from (f"    over {over.rule}: {over.why}" for over in decision.over)
    if why.unreadable:
        yield "what no rule can read"
    for unread in why.unreadable:
        end = f"refused by {', '.join(unread.by)}" if unread.refused else "let pass, and recorded as unscanned"
        yield f"  {unread.what}{f' at {unread.where}' if unread.where else ' in the answer'}: {end}"
    if why.model_sees is not None:
        yield "what the model sees"
        yield from (f"  {path}: {text!r}" for path, text in why.model_sees)


def _ended(outcome: Outcome) -> str:
    return f"{outcome.outcome} by {outcome.by}" if outcome.by and outcome.outcome != "not judged" else outcome.outcome


def _told_outcome(outcome: Outcome) -> Iterator[str]:
    if outcome.starts:
        yield f"  started over by {', '.join(outcome.starts)}; what comes of that is not known here"
    elif outcome.code is not None:
        param = f", about {outcome.param}" if outcome.param else ""
        yield f"  the caller gets status {outcome.status}, {outcome.code}{param}: {outcome.message}"
    else:
        yield f"  the caller gets status {outcome.status}"
    yield f"  the model {'was asked' if outcome.model_asked else 'was not asked'}"


def _told_rule(rule: RuleSaid) -> Iterator[str]:
    yield f"  {rule.rule}: {rule.action}, {rule.mode}, finds by {', '.join(rule.detectors)}"
    promises: dict[str, list[str]] = {}
    for place, promise in rule.guarantees.items():
        promises.setdefault("looked at whole" if place in INPUT else promise, []).append(place)
    if promises:
        listed = (f"{promise} in {', '.join(where)}" for promise, where in promises.items())
        yield f"    guarantee: {'; '.join(listed)}"
    yield f"    looked at: {', '.join(rule.looked) or 'nothing: no such text came'}"
    if not rule.asked:
        yield "    asks others, who are not asked here: it found nothing, and might have"
    for one in rule.found:
        if one.span is None:
            yield f"    failed in {one.place}: on_error is {rule.on_error}"
        else:
            end = _SAID.get(one.said, "")
            way = ", decides" if one.decides else ""
            yield f"    found {one.kind} in {one.where} {_span(one.span)}, score {one.score:g}{end}{way}"


def _span(span: Span) -> str:
    return f"[{span[0]}:{span[1]}]"
