"""From what a policy says of a detector to the patterns that the engine looks for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.guards.catalogue import patterns
from gateway.guards.keywords import keyword_pattern
from gateway.guards.pattern import Pattern
from gateway.policy import detectors
from gateway.policy.detectors import Guest, MinScore
from gateway.policy.guests import guest_patterns
from gateway.policy.rule import Finder

REGISTRATION_NUMBERS: Final = ("KR_RRN", "KR_FRN")

VERSIONS: Final[Mapping[str, str]] = {
    "pattern": "1",
    "keywords": "1",
    "personal": "1",
    "secrets": "1",
    "korean_rrn": "1",
    "presidio": "1",
    "schema": "1",
    "tool_args": "1",
    "tool_permissions": "1",
    "injection": "1",
    "judge": "1",
    "length": "1",
    "guardrails_ai": "1",
    "webhook": "1",
    "moderation": "1",
}
"""The kinds of ours that can be run. A version is raised when the same settings find something else than before."""


def patterns_of(finder: Finder) -> list[Pattern]:
    """Signed by the digest of the detector: two policies that say the same share what is found. None of a check (`checking`)."""
    return [replace(pattern, detector=finder.digest) for pattern in _unsigned(finder)]


def _unsigned(finder: Finder) -> list[Pattern]:
    if isinstance(finder.spec, Guest):
        return guest_patterns(finder.spec, finder.digest)
    made = _MADE.get(finder.kind)
    return made(finder.spec) if made else []


def _pattern(spec: detectors.Pattern) -> list[Pattern]:
    written = [spec.match] if isinstance(spec.match, str) else spec.match
    context = tuple(word.lower() for word in spec.context)
    return [Pattern(spec.name, one, score=spec.score, context=context) for one in written]


def _keywords(spec: detectors.Keywords) -> list[Pattern]:
    return [replace(keyword_pattern(spec.words, whole_words=spec.whole_words), kind=spec.name)]


def _personal(spec: detectors.Personal) -> list[Pattern]:
    return [one for one in patterns(spec.entities, "") if one.score >= _least(spec.min_score, one.kind)]


def _secrets(spec: detectors.Secrets) -> list[Pattern]:
    return patterns(spec.entities, "")


def _korean_rrn(_spec: detectors.KoreanRrn) -> list[Pattern]:
    return patterns(REGISTRATION_NUMBERS, "")


def _least(score: MinScore, kind: str) -> float:
    return score.get(kind, score.get("default", 0.0)) if isinstance(score, dict) else score


_MADE: Final[Mapping[str, Callable[[Any], list[Pattern]]]] = {
    "pattern": _pattern,
    "keywords": _keywords,
    "personal": _personal,
    "secrets": _secrets,
    "korean_rrn": _korean_rrn,
}
