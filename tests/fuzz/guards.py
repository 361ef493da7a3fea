"""The filters that are tried: everything that ships at once, each entity by itself, and patterns as authors write them."""

import random
from functools import lru_cache
from typing import Final

from gateway.guards.catalogue import ENTITIES, GROUPS, patterns
from gateway.guards.editor import Looking, Rule
from gateway.guards.keywords import keyword_pattern
from gateway.guards.pattern import Pattern
from tests.support.corpus import VALUES, positive

MARK: Final = "\ue000"  # what takes the place of every finding; in no text of a case
NINE: Final = GROUPS["personal"]
_VALUES_PER_ENTITY: Final = 8

_WRITTEN: Final = (
    Pattern("CODE", r"INT-[0-9]{6}"),
    Pattern("AROUND", r"(?<=#)[0-9]{3,8}(?=-)"),
    Pattern("SLOW", r"(?:[a-z]{1,3}-?){1,4}#"),
    Pattern("OPTIONAL", r"ab(?:c|cd|cde){1,3}(?:-x)?"),
    Pattern("GAP", r"계좌.{0,12}[0-9]{6}"),
    Pattern("BESIDE", r"[A-Z]{2}[0-9]{4}", context=("사번", "employee")),
    keyword_pattern(["프로젝트 비", "project zebra", "zebra"], whole_words=False),
    keyword_pattern(["Ärger", "no", "금지어"], whole_words=True),
)
"""Look-arounds, one that backtracks, alternatives that begin each other, a gap that anything fills, a context, words."""
_WRITTEN_VALUES: Final = [
    "INT-123456", "#12345-", "##99-", "ab-abc-ab#", "abccdcde-x", "계좌 번호는 123456", "사번 AB1234", "employee CD0001",
    "프로젝트 비", "project zebra", "ZEBRA", "ärger", "NO", "금지어",
]  # fmt: skip


class Guards:
    """Every second case is over everything, the rest over the written patterns or one entity, with values it is there for."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self._values = {kind: _made(chance, kind) for kind in ENTITIES if kind in VALUES}
        self._all = [value for values in self._values.values() for value in values]
        self._everything = everything()
        self._written = written()
        self._entities = list(ENTITIES)

    def choose(self, rng: random.Random) -> tuple[Looking, list[str]]:
        kind = rng.random()
        if kind < 0.5:
            return self._everything, self._all
        if kind < 0.7:
            return self._written, _WRITTEN_VALUES
        entity = rng.choice(self._entities)
        return _alone(entity), self._values.get(entity, self._all)


@lru_cache
def everything() -> Looking:
    return looking(patterns(ENTITIES, "shipped"))


def nine() -> Looking:
    """The detectors of the group `personal`."""
    return looking(patterns(NINE, "shipped"))


@lru_cache
def written() -> Looking:
    return looking(list(_WRITTEN))


@lru_cache
def _alone(entity: str) -> Looking:
    return looking(patterns([entity], "shipped"))


def _made(chance: random.Random, kind: str) -> list[str]:
    """Values that nobody has, half of them with the words around that some detectors need."""
    made = [positive(chance, kind) for _ in range(_VALUES_PER_ENTITY)]
    alone = [one.text[span.start : span.end] for one in made for span in one.spans]
    return alone + [one.text for one in made]


def looking(found: list[Pattern]) -> Looking:
    """Every pattern under one rule that puts `MARK` in the place of what it finds."""
    return Looking("content", [(Rule("fuzz", "mask", "mask", with_text=MARK), [one.detector for one in found])], found)
