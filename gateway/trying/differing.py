"""What became of requests under two sets of policies, line by line, and what of it differs. Pure; no text, only kinds and counts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from gateway.guards.verdicts import STRICTNESS, Verdict
from gateway.policy.diff import Change
from gateway.policy.rule import Policy
from gateway.trying.replay import Ran

Outcome = Literal["passes", "started over", "blocked", "not judged"]
Way = Literal["looser", "stricter", "mixed", "same"]
Named = tuple[str, str]
"""A rule, by policy and id."""

_SEVERITY: Final[dict[Outcome, int]] = {"passes": 0, "started over": 1, "blocked": 2}
_HIDES: Final = frozenset({"mask", "tokenize"})


@dataclass(frozen=True, slots=True)
class Judged:
    """Of one request under one set. `by`: the rule that decided, or what nobody can read; of one that was not judged, the code of
    the error. `counts`: how often each verdict was given. What was let pass unread makes no difference.
    """

    outcome: Outcome
    by: str
    counts: Mapping[Verdict, int]
    unread: Mapping[str, int] = field(compare=False)

    def __str__(self) -> str:
        by = {"blocked": " by ", "started over": " by ", "not judged": ": "}.get(self.outcome, "")
        return f"{self.outcome}{by}{self.by}" if self.by else self.outcome


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What one rule said of one kind in one place, before and after, as `tokenize 2`, `block 1 (shadow)` or `nothing`."""

    policy: str
    rule: str
    place: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LineChange:
    line: int
    id: str
    way: Way
    before: Judged
    after: Judged
    rules: tuple[RuleChange, ...]


@dataclass(slots=True)
class Diff:
    """All of it: what is written, and what it does. Fills as lines are judged; `never_fired` are rules of the set after."""

    static: Sequence[Change] = ()
    judged: int = 0
    changed: list[LineChange] = field(default_factory=list)
    not_judged: Counter[str] = field(default_factory=Counter)
    not_asked: Counter[str] = field(default_factory=Counter)
    lines_not_asked: int = 0
    fired: set[Named] = field(default_factory=set)
    never_fired: Sequence[str] = ()
    seconds: float = 0.0

    def take(self, before: Ran, after: Ran) -> None:
        """One line under both sets."""
        was, now = judged(before), judged(after)
        self.fired |= {(one.policy, one.rule) for one in now.counts}
        if unasked := {*before.unasked, *after.unasked}:
            self.lines_not_asked += 1
            self.not_asked.update(named(one) for one in sorted(unasked))
        if was.outcome == now.outcome == "not judged":
            self.not_judged[now.by] += 1
            return
        self.judged += 1
        if was != now:
            rules = tuple(_rule_changes(was, now))
            self.changed.append(LineChange(before.line.number, before.line.id, _way(was, now), was, now, rules))

    def end(self, after: Mapping[str, Policy]) -> None:
        """All lines have been taken."""
        there = {rule.key for one in after.values() for rule in one.rules if rule.mode != "off"}
        self.never_fired = [named(one) for one in sorted(there - self.fired)] if self.tried else []

    @property
    def tried(self) -> int:
        return self.judged + self.not_judged.total()

    @property
    def totals(self) -> dict[str, int]:
        """How many lines came to another end, and how many only on another way."""
        ends = Counter(_end(one.before.outcome, one.after.outcome) for one in self.changed)
        return {word: ends[word] for word in _ENDS}

    @property
    def by_rule(self) -> dict[str, int]:
        """In how many lines each rule says something else."""
        rules = Counter(one for line in self.changed for one in {(rule.policy, rule.rule) for rule in line.rules})
        return {named(one): count for one, count in sorted(rules.items())}

    def is_looser(self) -> bool:
        """In what is written or in what it does to a line; also where something else is stricter."""
        ways = {*(one.way for one in self.static), *(one.way for one in self.changed)}
        return not ways.isdisjoint(("looser", "mixed"))

    def is_any(self) -> bool:
        return bool(self.static or self.changed)


def judged(ran: Ran) -> Judged:
    """What became of it, from what the gateway said and the rules told."""
    heard = ran.heard
    outcome: Outcome = "passes"
    by = ""
    if ran.starts:
        outcome, by = "started over", named(ran.starts[0])
    elif ran.code == "policy_blocked":
        outcome, by = "blocked", _blocking(ran)
    elif ran.code is not None:
        outcome, by = "not judged", ran.code
    elif ran.status != 200:
        outcome, by = "not judged", f"status {ran.status}"
    return Judged(outcome, by, dict(heard.counts), dict(Counter(one.what for one in heard.unread)))


def named(rule: Named) -> str:
    return "/".join(rule)


def _blocking(ran: Ran) -> str:
    refused = next((one for one in ran.heard.unread if one.refused), None)
    if refused is not None:
        return f"what cannot be read ({refused.what})"
    for one in reversed(ran.heard.settled):
        if one.verdict.effect in ("block", "restart") or one.verdict.said == "failed":
            return named((one.verdict.policy, one.verdict.rule))
    return ""


def _rule_changes(was: Judged, now: Judged) -> Iterator[RuleChange]:
    old, new = _by_what(was.counts), _by_what(now.counts)
    for what in sorted(old.keys() | new.keys()):
        before, after = old.get(what, "nothing"), new.get(what, "nothing")
        if before != after:
            yield RuleChange(*what, before, after)


