"""What is known of each class: its certificate, and what has been counted in it. Kept in the store, shared by all replicas."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import msgspec

from gateway.cache.certify import Certificate, Reviewer, Target
from gateway.cache.store import Store
from gateway.config.cache import CacheClass

_TRIES: Final = 8
_FRESH_SECONDS: Final = 2.0
_MOST_SEEN: Final = 1_000
_MOST_PAIRS: Final = 5_000
_MOST_CALLERS: Final = 2_000
_FREE_REVIEWS: Final = 10
"""Of one caller, before its share is looked at."""


class Book(msgspec.Struct, kw_only=True):
    """Of one class. `pairs`: digests of those counted, the last ones. `callers`: reviews by digest of who caused them.

    `of`: what the certificate is about (`subject_of`).
    """

    certificate: Certificate = msgspec.field(default_factory=Certificate)
    pairs: list[str] = []
    callers: dict[str, int] = {}
    reviews: int = 0
    of: str = ""


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
    )
    return blake2b(_encode((said, embedder)), digest_size=12).hexdigest()


class Books:
    """`clock` in seconds. What a class is certified for is read again every two seconds, as another replica may have changed it.

    A class whose declaration changes begins anew: `of` tells them apart (`subject_of`).
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[tuple[str, str], tuple[float, float | None]] = {}

    async def threshold(self, name: str, of: str) -> float | None:
        """The loosest similarity that is certified."""
        now = self._clock()
        seen = self._seen.get((name, of))
        if seen is None or seen[0] <= now:
            book, _ = await self._read(name, of)
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            seen = self._seen[name, of] = (now + _FRESH_SECONDS, book.certificate.threshold)
        return seen[1]

    async def book(self, name: str, of: str) -> Book:
        return (await self._read(name, of))[0]

    async def count(
        self,
        name: str,
        one: CacheClass,
        of: str,
        *,
        pair: bytes,
        caller: str,
        similarity: float,
        wrong: bool,
        audit: bool,
    ) -> str | None:
        """Counts one review, each pair once. Tells what became of the certificate: `certified`, `withdrawn` or None."""
        target = target_of(one)
        shown, who = pair.hex(), _digest(caller)
        for _ in range(_TRIES):
            book, before = await self._read(name, of)
            if shown in book.pairs or not _may_count(book, who, one.one_caller):
                return None
            book.pairs = [*book.pairs[-_MOST_PAIRS + 1 :], shown]
            book.callers[who] = book.callers.get(who, 0) + 1
            book.reviews += 1
            if len(book.callers) > _MOST_CALLERS:
                book.callers.pop(next(iter(book.callers)))
            changed = None
            if audit:
                if book.certificate.audit(wrong=wrong, target=target):
                    changed = "withdrawn"
                    book.callers, book.reviews = {}, 0
            elif book.certificate.review(similarity, wrong=wrong, target=target):
                changed = "certified"
            if await self._store.save(_name(name), _encode(book), before):
                self._seen.pop((name, of), None)
                return changed
        return None

    async def _read(self, name: str, of: str) -> tuple[Book, bytes | None]:
        stored = await self._store.load(_name(name))
        if stored is not None:
            try:
                book = _decoder.decode(stored)
            except msgspec.ValidationError:  # of another release
                book = Book(of=of)
            if book.of == of:
                return book, stored
        return Book(of=of), stored


async def last_book(store: Store, name: str) -> Book | None:
    """What stands there, whatever it is about. None where nothing was counted yet, or nobody can tell."""
    stored = await store.load(_name(name))
    try:
        return None if stored is None else _decoder.decode(stored)
    except msgspec.ValidationError:  # of another release
        return None


def _may_count(book: Book, who: str, share: float) -> bool:
    """Nobody moves a class alone."""
    own = book.callers.get(who, 0) + 1
    return share >= 1 or own <= max(_FREE_REVIEWS, share * (book.reviews + 1))


def _name(name: str) -> str:
    return f"class:{name}"


def _digest(caller: str) -> str:
    return blake2b(caller.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
