"""The certificate of a class of traffic: at most this share of its semantic hits is wrong, with this confidence.

A class earns it by reviews of answers that would have been given, and loses it when reviews of those that are given turn bad.

* **Evidence.** Each review says wrong or not. Against the hypothesis that the share of wrong ones is at least q0, the likelihood
  ratio of any q1 < q0 is a test martingale, and so is a mixture over several q1 (Robbins, 1970; Ramdas, Grünwald, Vovk and
  Shafer, "Game-Theoretic Statistics and Safe Anytime-Valid Inference", Statistical Science 38, 2023). By Ville's inequality it ever
  exceeds 1/alpha with probability at most alpha, however often one looks.
* **Thresholds** are tried in a fixed sequence, strictest first, each with a part of alpha of its own; what is certified hands its part on
  to the next. So a class whose questions are never that like is not stuck at the first, and the chance that any threshold is
  certified wrongly is alpha all the same (the fallback procedure: Wiens, "A fixed sequence Bonferroni procedure for testing multiple
  endpoints", Pharmaceutical Statistics 2, 2003). A review counts for every threshold that it would have passed.
* **The reviewer** misses some. Of `of` pairs known to be wrong it let `missed` pass; with the upper bound m of its miss rate (Clopper
  and Pearson, 1934), a true share p shows as at least p(1 - m), so that is what is tested against.
* **Withdrawal.** A cumulative bound would carry thousands of old clean reviews against a class that has turned bad. A CUSUM
  (Page, 1954) of the opposite ratio looks at the recent past alone.
* **Complaints** are no sample: who is served well says nothing. Silence counts as right, over all answers that were given since the
  last complaint (the audits tell how many), and as there are that many more of them than audits, the alarm stands higher by
  log(1/audit): a class as good as it says loses its certificate to complaints no more often than to audits.
"""

import math
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct, field

from gateway.cache.bounds import upper

THRESHOLDS: Final = (0.95, 0.92, 0.89, 0.86, 0.83, 0.8)
"""Similarities, strictest first."""
_PARTS: Final = (0.5, 0.15, 0.15, 0.1, 0.05, 0.05)
"""Of alpha, for each of them."""
_BETTER: Final = (0.05, 0.1, 0.2, 0.3, 0.5)
"""Of what is tested against: the shares that the mixture bets on."""
_WORSE: Final = 5.0
"""Times the target: the share of wrong hits that the CUSUM is quickest to see."""
ALARM: Final = 4.0
OF_THE_REVIEWER: Final = 0.2
"""Part of alpha that is spent on the bound of the reviewer's own misses."""


class Reviewer(Struct, frozen=True):
    """How it did on pairs known to be wrong. Without a sample it counts as one that misses nothing: who claims that should know."""

    missed: int = 0
    of: int = 0


class Target(Struct, frozen=True):
    """`wrong`: the share of hits that may be. `alpha`: the chance of certifying a class that is worse."""

    wrong: float = 0.01
    alpha: float = 0.05
    reviewer: Reviewer = Reviewer()


class Plan(NamedTuple):
    """What follows from a target. `tested`: the share of wrong ones that has to be refuted, as the reviewer sees it.
    `alpha`: what may be spent on thresholds. `wrong` and `right`: what one review adds to each bet. `alarmed`
    and `calmed`: what one audit adds to the CUSUM.
    """

    tested: float
    alpha: float
    wrong: tuple[float, ...]
    right: tuple[float, ...]
    alarmed: float
    calmed: float


@lru_cache(256)
def planned(target: Target) -> Plan:
    reviewer, alpha = target.reviewer, target.alpha
    tested = target.wrong
    if reviewer.of:
        tested *= 1 - upper(reviewer.missed, reviewer.of, 1 - alpha * OF_THE_REVIEWER)
        alpha *= 1 - OF_THE_REVIEWER
    if tested <= 0:
        raise ValueError("a reviewer that may have missed everything can certify nothing")
    worse = min(0.5, tested * _WORSE)
    return Plan(
        tested,
        alpha,
        tuple(math.log(share) for share in _BETTER),
        tuple(math.log1p(-tested * share) - math.log1p(-tested) for share in _BETTER),
        math.log(worse / tested),
        math.log1p(-worse) - math.log1p(-tested),
    )