def _by_what(counts: Mapping[Verdict, int]) -> dict[tuple[str, str, str, str], str]:
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for one, count in counts.items():
        told = f"{one.effect} {count}" if one.said == "enforced" else f"{one.effect} {count} ({one.said})"
        found.setdefault((one.policy, one.rule, one.place, one.kind), []).append(told)
    return {what: ", ".join(sorted(told)) for what, told in found.items()}


def _way(was: Judged, now: Judged) -> Way:
    """By the end it came to; where that is the same, by what became of each kind in each place."""
    if was.outcome not in _SEVERITY or now.outcome not in _SEVERITY:
        return "mixed"
    if was.outcome != now.outcome:
        return "looser" if _SEVERITY[now.outcome] < _SEVERITY[was.outcome] else "stricter"
    if was.outcome != "passes":
        return "same"
    old, new = _strength(was.counts), _strength(now.counts)
    less = any(new.get(what, (0, 0)) < strength for what, strength in old.items())
    more = any(old.get(what, (0, 0)) < strength for what, strength in new.items())
    return "mixed" if less and more else "looser" if less else "stricter" if more else "same"


def _strength(counts: Mapping[Verdict, int]) -> dict[tuple[str, str], tuple[int, int]]:
    """By place and kind: the strictest that was done, and how many values were hidden."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for one, count in counts.items():
        if one.said not in ("shadow", "failed"):
            strictest, hidden = found.get((one.place, one.kind), (0, 0))
            hides = count if one.effect in _HIDES else 0
            found[one.place, one.kind] = max(strictest, STRICTNESS[one.effect]), max(hidden, hides)
    return found


_ENDS: Final = ("newly blocked", "no longer blocked", "newly started over", "no longer started over", "otherwise")


def _end(was: Outcome, now: Outcome) -> str:
    """The stricter of the two ends says what it is about."""
    if was == now or "not judged" in (was, now):
        return "otherwise"
    word = max(was, now, key=lambda one: _SEVERITY[one])
    return f"newly {word}" if word == now else f"no longer {word}"


def told(diff: Diff, file: str) -> Iterator[str]:
    """Lines for a person."""
    yield "what is written" if diff.static else "what is written does not differ"
    yield from (f"  {_padded(one.way)}{_changed(one)}" for one in diff.static)
    if diff.changed:
        yield "what it does"
        for line in diff.changed:
            yield f"  {_padded(line.way)}{_place(file, line.line, line.id)}: {_from_to(line)}"
            for rule in line.rules:
                about = f"{rule.kind} " if rule.kind else ""
                yield f"            {rule.policy}/{rule.rule} in {rule.place}: {about}{rule.before} -> {rule.after}"
    if not diff.tried:
        return
    ends = [f"{count} {word}" for word, count in diff.totals.items() if count]
    yield f"{diff.judged} requests judged, {len(diff.changed)} changed{f': {_listed(ends)}' if ends else ''}"
    if by_rule := diff.by_rule:
        yield f"by rule: {_listed(f'{rule} {count}' for rule, count in by_rule.items())}"
    if diff.never_fired:
        yield f"never found anything, after: {_listed(diff.never_fired)}"
    if diff.not_judged:
        codes = _listed(f"{code} {count}" for code, count in sorted(diff.not_judged.items()))
        yield f"{diff.not_judged.total()} not judged, since the gateway answers with an error: {codes}"
    if diff.lines_not_asked:
        yield (
            f"{diff.lines_not_asked} with rules that ask others, which were not asked and so found nothing: "
            f"{_listed(f'{rule} {count}' for rule, count in sorted(diff.not_asked.items()))}"
        )
    if diff.seconds:
        yield f"{diff.tried / diff.seconds:,.0f} requests per second, each under both"


def as_data(diff: Diff) -> dict[str, object]:
    """The same for machines."""
    return {
        "static": diff.static,
        "judged": diff.judged,
        "changed": [
            {
                "line": one.line,
                "id": one.id,
                "way": one.way,
                "before": {"outcome": one.before.outcome, "by": one.before.by, "unread": one.before.unread},
                "after": {"outcome": one.after.outcome, "by": one.after.by, "unread": one.after.unread},
                "rules": one.rules,
            }
            for one in diff.changed
        ],
        "totals": diff.totals,
        "by_rule": diff.by_rule,
        "never_fired": diff.never_fired,
        "not_judged": dict(diff.not_judged),
        "not_asked": {"lines": diff.lines_not_asked, "rules": dict(diff.not_asked)},
    }


def _from_to(line: LineChange) -> str:
    if str(line.before) != str(line.after):
        return f"{line.before} -> {line.after}"
    return f"{line.after} as before"


def _changed(one: Change) -> str:
    name = f"rule {one.policy}/{one.rule}" if one.rule else f"policy {one.policy}"
    if one.what == "changed":
        return f"{name}: {'; '.join(one.details)}"
    return f"{name} {one.what}{f': {one.details[0]}' if one.details else ''}"


def _place(file: str, line: int, id_: str) -> str:
    return f"{file}:{line} ({id_})" if id_ else f"{file}:{line}"


def _padded(way: str) -> str:
    return f"{'' if way == 'same' else way:10}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
