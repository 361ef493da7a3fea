"""A trail in sentences: what `haechi cache explain` prints."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from gateway.cache.trails import REASONS, Neighbour, Trail

_STATUS: Final = {
    "hit": "answered from the cache: an equal request was answered before",
    "semantic": "answered from the cache: a like question was answered before",
    "shadow": "answered by the model; a like question was answered before, and the two answers are compared",
    "miss": "answered by the model",
    "bypass": "answered by the model, past the cache",
    "none": "the cache has no part in it",
}
_WENT: Final = {
    "unlike": "not like enough for any threshold",
    "gone": "its answer has left the cache",
    "old": "its answer is too old, or was purged",
    "veto": "means something else",
    "complaints": "was a wrong answer to this question before, or to several",
    "quarantined": "is compared first, as somebody called it wrong",
    "served": "was given",
    "long": "its answer is longer than a reviewer reads",
    "unsayable": "could have been given, but cannot be said in the API that asked",
    "confirmed": "was given: the judge has confirmed this answer for this question",
    "audited": "could have been given, and is compared instead",
    "shadow": "would have been given, had the class a certificate that reaches so far",
}


def explained(trail: Trail) -> Iterator[str]:
    """Line by line."""
    when = datetime.fromtimestamp(trail.time, UTC).isoformat(timespec="seconds")
    yield f"{trail.request_id}: {trail.dialect}, model {trail.model}, key {trail.key}, {when}"
    yield f"decided: {trail.status}: {_STATUS[trail.status]}{_because(trail.why)}"
    yield f"asked for: {', '.join(_wishes(trail))}"
    if trail.entry:
        yield f"entry: {trail.entry}"
        if trail.slots:
            values = "1 value" if trail.slots == 1 else f"{trail.slots} values"
            yield f"slots: {values} of it by ordinal, so that it shares answers with requests that have others"
        yield "scope:"
        yield from (f"  {digest}  {part}" for part, digest in sorted(trail.parts.items()))
    yield from _semantic(trail)
    if trail.status not in ("hit", "semantic", "none", "bypass"):
        yield f"its answer: {REASONS.get(trail.kept, trail.kept) or 'there was none, or it is not there yet'}"


def _semantic(trail: Trail) -> Iterator[str]:
    if trail.of_class is None and not trail.like_why:
        return
    yield f"class: {trail.of_class or 'none'}{_because(trail.like_why)}"
    if trail.of_class is not None:
        certified = (
            f"from similarity {trail.threshold:.2f}" if trail.threshold is not None else "not certified, or not asked"
        )
        yield f"certificate: {certified}"
    yield from (f"  neighbour {_told(one)}" for one in trail.neighbours)


def _told(one: Neighbour) -> str:
    vetoes = f" ({', '.join(one.vetoes)})" if one.vetoes else ""
    complaints = f", {one.complaints} complaints" if one.complaints else ""
    return f"{one.similarity:.3f}: {_WENT.get(one.went, one.went)}{vetoes}{complaints}"


def _wishes(trail: Trail) -> Iterator[str]:
    yield trail.mode
    if trail.most_age is not None:
        yield f"no older than {trail.most_age:.0f} s"
    if trail.tags:
        yield f"tags {', '.join(trail.tags)}"


def _because(why: str) -> str:
    return f": {REASONS.get(why, why)}" if why else ""
