"""Answers that the judge has confirmed for one question: below the certificate they may serve that question, and no other.

A confirmation is about what the judge saw: this question, this kept answer to that one, these words of it. It is kept for a time of its own
under a digest of all that, inside the scope. So it ends with its entry, with a purge, and with another answer to the kept
question; it holds again if the same words are kept again. Nothing leads on from it: what is served is always a neighbour that
the veto has let pass for this question, now.

**How often it is wrong.** Of would-be hits of some likeness, let the judge call a share r wrong, and let it miss a share m of those that are
wrong. It calls at least (1 - m) of those wrong, so no more than r/(1 - m) of all are, and it confirms m of them. Among those that it
confirms, a share 1 - r of all, that is at most m·r / ((1 - m)(1 - r)). So where r lies below w(1 - m) / (m + w(1 - m)), at most w of the
confirmed are wrong. For m stands the upper bound of the sample that the judge was measured on; that r lies below is shown by
the same test that certifies (`certify`), for each band of likeness by itself. Some forty reviews show it, as r may be large.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import msgspec

from gateway.cache.bounds import upper
from gateway.cache.certify import OF_THE_REVIEWER, THRESHOLDS, Certificate, Plan, Reviewer, Target, planned
from gateway.cache.store import Store

SECONDS: Final = 30 * 86_400.0
"""How long a confirmation is known."""
_MOST_CALLED_WRONG: Final = 0.3
"""However lax the target: so that a band takes more reviews than one caller may bring alone."""
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


@lru_cache(256)
def most_called_wrong(target: Target) -> float:
    """The share of would-be hits that the judge may call wrong. 0 for one that was not measured."""
    if not target.reviewer.of:
        return 0.0
    missed = upper(target.reviewer.missed, target.reviewer.of, 1 - target.alpha * OF_THE_REVIEWER)
    seen = target.wrong * (1 - missed)
    return min(_MOST_CALLED_WRONG, seen / (missed + seen))


def bands(certificate: Certificate, target: Target) -> list[float]:
    """The bands of likeness in which confirmed answers may serve, each by its lower end."""
    plan = _planned(target)
    if plan is None:
        return []
    part = plan.alpha / len(THRESHOLDS)
    return [
        threshold for threshold, tally in zip(THRESHOLDS, certificate.tallies, strict=True) if tally.refutes(plan, part)
    ]


def confirms(certificate: Certificate, similarity: float, target: Target) -> bool:
    """Whether a confirmed answer to a question so like may serve."""
    band = next((threshold for threshold in THRESHOLDS if similarity >= threshold), None)
    return band in bands(certificate, target)


@lru_cache(256)
def _planned(target: Target) -> Plan | None:
    share = most_called_wrong(target)
    return planned(Target(share, target.alpha * (1 - OF_THE_REVIEWER), Reviewer())) if share > 0 else None


def name_of(scope: bytes, of: str, asked: str, stored: str, answer: str, epochs: Mapping[str, int]) -> bytes:
    """Of one confirmation; `of`: what the certificate of its class is about. No entry has the same name."""
    said = ("confirmed", scope, of, asked, stored, answer, epochs)
    return blake2b(_encode([_bytes(one) for one in said]), digest_size=len(scope)).digest()


class Confirmed:
    """In the store. What is away is as if nobody had confirmed anything."""

    def __init__(self, store: Store) -> None:
        self.count = 0
        self._store = store

    async def holds(self, name: bytes) -> bool:
        return await self._store.get(name) is not None

    async def add(self, name: bytes, worth: float) -> None:
        """`worth`: of the answer that need not be asked for."""
        await self._store.put(name, b"\1", SECONDS, worth)
        self.count += 1

    async def drop(self, name: bytes) -> None:
        await self._store.delete(name)


def _bytes(one: object) -> object:
    return one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one
