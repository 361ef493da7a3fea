"""Sums of rows: what is counted, and by what. Pure.

Every row counts in a minute, an hour and a day, and in each of these once per grain: so that a page about everything reads few sums, and
one about a model of a team finds them too. All figures are integers, sketches included, so that sums of sums are exact.
"""

from collections.abc import Iterable
from operator import add
from typing import Final, NamedTuple

from gateway.ledger.plain import bounded, plain
from gateway.ledger.sketch import sketch
from gateway.record.row import Row
from gateway.record.settlement import Settlement

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400
"""Of UTC, as all buckets are."""

LOST: Final = "lost"
"""The outcome of rows that were dropped, of which only their money is known."""

_MICRO: Final = 1_000_000
GIVEN: Final = ("hit", "semantic")
_LOOKED: Final = (*GIVEN, "miss", "shadow")


class Group(NamedTuple):
    """Whose rows. Empty where a row says nothing, and where the grain leaves it open."""

    grain: str
    key: str = ""
    team: str = ""
    model: str = ""
    model_served: str = ""
    provider: str = ""
    outcome: str = ""
    code: str = ""
    cache: str = ""


_WHO: Final = ("key", "team")
_WHAT: Final = ("model", "model_served", "provider")
_HOW: Final = ("outcome", "code", "cache")
GRAINS: Final[dict[str, tuple[str, ...]]] = {
    "all": (),
    "end": _HOW,
    "model": _WHAT,
    "key": _WHO,
    "pair": (*_WHO, *_WHAT),
    "full": (*_WHO, *_WHAT, *_HOW),
}
"""By name, from the coarsest: what each tells apart."""

MEASURES: Final = (
    "requests",
    "failed",
    "blocked",
    "streamed",
    "attempts",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "estimated",
    "cost_nanodollars",
    "unpriced",
    "saved_nanodollars",
    "lookups",
    "hits",
    "unscanned",
    "latency_us",
    "first_token_us",
    "overhead_us",
)
SKETCHES: Final = ("latency", "first_token")

Tally = list[int]
"""The measures in their order, then the sketches."""

Sums = dict[tuple[Group, int], Tally]
"""By group and first second of a bucket."""


def tally(row: Row) -> Tally:
    """Of one row. Tokens of answers from the cache were not used again."""
    given = row.cache in GIVEN
    used = 0 if given else 1
    return [
        1,
        int(row.outcome != "answered"),
        int(row.outcome == "blocked"),
        int(row.streamed),
        len(row.attempts),
        bounded(row.input_tokens) * used,
        bounded(row.output_tokens) * used,
        bounded(row.cached_tokens) * used,
        bounded(row.cache_write_tokens) * used,
        bounded(row.reasoning_tokens) * used,
        int(bool(row.usage_estimated) and not given),
        bounded(row.cost_nanodollars),
        int(row.cost_nanodollars is None and row.outcome == "answered" and not given),
        bounded(row.saved_nanodollars),
        int(row.cache in _LOOKED),
        int(given),
        int(bool(row.unscanned)),
        bounded(row.seconds * _MICRO),
        bounded((row.first_token_seconds or 0) * _MICRO),
        bounded((row.overhead_seconds or 0) * _MICRO),
        sketch(row.seconds),
        sketch(row.first_token_seconds) if row.first_token_seconds is not None else 0,
    ]


def settled(one: Settlement) -> Tally:
    """Of rows that are missing."""
    found = dict.fromkeys((*MEASURES, *SKETCHES), 0)
    for name in MEASURES:
        found[name] = getattr(one, name, 0)
    return list(found.values())


def added(first: Tally, second: Tally) -> Tally:
    return list(map(add, first, second))


def by_minute(rows: Iterable[Row], settlements: Iterable[Settlement]) -> Sums:
    """In the finest grain."""
    sums: Sums = {}
    for row in rows:
        names = (row.key, row.team, row.model, row.model_served, row.provider, row.outcome, row.code, row.cache)
        _add(sums, Group("full", *map(plain, names)), int(row.time) // MINUTE * MINUTE, tally(row))
    for one in settlements:
        group = Group("full", plain(one.key), plain(one.team), plain(one.model), "", plain(one.provider), LOST)
        _add(sums, group, one.hour, settled(one))
    return sums


def coarser(sums: Sums, grain: str) -> Sums:
    """The same rows, told apart by less."""
    open_ = dict.fromkeys(set(GRAINS["full"]) - set(GRAINS[grain]), "")
    found: Sums = {}
    for (group, bucket), one in sums.items():
        _add(found, group._replace(grain=grain, **open_), bucket, one)
    return found


def longer(sums: Sums, seconds: int) -> Sums:
    """The same rows, in buckets that are so long."""
    found: Sums = {}
    for (group, bucket), one in sums.items():
        _add(found, group, bucket // seconds * seconds, one)
    return found


def all_grains(sums: Sums) -> Sums:
    """`sums` of the finest grain, and of all others."""
    return {key: one for grain in GRAINS for key, one in coarser(sums, grain).items()}


def _add(sums: Sums, group: Group, bucket: int, one: Tally) -> None:
    held = sums.get((group, bucket))
    sums[group, bucket] = one if held is None else added(held, one)
