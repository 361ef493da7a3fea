"""Verdicts that remember where: what each rule looked at, which span it spoke of, and who decided. Positions, never a text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.guards.check import Check
from gateway.guards.finding import Finding
from gateway.guards.verdicts import Verdict, Verdicts
from gateway.policy.behind import Behind
from gateway.policy.bind import Bound, Facts
from gateway.policy.guarding import Guarding, Guards, Subject
from gateway.wire.lanes.lane import Lane

Span = tuple[int, int]
"""In characters of the text as rules see it. Of an answer: of the whole lane, however it came."""


class Looked(NamedTuple):
    """Rules of a place looked at a text. `where` is its path in the request, or which lane of the answer it is."""

    place: str
    where: str


class Spoke(NamedTuple):
    """One rule's word on one finding; without a span where the detector failed."""

    where: str
    verdict: Verdict
    span: Span | None
    score: float


class Settled(NamedTuple):
    """The rule that had its way with a span."""

    where: str
    verdict: Verdict
    span: Span


class Unread(NamedTuple):
    """What no rule can read; `place` is known where it was refused, `where` is empty where it came in an answer."""

    what: str
    place: str
    where: str
    refused: bool


@dataclass(slots=True)
class Heard(Verdicts):
    """Of one exchange. What is heard `at` a text goes where all of it goes."""

    looked: dict[Looked, None] = field(default_factory=dict)
    spoke: list[Spoke] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    where: str = ""

    def at(self, place: str, where: object, /) -> "Heard":
        spelled = spelled_lane(where) if isinstance(where, Lane) else str(where)
        self.looked[Looked(place, spelled)] = None
        return Heard(
            self.counts, self.unscanned, self.carried_out, self.looked, self.spoke, self.settled, self.unread, spelled
        )

    def apart(self) -> "Heard":
        return Heard()

    def add(self, verdict: Verdict, finding: Finding | None = None, /) -> None:
        Verdicts.add(self, verdict)
        span = None if finding is None else (finding.start, finding.end)
        self.spoke.append(Spoke(self.where, verdict, span, 0.0 if finding is None else finding.score))

    def settle(self, span: Span, verdict: Verdict, /) -> None:
        self.settled.append(Settled(self.where, verdict, span))

    def join(self, others: Verdicts) -> None:
        Verdicts.join(self, others)
        if isinstance(others, Heard):
            self.looked |= others.looked
            self.spoke += others.spoke
            self.settled += others.settled
            self.unread += others.unread

    def leave(self, what: str, where: str | None = None, /) -> None:
        Verdicts.leave(self, what)
        self.unread.append(Unread(what, "", where or "", refused=False))

    def refuse(self, what: str, place: str, where: str | None, /) -> None:
        self.unread.append(Unread(what, place, where or "", refused=True))


class Listening(Guards):
    """Guards of which one hears everything, of one exchange at a time. `checks` are put in the place of those with their digest.

    An exchange that a rule has started over goes on without rules: what another model would say, nobody knows.
    """

    def __init__(self, guards: Guards, checks: Mapping[str, Check]) -> None:
        super().__init__(guards.binder, guards.keys, {**guards.checks, **checks})
        self.facts: Facts | None = None
        self.asked: str | None = None
        self.bound: Bound | None = None
        self.heard = Heard()

    def forget(self) -> None:
        """Another exchange begins."""
        self.facts = self.asked = self.bound = None
        self.heard = Heard()

    def over(self, facts: Facts, asked: str | None, subject: Subject, behind: Behind | None = None) -> Guarding | None:
        if self.facts is not None:
            return None
        self.facts, self.asked = facts, asked
        guarding = super().over(facts, asked, subject, behind)
        self.bound = self.binder.bound(facts, self.binder.asked_for(asked))
        if guarding is not None:
            guarding.verdicts = self.heard
        return guarding


def spelled_lane(lane: Lane) -> str:
    """`choice 0`, `choice 0, call 1`, `choice 0, url`. The name of a tool is the model's word and is not shown."""
    if lane.tool is None:
        return f"choice {lane.choice}"
    return f"choice {lane.choice}, {f'call {lane.tool}' if isinstance(lane.tool, int) else lane.tool}"
