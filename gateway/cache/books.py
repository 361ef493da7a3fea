"""What is known of each class: its certificate, and what has been counted in it. Kept in the store, shared by all replicas."""

import asyncio
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec

from gateway.cache.certify import ALARM, Certificate, Reviewer, Target, alarmed, reviews_needed
from gateway.cache.confirmed import bands, confirms
from gateway.cache.store import Store
from gateway.cache.swapping import changed
from gateway.config.cache import CacheClass

_N = TypeVar("_N", int, float)
_FRESH_SECONDS: Final = 2.0
_MOST_SEEN: Final = 1_000
_MOST_PAIRS: Final = 5_000
_MOST_AUDITED: Final = 1_000
_PAIR_BYTES: Final = 8
"""Of a digest: a book is read every two seconds, and these are most of it."""
_MOST_CALLERS: Final = 2_000
_FREE_REVIEWS: Final = 10
"""Of one caller, before its share is looked at."""
_TURNS: Final = frozenset({"certified", "withdrawn"})
UNCOUNTED: Final = frozenset({"twice", "share", "late", "lost"})
"""What may become of a finding that counts for nothing; `lost`: the store did not take it."""


How = Literal["review", "audit", "complaint"]


class Finding(NamedTuple):
    """What somebody found about one pair. `review`: of an answer that would have been given; `audit`: of one that might have been, drawn
    from those; `complaint`: of one that was. `caller`: whose request it was. `by`: the person who found it, if it was one.
    """

    pair: bytes
    caller: str
    similarity: float
    wrong: bool
    how: How
    by: str = ""


class Book(msgspec.Struct, kw_only=True):
    """Of one class. `pairs` and `audited`: digests of those counted, the last ones. `callers`: reviews by digest of who caused them.

    `alarms`: the CUSUM of each caller alone, where there is one. `suspended`: callers that get no answers to like questions until the
    evidence begins anew. `complaints`: by digest of who made them. `of`: what the certificate is about (`subject_of`).
    `by`: verdicts by the names of people, also those of evidence that is gone. `turned`: when the certificate was earned or withdrawn
    last, in seconds since 1970.
    """

    certificate: Certificate = msgspec.field(default_factory=Certificate)
    pairs: list[str] = []
    audited: list[str] = []
    callers: dict[str, int] = {}
    reviews: int = 0
    alarms: dict[str, float] = {}
    suspended: list[str] = []
    complaints: dict[str, int] = {}
    of: str = ""
    by: dict[str, int] = {}
    turned: float | None = None

    def count(self, found: Finding, one: CacheClass) -> str:
        """What became of it: `counted`, `twice`, `share` where its caller has brought its share, `late` where nothing is given any more, or
        what became of the certificate: `certified`, `withdrawn`, `suspended` for this caller alone.
        """
        who, before = _digest(found.caller), self.certificate.withdrawals
        said = {"review": self._review, "audit": self._audit, "complaint": self._complain}[found.how](found, one, who)
        if found.by and said not in UNCOUNTED:
            _put(self.by, found.by, self.by.get(found.by, 0) + 1)
        if (
            self.certificate.withdrawals == before and len(self.suspended) * one.one_caller >= 1
        ):  # those are not one alone
            self.certificate.withdraw()
        if self.certificate.withdrawals == before:
            return said
        self.pairs, self.audited, self.callers, self.reviews = [], [], {}, 0
        self.alarms, self.suspended, self.complaints = {}, [], {}
        return "withdrawn"

    def _review(self, found: Finding, one: CacheClass, who: str) -> str:
        shown = _shown(found.pair)
        if shown in self.pairs:
            return "twice"
        own, free = self.callers.get(who, 0) + 1, min(_FREE_REVIEWS, reviews_needed(target_of(one)) - 1)
        if who in self.suspended or (one.one_caller < 1 and own > max(free, one.one_caller * self.reviews + 1)):
            return "share"
        self.pairs = [*self.pairs[-_MOST_PAIRS + 1 :], shown]
        self.reviews += 1
        _put(self.callers, who, own)
        certified = self.certificate.review(found.similarity, wrong=found.wrong, target=target_of(one))
        return "certified" if certified else "counted"

    def _audit(self, found: Finding, one: CacheClass, who: str) -> str:
        """A caller whose audits alone would be an alarm loses what the class has, and the others keep it."""
        shown, target = _shown(found.pair), target_of(one)
        if shown in self.audited:
            return "twice"
        if who in self.suspended:
            return "share"
        if not self._gives(one):
            return "late"
        self.audited = [*self.audited[-_MOST_AUDITED + 1 :], shown]
        earlier = self.alarms.pop(who, 0.0)
        own = alarmed(earlier, wrong=found.wrong, target=target)
        if one.one_caller < 1 and own >= ALARM:
            self.suspended.append(who)
            self.certificate.alarm = max(0.0, self.certificate.alarm - earlier)
            return "suspended"
        if own > 0:
            _put(self.alarms, who, own)
        self.certificate.audit(wrong=found.wrong, target=target)
        return "counted"

    def _complain(self, _: Finding, one: CacheClass, who: str) -> str:
        if not self._gives(one):
            return "late"
        own = self.complaints.get(who, 0) + 1
        if one.one_caller < 1 and own > max(1, one.one_caller * (sum(self.complaints.values()) + 1)):
            return "share"
        _put(self.complaints, who, own)
        self.certificate.complain(target=target_of(one), audit=one.audit)
        return "counted"

    def _gives(self, one: CacheClass) -> bool:
        """Whether answers to like questions are given at all now."""
        certificate = self.certificate
        return bool(certificate.certified or (one.promote and bands(certificate, target_of(one))))


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Book)


