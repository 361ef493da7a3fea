"""One sign of an injection: an expression, how much it weighs, and how its surroundings take weight from it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

_MOST_MATCHES: Final = 20
"""Matches of one sign that are weighed in one window."""

REPORTED: Final = 0.4
"""What is left of a sign where somebody tells of such an order, forbids it, or asks how it is done."""
QUOTED: Final = 0.35
"""What is left of it inside quotation marks, next to a word that says why it is quoted; and between backticks."""

_REPORTING: Final = re.compile(
    r"(?:\b(?<!you )(?<!fine )(?<!ok )(?<!okay )to|\bnot|n't|\bnever|\bthat|\bmay|\bcould|\bwould|\busers?|\bmodels?|\bwho|\bi|\bwe|\bhe|\bshe|\bthey|\bit"
    r"|\battackers?|\bpeople|\bhow (?:do|can) (?:i|we|you))\s+(?:\w+\s+)?$"
)
_ABOUT: Final = re.compile(
    r"\b(?:explain|mean|phrase|sentence|example|such as|translate|detect|catch|filter|classif|typical|tests?\b|assert|attack|histor"
    r"|rewrite|novel|stor(?:y|ies)|why do|scene|role)|번역|문장|예시|공격|뜻|같은|설명|교육"
)
_TOLD: Final = re.compile(r"[^.!?\n]{0,80}?(?:니다|[한된했었있]다|까|나요)(?:[.?!\s]|$)")
"""A Korean sentence that tells or asks and does not order."""
_OPENING: Final = re.compile("[\"'“‘「『][^\"'“”‘’「」『』\n]{0,25}$")
_CLOSING: Final = re.compile("[^\"'“”‘’「」『』\n]{0,60}[\"'”’」』]")
_NEAR: Final = 160
_NAMES_SPAN: Final = 40


@dataclass(frozen=True, slots=True)
class Sign:
    """`needs`: of each group one must stand in the text, which is cheap to tell, before the expression is tried.

    `ordering`: it counts in full only where it orders. `lead`: what it begins with, where several signs begin with the same.
    """

    name: str
    weight: float
    needs: Sequence[Sequence[str]]
    match: str
    ordering: bool = True
    lead: str = ""


def sign(name: str, weight: float, needs: str, match: str, *, ordering: bool = True, lead: str = "") -> Sign:
    """In `needs` stands `|` between the words of a group and `&` between groups."""
    return Sign(name, weight, tuple(group.split("|") for group in needs.split("&")), lead + match, ordering, lead)


def compile_all(signs: Iterable[Sign]) -> None:
    """Some 30 ms: for who has made a check, so that neither other gateways nor its first text pay for it."""
    for one in signs:
        _compiled(one.lead)
        _compiled(one.match)


@cache
def _compiled(written: str) -> re.Pattern[str]:
    return re.compile(written)


def weighed(signs: Iterable[Sign], text: str) -> dict[str, float]:
    """The heaviest match of each name; signs of one name are forms of one thing."""
    found: dict[str, float] = {}
    starts: dict[str, list[int]] = {}
    for one in signs:
        if found.get(one.name, 0.0) < one.weight and _may_match(one, text):
            if one.lead and one.lead not in starts:
                starts[one.lead] = [match.start() for match in _compiled(one.lead).finditer(text)]
            weight = _heaviest(one, text, starts[one.lead] if one.lead else None)
            if weight > found.get(one.name, 0.0):
                found[one.name] = weight
    return found


def _may_match(one: Sign, text: str) -> bool:
    for group in one.needs:
        for word in group:
            if word in text:
                break
        else:
            return False
    return True


def _heaviest(one: Sign, text: str, starts: list[int] | None) -> float:
    heaviest = 0.0
    for count, match in enumerate(_matches(one, text, starts)):
        heaviest = max(heaviest, one.weight * _share(one, text, match.start(), match.end()))
        if heaviest == one.weight or count == _MOST_MATCHES:
            break
    return round(heaviest, 2)


def _matches(one: Sign, text: str, starts: list[int] | None) -> Iterator[re.Match[str]]:
    compiled = _compiled(one.match)
    if starts is None:
        return compiled.finditer(text)
    return (match for start in starts if (match := compiled.match(text, start)))


def _share(one: Sign, text: str, start: int, end: int) -> float:
    share = 1.0
    if one.ordering:
        before, after = text[max(0, start - _NAMES_SPAN) : start], text[end : end + _NEAR]
        if _REPORTING.search(before) or _TOLD.match(after):
            share = REPORTED
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    if _between_backticks(text, start, end):
        return share * QUOTED
    if (opening := _OPENING.search(before)) and (closing := _CLOSING.match(after)):
        around = before[: opening.start()] + " " + after[closing.end() :]
        if _ABOUT.search(around):
            return share * QUOTED
    return share


def _between_backticks(text: str, start: int, end: int) -> bool:
    line = text.rfind("\n", 0, start) + 1
    return text.count("`", line, start) % 2 == 1 and 0 <= text.find("`", end) < end + _NEAR
