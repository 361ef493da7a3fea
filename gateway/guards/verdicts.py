"""What the rules said of one exchange: counted, and without a word of the text.

Rules and editors tell more than is kept here: where each of them looked, which span was theirs and who won it. Who wants to know
that (`haechi policy explain`) hands in a `Verdicts` of its own that listens; here it costs a call that returns.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from gateway.guards.finding import Finding

Effect = Literal["block", "restart", "mask", "tokenize", "annotate", "log"]
"""What happens to a finding; `restart` stands for reask, fallback and route. In order of strictness, strictest first."""

STRICTNESS: dict[Effect, int] = {"block": 6, "restart": 5, "mask": 4, "tokenize": 3, "annotate": 2, "log": 1}

Said = Literal["enforced", "shadow", "straddled", "failed"]
"""`straddled`: enforced on the end of a finding, whose beginning had been sent."""


class Verdict(NamedTuple):
    """One rule's word on one place of the exchange. `kind` is the entity found, empty where the detector itself failed."""

    policy: str
    rule: str
    place: str
    kind: str
    effect: Effect
    said: Said


@dataclass(slots=True)
class Verdicts:
    """How often each verdict was given, in the order of the first. `unscanned` are places nobody could read, by what stood there.

    `carried_out` are rules, by policy and id, that have had their way with this exchange (`route`) and act no more.
    """

    counts: dict[Verdict, int] = field(default_factory=dict)
    unscanned: dict[str, int] = field(default_factory=dict)
    carried_out: set[tuple[str, str]] = field(default_factory=set)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def at(self, _place: str, _where: object, /) -> "Verdicts":
        """The same, for who looks at one text: of which place, and the path in the request, or the lane of an answer."""
        return self

    def apart(self) -> "Verdicts":
        """Empty ones, for a reading that may come to nothing; to be joined if it did not."""
        return Verdicts()

    def add(self, verdict: Verdict, _finding: Finding | None = None, /) -> None:
        """With the finding that the word is about, where it is not about a detector that failed."""
        self.counts[verdict] = self.counts.get(verdict, 0) + 1

    def settle(self, _span: tuple[int, int], _verdict: Verdict, /) -> None:
        """One rule has decided about a span, which findings of several rules may have made up."""

    def join(self, others: "Verdicts") -> None:
        for verdict, count in others:
            self.counts[verdict] = self.counts.get(verdict, 0) + count

    def leave(self, what: str, _where: str | None = None, /) -> None:
        self.unscanned[what] = self.unscanned.get(what, 0) + 1

    def refuse(self, _what: str, _role: str, _where: str | None, /) -> None:
        """The exchange ends, because nobody can read what stands there and a rule of such a place wants no such thing."""

    def __iter__(self) -> Iterator[tuple[Verdict, int]]:
        return iter(self.counts.items())
