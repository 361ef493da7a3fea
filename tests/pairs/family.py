"""A family of questions, and the pairs that are made of it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Final

from gateway.cache.pairs import Pair
from tests.pairs.particles import agreeing
from tests.pairs.values import ENGLISH, KOREAN, TRAPS

_EITHER: Final = re.compile(r"\[([^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{(\w+?)(\d?)(?::(\w+))?\}")
_TAG: Final = re.compile(r"^([a-z_]+):(?=\S)")
_TRIES: Final = 40

Slots = dict[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """`forms` mean the same. `opposites` are categories of traps with their texts. `directed`: two slots that must not change
    places.
    """

    name: str
    forms: tuple[str, ...]
    opposites: tuple[tuple[str, str], ...] = ()
    directed: tuple[str, str] | None = None


def pairs_of(family: Family, lang: str, rng: Random, positives: int, traps: int) -> Iterator[Pair]:
    """No two alike."""
    values = ENGLISH if lang == "en" else KOREAN
    seen: set[frozenset[str]] = set()

    def distinct(make: Callable[[], Pair | None], count: int) -> Iterator[Pair]:
        fresh = (pair for pair in (make() for _ in range(count * _TRIES)) if pair and _new(pair, seen))
        return islice(fresh, count)

    yield from distinct(lambda: _positive(family, lang, values, rng), positives)
    yield from distinct(lambda: _trap(family, lang, values, rng), traps)


def _new(pair: Pair, seen: set[frozenset[str]]) -> bool:
    both = frozenset((pair.text_a, pair.text_b))
    if len(both) == 1 or both in seen:
        return False
    seen.add(both)
    return True


def _positive(family: Family, lang: str, values: Mapping[str, Sequence[str]], rng: Random) -> Pair:
    slots = _slots(family, values, rng)
    one, other = rng.choice(family.forms), rng.choice(family.forms)
    tags = [match[1] for match in (_TAG.match(one), _TAG.match(other)) if match]
    same = "paraphrase" if lang == "en" else "politeness"
    category = tags[0] if tags and one != other else (same if one == other else "paraphrase")
    return _pair(family, lang, rng, (one, slots), (other, slots), category, duplicate=True)


def _trap(family: Family, lang: str, values: Mapping[str, Sequence[str]], rng: Random) -> Pair | None:
    slots = _slots(family, values, rng)
    form = rng.choice(family.forms)
    near = form if rng.random() < 0.6 else rng.choice(family.forms)
    if family.directed and rng.random() < 0.3:
        one, other = family.directed
        swapped = slots | {one: slots[other], other: slots[one]}
        return _pair(family, lang, rng, (form, slots), (near, swapped), "role_swap", duplicate=False)
    if family.opposites and rng.random() < 0.45:
        category, opposite = rng.choice(family.opposites)
        return _pair(family, lang, rng, (form, slots), (opposite, slots), category, duplicate=False)
    if not slots:
        return None
    name = rng.choice(sorted(slots))
    kind = name.rstrip("0123456789")
    rest = [value for value in values[kind] if value not in slots.values()]
    return _pair(
        family,
        lang,
        rng,
        (form, slots),
        (near, slots | {name: rng.choice(rest)}),
        TRAPS.get(kind, "entity"),
        duplicate=False,
    )


def _slots(family: Family, values: Mapping[str, Sequence[str]], rng: Random) -> Slots:
    chosen: Slots = {}
    for kind, number, _ in sorted(set(_SLOT.findall(" ".join(family.forms)))):
        if kind + number not in chosen:
            chosen[kind + number] = rng.choice([value for value in values[kind] if value not in chosen.values()])
    return chosen


def _pair(
    family: Family,
    lang: str,
    rng: Random,
    one: tuple[str, Slots],
    other: tuple[str, Slots],
    category: str,
    *,
    duplicate: bool,
) -> Pair:
    return Pair(
        text_a=_filled(*one, rng),
        text_b=_filled(*other, rng),
        duplicate=duplicate,
        category=category,
        lang=lang,
        family=f"{lang}-{family.name}",
    )


def _filled(form: str, slots: Slots, rng: Random) -> str:
    chosen = _EITHER.sub(lambda match: rng.choice(match[1].split("|")), _TAG.sub("", form))
    return _SLOT.sub(lambda match: agreeing(slots[match[1] + match[2]], match[3]), chosen)
