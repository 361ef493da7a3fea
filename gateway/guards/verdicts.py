"""What the rules said of one exchange: counted, and without a word of the text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Effect = Literal["block", "restart", "mask", "tokenize", "annotate", "log"]
"""What happens to a finding; `restart` stands for reask, fallback and route. In order of strictness, strictest first."""

STRICTNESS: dict[Effect, int] = {"block": 6, "restart": 5, "mask": 4, "tokenize": 3, "annotate": 2, "log": 1}

Said = Literal["enforced", "shadow", "failed"]


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

    def add(self, verdict: Verdict) -> None:
        self.counts[verdict] = self.counts.get(verdict, 0) + 1

    def join(self, others: "Verdicts") -> None:
        for verdict, count in others:
            self.counts[verdict] = self.counts.get(verdict, 0) + count

    def leave(self, what: str) -> None:
        self.unscanned[what] = self.unscanned.get(what, 0) + 1

    def __iter__(self) -> Iterator[tuple[Verdict, int]]:
        return iter(self.counts.items())
