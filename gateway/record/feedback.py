"""What somebody says of an answer: what may be said of a metric, and how it is kept. Pure.

Comment and correction are words of a person. They are kept as the rules for that caller leave them, and stand in no log, trace or metric.
"""

from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple, get_args

from msgspec import Struct

from gateway.config.feedback import Rating
from gateway.guards.placeholders import PLACEHOLDER

Source = Literal["user", "developer", "judge", "system"]
SOURCES: Final[tuple[Source, ...]] = get_args(Source)
_THUMBS: Final[dict[Any, bool]] = {True: True, False: False, "up": True, "down": False}


class Feedback(Struct, kw_only=True, frozen=True):
    """`score` and `label` are what was said, as a number and as a word; one may be missing. `model` and `prompt` are those of the
    request, where they were known when it was said. `digest`: of all that was said, so that the same can be told from another thing
    under one `id`. `key`: the name of the caller whose request it is about. `time`: seconds since 1970.
    """

    id: str
    time: float
    request_id: str | None
    conversation: str | None
    metric: str
    level: Literal["response", "conversation"]
    score: float | None
    label: str | None
    bad: bool
    source: Source
    comment: str | None
    correction: str | None
    key: str
    team: str | None
    user: str | None
    model: str | None
    model_served: str | None
    prompt: str | None
    trace_id: str | None
    span_id: str | None
    digest: str

    def __repr__(self) -> str:
        return f"Feedback({self.id}, {self.metric})"


class Reading(NamedTuple):
    score: float | None
    label: str | None
    bad: bool


class NotSaid(ValueError):
    """A value that this metric does not take. The text says which it takes, and not what came."""


def reading(metric: str, rating: Rating, value: object) -> Reading:
    """What a value says. Raises `NotSaid`."""
    if rating.kind == "thumbs":
        up = _THUMBS.get(value) if isinstance(value, bool | str) else None
        if up is None:
            raise NotSaid(f"`{metric}` takes true or false.")
        return Reading(float(up), "up" if up else "down", up != (rating.better == "higher"))
    if rating.kind == "category":
        if not isinstance(value, str) or value not in rating.values:
            raise NotSaid(f"`{metric}` takes one of: {', '.join(rating.values)}.")
        return Reading(None, value, value in rating.bad_values)
    if isinstance(value, bool) or not isinstance(value, int | float) or not rating.min <= value <= rating.max:
        raise NotSaid(f"`{metric}` takes a number from {rating.min:g} to {rating.max:g}.")
    bad = rating.bad is not None and (value <= rating.bad if rating.better == "higher" else value >= rating.bad)
    return Reading(float(value), None, bad)


def digest_of(*said: object) -> str:
    """The same for the same, on every replica and after a restart: of placeholders, whose letters depend on a secret, the kind alone counts."""
    parts = [PLACEHOLDER.sub(r"<\1>", one) if isinstance(one, str) else repr(one) for one in said]
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def id_of(key: str, about: str, name: str) -> str:
    """Of what a caller says under a name of its own, or of what it says."""
    return f"fb_{digest_of(key, about, name)[:24]}"
