"""Metrics of feedback whose settings do not fit each other. Pure."""

from collections.abc import Iterator
from typing import Final

from gateway.config.feedback import Rating
from gateway.config.mistakes import Finding, Trail, nearest
from gateway.config.subject import Subject

_OF_KIND: Final = {
    "thumbs": frozenset[str](),
    "score": frozenset({"min", "max", "bad"}),
    "category": frozenset({"values", "bad_values"}),
}
_SPECIAL: Final = frozenset[str]().union(*_OF_KIND.values())
_MOST: Final = 32
_PLAIN: Final = Rating()


def ratings(subject: Subject) -> Iterator[Finding]:
    every: Trail = ("feedback", "metrics")
    count = len(subject.config.feedback.metrics)
    if not 0 < count <= _MOST:
        message = f"has {count} metrics; write 1 to {_MOST}, as each is a label of its own"
        yield Finding(every, message, about_key=True, rests_on=(every,))
    for name, one in subject.config.feedback.metrics.items():
        trail: Trail = ("feedback", "metrics", name)
        kind = (*trail, "kind")
        for field in sorted(_SPECIAL - _OF_KIND[one.kind]):
            if getattr(one, field) != getattr(_PLAIN, field):
                here = (*trail, field)
                yield Finding(here, f"is not read of `kind: {one.kind}`", about_key=True, rests_on=(here, kind))
        yield from _score(trail, one) if one.kind == "score" else _category(trail, one)


def _score(trail: Trail, one: Rating) -> Iterator[Finding]:
    low, high, bad = ((*trail, field) for field in ("min", "max", "bad"))
    if one.min >= one.max:
        yield Finding(low, "is not less than `max`", about_key=True, rests_on=(low, high))
    elif one.bad is not None and not one.min <= one.bad <= one.max:
        yield Finding(bad, f"is no score from {one.min:g} to {one.max:g}", rests_on=(low, high, bad))


def _category(trail: Trail, one: Rating) -> Iterator[Finding]:
    values, bad = (*trail, "values"), (*trail, "bad_values")
    if one.kind == "category" and len(one.values) < 2:
        yield Finding(values, "are fewer than two: there is nothing to choose", about_key=True, rests_on=(values,))
    for index, value in enumerate(one.bad_values if one.kind == "category" else ()):
        if value not in one.values:
            here = (*bad, index)
            yield Finding(here, "is none of `values`", nearest(value, one.values), value, rests_on=(here, values))
