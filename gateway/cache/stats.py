"""How the cache of a gateway does, in figures: what `haechi cache stats` prints."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.cache.answers import Answers
from gateway.cache.books import Book, last_book, subject_of, target_of
from gateway.cache.certify import ALARM, THRESHOLDS, reviews_needed
from gateway.cache.confirmed import bands
from gateway.cache.embedder import Embedding
from gateway.cache.splits import Split, splits
from gateway.cache.store import Store
from gateway.cache.trails import REASONS
from gateway.config.cache import Cache, CacheClass

_UNCOUNTED: Final = {
    "busy": "too many reviews were under way",
    "no_verdict": "the reviewer could not be asked, or gave no verdict",
    "twice": "the pair was counted before",
    "share": "its caller has brought its share already (`one_caller`), or is suspended",
    "late": "the certificate was withdrawn meanwhile",
    "lost": "the store did not take it",
}


class Count(Struct, frozen=True):
    """Requests by what the cache did, and why."""

    status: str
    why: str
    count: int


class Tallied(Struct, frozen=True):
    """Of all reviews at or above this similarity."""

    threshold: float
    reviews: int
    wrong: int


class Standing(Struct, frozen=True, kw_only=True):
    """Of one class. `wrong`, `confidence`: what it has to show, or has shown; `needed`: reviews without a wrong one that this takes.
    `turned`: when the certificate was earned or withdrawn last, in seconds since 1970. `by`: verdicts by people's names. `alarm` withdraws the certificate when it reaches `alarmed_at`. `suspended`: callers whose audits alone did.
    `confirming`: the bands of likeness, by their lower ends, in which answers serve that the judge has confirmed.
    """

    serve: str
    state: str
    threshold: float | None = None
    reviews: list[Tallied] = []
    audits: int = 0
    alarm: float = 0.0
    alarmed_at: float = ALARM
    withdrawals: int = 0
    suspended: int = 0
    complaints: int = 0
    confirming: list[float] = []
    reviewer: str = "agreement"
    wrong: float = 0.0
    confidence: float = 0.0
    needed: int = 0
    turned: float | None = None
    by: dict[str, int] = {}


class Stats(Struct, frozen=True, kw_only=True):
    """`requests`, `answers` and `splits` are of one process; None where only the store was asked. `last`: of how many requests
    `splits` tells. `slotted`: requests by what the cache did, in which ordinals stood for values. `uncounted`: reviews, audits and
    complaints that count for nothing, by why. `unplaced`: answers kept without a vector of their question.
    `waiting`: pairs that people are to review. `confirmed`: answers, by the judge. `under_way`: calls that equal requests may share.
    """

    backend: str
    held: dict[str, int]
    semantic: bool
    classes: dict[str, Standing]
    requests: list[Count] | None = None
    answers: dict[str, int] | None = None
    slotted: dict[str, int] | None = None
    splits: list[Split] | None = None
    last: int | None = None
    uncounted: dict[str, int] | None = None
    confirmed: int | None = None
    embedder: Embedding | None = None
    unplaced: int | None = None
    under_way: int | None = None
    waiting: int | None = None


async def stats_of(answers: Answers) -> Stats:
    """Of a gateway that runs."""
    trails = answers.trails
    by = "" if answers.semantic is None else answers.semantic.embedding().id
    alone = await stats_of_store(answers.settings, answers.store, by)
    return Stats(
        backend=alone.backend,
        held=alone.held,
        semantic=answers.semantic is not None,
        classes=alone.classes,
        requests=[Count(status, why, count) for (status, why), count in trails.looked.most_common() if count],
        answers=dict(trails.kept.most_common()),
        slotted=dict(trails.slotted.most_common()),
        splits=await asyncio.to_thread(splits, trails.all()),  # some 50 ms for a thousand
        last=len(trails.all()),
        confirmed=None if answers.semantic is None else answers.semantic.confirmed.count,
        uncounted=None if answers.semantic is None else dict(answers.semantic.uncounted),
        embedder=None if answers.semantic is None else answers.semantic.embedding(),
        unplaced=0 if answers.semantic is None else answers.semantic.unplaced,
        under_way=len(answers.flights),
        waiting=None if answers.waiting is None else len(answers.waiting),
    )


async def stats_of_store(settings: Cache, store: Store, embedder: str = "") -> Stats:
    """Of what replicas share. Without the id of the embedder nobody can tell whether a certificate is about the class as declared now."""
    declared = {} if settings.semantic is None else settings.semantic.classes
    return Stats(
        backend=settings.backend,
        held=await store.figures(),
        semantic=bool(declared) and store.semantic,
        classes={name: _standing(one, await last_book(store, name), embedder) for name, one in declared.items()},
    )


def _standing(declared: CacheClass, book: Book | None, embedder: str) -> Standing:
    target = target_of(declared)
    told = Standing(
        serve=declared.serve,
        state="shadow",
        reviewer=declared.reviewer,
        wrong=declared.wrong,
        confidence=declared.confidence,
        needed=reviews_needed(target),
    )
    if book is None or (embedder and book.of != subject_of(declared, embedder)):
        return told
    one = book.certificate
    counted, wrong, tallied = 0, 0, []
    for threshold, tally in zip(THRESHOLDS, one.tallies, strict=False):
        counted, wrong = counted + tally.reviews, wrong + tally.wrong
        tallied.append(Tallied(threshold, counted, wrong))
    return replace(
        told,
        state="certified" if one.threshold is not None else "withdrawn" if one.withdrawals else "shadow",
        threshold=one.threshold,
        reviews=tallied if counted else [],
        audits=one.audits,
        alarm=one.alarm,
        withdrawals=one.withdrawals,
        suspended=len(book.suspended),
        complaints=sum(book.complaints.values()),
        confirming=bands(one, target) if declared.promote else [],
        turned=book.turned,
        by=book.by,
    )


def told(stats: Stats) -> Iterator[str]:
    """For a person, line by line."""
    held = ", ".join(f"{count:,} {name}" for name, count in stats.held.items()) or "the store is away"
    yield f"store: {stats.backend}: {held}"
    if stats.requests is None:
        yield "requests: only a running gateway counts them (--url)"
    else:
        yield f"requests: {sum(one.count for one in stats.requests):,}"
        for one in stats.requests:
            yield f"  {one.count:>9,}  {one.status}{f': {REASONS.get(one.why, one.why)}' if one.why else ''}"
    if stats.under_way:
        yield f"calls under way that equal requests may share: {stats.under_way:,}"
    for name, count in (stats.answers or {}).items():
        yield f"answers: {count:,}: {REASONS.get(name, name)}"
    if stats.slotted:
        counts = ", ".join(f"{count:,} {status}" for status, count in stats.slotted.items())
        yield f"requests with ordinals for values (`value_independent`): {counts}"
    yield from _told_of_classes(stats)
    if stats.splits is not None:
        yield f"what splits the scopes, of the last {stats.last:,} requests:"
        for split in stats.splits:
            hint = f" ({split.hint})" if split.hint else ""
            yield f"  {split.part} differs in {split.share:.0%} of {split.alike:,} requests that are otherwise equal{hint}"
        if not stats.splits:
            yield "  nothing"


def _told_of_classes(stats: Stats) -> Iterator[str]:
    if not stats.classes:
        yield "semantic: off; `cache.semantic.classes` declares where like questions may share an answer"
        return
    if not stats.semantic:
        yield "semantic: off: the Redis of the cache has no vector sets (they came with Redis 8.0)"
    for name, one in stats.classes.items():
        yield from _told_of_class(name, one)
    if stats.confirmed:
        yield f"answers that the judge has confirmed for another question: {stats.confirmed:,}"
    if stats.waiting:
        yield f"pairs of answers that wait for people: {stats.waiting:,}"
    if (by := stats.embedder) is not None:
        yield f"embedder {by.id or '(not known yet)'}: {by.state}"
        yield f"  {by.made:,} vectors made, {by.recalled:,} recalled, {by.remembered:,} remembered; {by.late:,} late, {by.failed:,} failed"
    if stats.unplaced:
        yield f"answers kept without a vector of their question: {stats.unplaced:,}"
    for why, count in (stats.uncounted or {}).items():
        yield f"not counted: {count:,}: {_UNCOUNTED.get(why, why)}"


def _told_of_class(name: str, one: Standing) -> Iterator[str]:
    serving = f", from similarity {one.threshold:.2f}" if one.threshold is not None else ""
    shadowed = " (declared `serve: shadow`)" if one.serve == "shadow" else ""
    yield f"class {name}: {one.state}{serving}{shadowed}"
    yield f"  audits {one.audits:,}, alarm {one.alarm:.1f} of {one.alarmed_at:.1f}, withdrawals {one.withdrawals}"
    if one.turned is not None:
        yield f"  last turned {datetime.fromtimestamp(one.turned, UTC):%Y-%m-%d %H:%M} UTC"
    if one.by:
        yield f"  reviewed by {', '.join(f'{name} ({count:,})' for name, count in one.by.items())}"
    if one.suspended:
        yield f"  suspended callers: {one.suspended:,}"
    if one.complaints:
        yield f"  complaints: {one.complaints:,}"
    if one.confirming:
        yield f"  answers that the judge has confirmed serve in the bands from {', '.join(f'{band:.2f}' for band in one.confirming)}"
    for tallied in one.reviews:
        yield f"  at {tallied.threshold:.2f}: {tallied.reviews:,} reviews, {tallied.wrong:,} wrong"
