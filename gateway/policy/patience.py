"""How long a detector is waited for where a policy does not say, in milliseconds: by what it does and where. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.policy.detectors import Presidio, kind_of
from gateway.policy.rule import Finder

HERE: Final = 500
"""For what looks at a text in this process. It is done in a few milliseconds, and waits its turn under load."""
PATIENCE: Final[dict[str, int]] = {
    "pattern": 50,
    "keywords": 50,
    "personal": 50,
    "secrets": 50,
    "korean_rrn": 50,
    "presidio": HERE,
    "guardrails_ai": 5_000,
    "webhook": 2_000,
    "moderation": 5_000,
    "judge": 10_000,
}
"""Kinds that are not here, those of other distributions too, have `HERE`."""
WITH_MODEL: Final = 5_000
"""For an engine of Presidio that reads with a language model."""
_HASTY: Final = 5
"""A rule that waits for less than one part in so many is told so, where the wait is for somebody else or for a model."""


def patience(finders: Iterable[Finder]) -> int:
    """That of the slowest."""
    return max((_patience(one) for one in finders), default=HERE)


def hurried(finders: Iterable[Finder], milliseconds: int) -> Iterator[tuple[Finder, int]]:
    """Those that will hardly ever be done in this time, and what they have by default."""
    for one in finders:
        usual = _patience(one)
        if usual > HERE and milliseconds * _HASTY < usual:
            yield one, usual


def _patience(finder: Finder) -> int:
    spec = finder.spec
    if isinstance(spec, Presidio) and spec.engine not in ("no_op", "slim"):
        return WITH_MODEL
    return PATIENCE.get(kind_of(spec), HERE)