class Tally(Struct):
    """Of one threshold: reviews, and wrong ones among them."""

    reviews: int = 0
    wrong: int = 0

    def refutes(self, plan: Plan, alpha: float) -> bool:
        """Whether the mixture has ever to be that large, but with a chance of alpha."""
        needed = -math.log(alpha)
        right = self.reviews - self.wrong
        if self.wrong * plan.wrong[-1] + right * plan.right[0] < needed:  # no bet can win more
            return False
        bets = [self.wrong * one + right * other for one, other in zip(plan.wrong, plan.right, strict=True)]
        most = max(bets)
        if most < needed:  # the mixture is no more than its best
            return False
        return most + math.log(sum(math.exp(bet - most) for bet in bets) / len(bets)) >= needed


class Certificate(Struct):
    """The books of one class. `tallies`: of the reviews that pass this threshold and no stricter one. `certified`: places of
    thresholds. `audits` since then. `heard`: the CUSUM of complaints, as it stood after `heard_at` audits.
    """

    tallies: list[Tally] = field(default_factory=lambda: [Tally() for _ in THRESHOLDS])
    certified: list[int] = field(default_factory=list)
    audits: int = 0
    alarm: float = 0.0
    withdrawals: int = 0
    heard: float = 0.0
    heard_at: int = 0

    @property
    def threshold(self) -> float | None:
        """The loosest that is certified, None while none is."""
        return THRESHOLDS[max(self.certified)] if self.certified else None

    def review(self, similarity: float, *, wrong: bool, target: Target) -> bool:
        """Counts one pair; each pair is to be counted once. Whether the certificate has changed."""
        place = next((place for place, threshold in enumerate(THRESHOLDS) if similarity >= threshold), None)
        if place is None:
            return False
        tally = self.tallies[place]
        tally.reviews += 1
        tally.wrong += wrong
        plan, before, handed_on = planned(target), len(self.certified), 0.0
        passed = Tally()
        for place, part in enumerate(_PARTS):
            passed.reviews += self.tallies[place].reviews
            passed.wrong += self.tallies[place].wrong
            mine = handed_on + part * plan.alpha
            if place not in self.certified and passed.refutes(plan, mine):
                self.certified.append(place)
            handed_on = mine if place in self.certified else 0.0
        return len(self.certified) > before

    def audit(self, *, wrong: bool, target: Target) -> bool:
        """Counts the review of an answer that was given. Whether that withdraws the certificate; all evidence begins anew then."""
        self.alarm = alarmed(self.alarm, wrong=wrong, target=target)
        self.audits += 1
        if self.alarm < ALARM:
            return False
        self.withdraw()
        return True

    def complain(self, *, target: Target, audit: float) -> bool:
        """Counts an answer that was given and that somebody calls wrong, `audit` being the share of hits that is audited. Whether that
        withdraws the certificate.
        """
        plan, given = planned(target), (self.audits - self.heard_at) / audit
        self.heard = max(0.0, self.heard + plan.calmed * given) + plan.alarmed
        self.heard_at = self.audits
        if self.heard < ALARM - math.log(audit):
            return False
        self.withdraw()
        return True

    def withdraw(self) -> None:
        self.tallies = [Tally() for _ in THRESHOLDS]
        self.certified, self.audits, self.heard_at = [], 0, 0
        self.alarm = self.heard = 0.0
        self.withdrawals += 1


def alarmed(before: float, *, wrong: bool, target: Target) -> float:
    """The CUSUM after one more audit."""
    plan = planned(target)
    return max(0.0, before + (plan.alarmed if wrong else plan.calmed))


@lru_cache(256)
def reviews_needed(target: Target) -> int:
    """How many reviews without a wrong one the strictest threshold takes."""
    certificate = Certificate()
    count = 0
    while not certificate.certified:
        certificate.review(1.0, wrong=False, target=target)
        count += 1
    return count