def target_of(one: CacheClass) -> Target:
    return Target(one.wrong, round(1 - one.confidence, 9), Reviewer(one.reviewer_missed, one.reviewer_of))


def subject_of(one: CacheClass, embedder: str) -> str:
    """What a certificate is about: another class, though it has the same name, has to earn its own. One for all its models."""
    said = (
        one.models,
        one.teams,
        one.tags,
        one.wrong,
        one.confidence,
        one.temperature,
        one.volatile,
        one.reviewer,
        one.judge,
        one.reviewer_missed,
        one.reviewer_of,
    )
    return blake2b(_encode((said, embedder)), digest_size=12).hexdigest()


class Books:
    """`clock` in seconds, `wall` in seconds since 1970. What a class is certified for is read again every two seconds, as another replica may have changed it.

    A class whose declaration changes begins anew: `of` tells them apart (`subject_of`).
    """

    def __init__(self, store: Store, clock: Callable[[], float], wall: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._wall = wall
        self._seen: dict[tuple[str, str], tuple[float, Book]] = {}
        self._turn = asyncio.Lock()

    async def threshold(self, name: str, of: str, caller: str = "") -> float | None:
        """The loosest similarity that is certified, for this caller."""
        book = await self.lately(name, of)
        return None if book is None or _digest(caller) in book.suspended else book.certificate.threshold

    async def confirms(self, name: str, one: CacheClass, of: str, similarity: float, caller: str) -> bool:
        """Whether what the judge has confirmed may serve a question so like, for this caller."""
        book = await self.lately(name, of)
        if book is None or _digest(caller) in book.suspended:
            return False
        return confirms(book.certificate, similarity, target_of(one))

    async def has_counted(self, name: str, of: str, pair: bytes) -> bool:
        """Whether another review of this pair would count for nothing."""
        book = await self.lately(name, of)
        return book is not None and _shown(pair) in book.pairs

    async def lately(self, name: str, of: str) -> Book | None:
        """The book as it was two seconds ago or later, to be read alone. None where nobody can tell."""
        now = self._clock()
        seen = self._seen.get((name, of))
        if seen is None or seen[0] <= now:
            read = await self._read(name, of)
            if read is None:
                return None
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            seen = self._seen[name, of] = (now + _FRESH_SECONDS, read)
        return seen[1]

    async def book(self, name: str, of: str) -> Book:
        return await self._read(name, of) or Book(of=of)

    async def count(self, name: str, one: CacheClass, of: str, found: Finding) -> str:
        """What `Book.count` says of it, or `lost`. In this process one counts after the other, so only replicas come between."""

        def counted(stored: bytes | None) -> tuple[bytes | None, str]:
            book = _about(of, stored)
            said = book.count(found, one)
            if said in _TURNS:
                book.turned = self._wall()
            return None if said in UNCOUNTED else _encode(book), said

        async with self._turn:
            said = await changed(self._store, _name(name), counted)
        if said is None:
            return "lost"
        if said not in UNCOUNTED:
            self._seen.pop((name, of), None)
        return said

    async def _read(self, name: str, of: str) -> Book | None:
        """None where nobody can tell."""
        found = await self._store.load_all((_name(name),))
        return None if found is None else _about(of, found[0])


async def last_book(store: Store, name: str) -> Book | None:
    """What stands there, whatever it is about. None where nothing was counted yet, or nobody can tell."""
    return _decoded(await store.load(_name(name)))


def _about(of: str, stored: bytes | None) -> Book:
    """A new one where that is about something else."""
    book = _decoded(stored)
    return Book(of=of) if book is None or book.of != of else book


def _decoded(stored: bytes | None) -> Book | None:
    try:
        return None if stored is None else _decoder.decode(stored)
    except msgspec.ValidationError:  # of another release
        return None


def _put(counts: dict[str, _N], who: str, count: _N) -> None:
    """Whoever was not heard of for the longest time leaves first."""
    counts.pop(who, None)
    counts[who] = count
    if len(counts) > _MOST_CALLERS:
        counts.pop(next(iter(counts)))


def _shown(pair: bytes) -> str:
    return pair[:_PAIR_BYTES].hex()


def _name(name: str) -> str:
    return f"class:{name}"


def _digest(caller: str) -> str:
    return blake2b(caller.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
