"""What splits the scopes: which part of the requests differs between those that are equal in every other. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gateway.cache.trails import Trail

_HINTS: Final = {
    "system prompt": "is there a date, a name or an id in it?",
    "earlier turns": "conversations differ; answers are only shared where they do not",
    "share": "`cache.share` says who may get an answer that was given to another",
    "headers": "`accept-language`, or one of the vendor's",
    "slots": "how many values a request holds, and of which kinds",
    "rules": "the policies that apply differ",
    "field": "if it cannot change an answer, add it to `cache.ignored_fields`",
    "repeated field": "if it cannot change an answer, add it to `cache.ignored_fields`",
    "parameter": "do the callers mean to set it differently?",
}


class Split(Struct, frozen=True):
    """`alike`: requests that have others equal to them but for this part. `share`: of those beyond the first of each such group,
    how many have a value that the group had not seen. Each of them is one scope more, `more` in all.
    """

    part: str
    alike: int
    more: int
    share: float
    hint: str = ""


def splits(trails: Sequence[Trail]) -> list[Split]:
    """The worst first; nothing of parts that split nothing. Two parts that always change together hide each other."""
    made = [one.parts for one in trails if one.parts]
    whole = [sum(hash(item) for item in parts.items()) for parts in made]
    found = []
    for name in {name: None for parts in made for name in parts}:
        groups: defaultdict[int, Counter[str | None]] = defaultdict(Counter)
        for parts, all_of_it in zip(made, whole, strict=True):
            value = parts.get(name)
            rest = all_of_it if value is None else all_of_it - hash((name, value))
            groups[rest][value] += 1
        several = [group for group in groups.values() if group.total() > 1]
        more = sum(len(group) - 1 for group in several)
        if more:
            alike = sum(group.total() for group in several)
            found.append(Split(name, alike, more, more / (alike - len(several)), _hint(name)))
    return sorted(found, key=lambda one: (-one.more, one.part))


def _hint(name: str) -> str:
    return next((hint for start, hint in _HINTS.items() if name == start or name.startswith(f"{start} ")), "")
