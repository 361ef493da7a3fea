"""In which order the candidates of a model are tried: one pure function per strategy, in a table."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from math import log
from random import Random
from types import MappingProxyType
from typing import Final

from gateway.config.structs import When
from gateway.routing.candidate import Candidate
from gateway.routing.features import Features, permits
from gateway.routing.health import HealthView, Seen

Candidates = Sequence[Candidate]
Order = Callable[[Candidates, Features, HealthView, float, Random], Candidates]

_ASSUMED_OUTPUT: Final = (
    256  # tokens, where the caller set no limit: it only has to weigh output prices against input prices
)


def ordered(candidates: Candidates, _features: Features, _health: HealthView, _now: float, _rng: Random) -> Candidates:
    """As written."""
    return candidates


def weighted(candidates: Candidates, _features: Features, _health: HealthView, _now: float, rng: Random) -> Candidates:
    """At random by weight, without replacement (Efraimidis and Spirakis, 2006). Weight 0 comes after all others."""
    drawn = [(_draw(rng.random(), one.weight), place, one) for place, one in enumerate(candidates)]
    return [one for _, _, one in sorted(drawn)]


def least_busy(candidates: Candidates, _features: Features, health: HealthView, now: float, rng: Random) -> Candidates:
    """The less busy of two taken at random, then the rest, least busy first.

    Two choices, not the best of all, so that replicas with equally stale views do not all run to one target (Mitzenmacher,
    2001). Busy is (requests under way + this one) x mean latency. An unknown latency counts as the mean of the known
    ones: as nothing, it would draw every request until its first answer is complete.
    """
    if len(candidates) < 2:
        return candidates
    seen = {one.name: health.seen(one.name, now) for one in candidates}
    known = [each.latency for each in seen.values() if each.latency is not None]
    usual = sum(known) / len(known) if known else 1.0

    def busy(one: Candidate) -> float:
        each = seen[one.name]
        return (each.in_flight + 1) * (usual if each.latency is None else each.latency)

    shuffled = rng.sample(candidates, len(candidates))
    first = min(shuffled[:2], key=busy)
    return [first, *sorted((one for one in shuffled if one is not first), key=busy)]


def fastest(candidates: Candidates, _features: Features, health: HealthView, now: float, rng: Random) -> Candidates:
    """By mean time to first token. An unknown one goes first when nothing is under way there: one request finds out."""

    def rank(one: Candidate) -> tuple[int, float]:
        seen: Seen = health.seen(one.name, now)
        if seen.ttft is not None:
            return 1, seen.ttft
        return (2 if seen.in_flight else 0), 0.0

    return sorted(rng.sample(candidates, len(candidates)), key=rank)


def cheapest(candidates: Candidates, features: Features, _health: HealthView, _now: float, _rng: Random) -> Candidates:
    """By the price of the estimated input and the allowed output. Targets without a price come last."""
    output = _ASSUMED_OUTPUT if features.max_output_tokens is None else features.max_output_tokens

    def price(one: Candidate) -> tuple[bool, float]:
        if one.prices is None:
            return True, 0.0
        return False, one.prices.input * features.input_tokens + one.prices.output * output

    return sorted(candidates, key=price)


def sticky(candidates: Candidates, features: Features, health: HealthView, now: float, rng: Random) -> Candidates:
    """Weighted rendezvous hashing: the same key goes to the same target, and when one leaves only its keys move.

    Without a key, by weight.
    """
    key = features.sticky_key
    if not key:
        return weighted(candidates, features, health, now, rng)
    if len(candidates) < 2:
        return candidates
    digested = blake2b(key, digest_size=32).digest()
    drawn = [(_draw(_share(digested, one.name), one.weight), one.name, one) for one in candidates]
    return [one for _, _, one in sorted(drawn, key=lambda each: each[:2])]


def conditional(
    candidates: Candidates, features: Features, _health: HealthView, _now: float, _rng: Random
) -> Candidates:
    """Those whose `when` holds, then those without one. Those whose `when` does not hold are left out."""
    holding = [one for one in candidates if one.target.when is not None and holds(one.target.when, features)]
    return [*holding, *(one for one in candidates if one.target.when is None)]


STRATEGIES: Final[Mapping[str, Order]] = MappingProxyType(
    {
        "ordered": ordered,
        "weighted": weighted,
        "least_busy": least_busy,
        "fastest": fastest,
        "cheapest": cheapest,
        "sticky": sticky,
        "conditional": conditional,
    }
)


def holds(when: When, features: Features) -> bool:
    """Whether every condition that is given is true of the request."""
    return all(condition(when, features) for condition in _CONDITIONS)


_CONDITIONS: Final[tuple[Callable[[When, Features], bool], ...]] = (
    lambda when, features: when.models is None or permits(when.models, features.model),
    lambda when, features: when.teams is None or features.team in when.teams,
    lambda when, features: when.tags is None or not features.tags.isdisjoint(when.tags),
    lambda when, features: all(features.headers.get(k.lower()) == v for k, v in (when.headers or {}).items()),
    lambda when, features: when.min_tokens is None or features.input_tokens >= when.min_tokens,
    lambda when, features: when.max_tokens is None or features.input_tokens <= when.max_tokens,
    lambda when, features: when.tools is None or ("tools" in features.needs) == when.tools,
    lambda when, features: when.images is None or ("images" in features.needs) == when.images,
)


def _draw(uniform: float, weight: float) -> float:
    """Smallest wins, with a chance in proportion to the weight; never at weight 0, unless nobody has more."""
    return -log(1.0 - uniform) / weight if weight > 0 else float("inf")


def _share(key: bytes, name: str) -> float:
    """A number in [0, 1) that the pair decides."""
    digest = blake2b(name.encode(), key=key, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)
