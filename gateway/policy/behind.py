"""A check asks a model about a text: whose text that is, and which rules must hold for what the model is shown.

All policies of the exchange that is checked apply to the asking, besides those that bind its own model and zone. A text of any
role becomes a user's words there, so whatever a rule replaces in any role it replaces there.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gateway.policy.bind import Bound
from gateway.policy.kinds import INPUT, REPLACES
from gateway.policy.rule import BoundRule

ROLE: Final = "user"
"""Of the text, in what a check asks."""


@dataclass(frozen=True, slots=True)
class Behind:
    """`policies`: the names of those that apply to the exchange that is checked. `depth` is 1 where that is a caller's own."""

    policies: tuple[str, ...]
    team: str | None
    tags: frozenset[str]
    depth: int


@lru_cache(256)
def as_shown(bound: Bound) -> Bound:
    rules = tuple(_everywhere(rule) for rule in bound.rules)
    here = tuple(rule for rule in rules if ROLE in rule.places)
    by_place = dict(bound.by_place)
    if here:
        by_place[ROLE] = here
    return replace(bound, rules=rules, by_place=MappingProxyType(by_place), digest=f"{bound.digest}-shown")


def _everywhere(rule: BoundRule) -> BoundRule:
    replaces = rule.word in REPLACES and not INPUT.isdisjoint(rule.places)
    return replace(rule, places=rule.places | {ROLE}) if replaces else rule
