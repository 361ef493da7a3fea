"""What a detector of another distribution is made into. Nothing that it gives is believed before it was looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from gateway.guards.fold import fold
from gateway.guards.guests import GuestCheck, GuestTest, is_kind
from gateway.guards.pattern import Pattern, always
from gateway.policy.detectors import Guest, kind_of
from gateway.policy.unfit import unfit

_KEPT = 4_096


@dataclass(frozen=True, slots=True)
class _Once:
    """A detector's patterns are asked for once: all places share them, and the threads of their tests."""

    digest: str
    struct: type
    spec: Guest = field(hash=False)


def is_by_patterns(struct: type[Guest]) -> bool:
    return callable(getattr(struct, "patterns", None))


def is_by_check(struct: type[Guest]) -> bool:
    return callable(getattr(struct, "check", None))


def guest_patterns(spec: Guest, digest: str) -> list[Pattern]:
    """None where it is a check. Raises ValueError for what cannot be searched for."""
    return list(_patterns(_Once(digest, type(spec), spec))) if is_by_patterns(type(spec)) else []


def guest_check(spec: Guest) -> GuestCheck:
    """Raises ValueError where it cannot be made. That of the detector itself is for who wrote the policy, so its words are kept."""
    making: Any = spec
    try:
        made = making.check()
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"it cannot be made ({type(error).__name__})") from error
    if not callable(getattr(made, "look", None)):
        raise ValueError(f"its `check` gave a {type(made).__name__} that has no `look`")  # noqa: TRY004 - told as other misfits
    return GuestCheck(kind_of(spec), made, spec)


def unsound(spec: Guest) -> str | None:
    """Why its patterns cannot be searched for, if it has some."""
    if not is_by_patterns(type(spec)):
        return None
    try:
        given(spec)
    except ValueError as error:
        return str(error)
    return None


def given(spec: Guest) -> list[Pattern]:
    """The patterns as they came. Raises ValueError, saying what is wrong with them."""
    giving: Any = spec
    try:
        found = giving.patterns()
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"its `patterns` failed ({type(error).__name__})") from error
    if not isinstance(found, list | tuple) or not all(isinstance(one, Pattern) for one in found):
        raise ValueError("its `patterns` gave something else than a list of patterns")
    if not found:
        raise ValueError("its `patterns` gave none, so it could never find anything")
    for one in found:
        if (reason := _misfit(one)) is not None:
            raise ValueError(reason)
    return list(found)


@lru_cache(_KEPT)
def _patterns(once: _Once) -> Sequence[Pattern]:
    """That one of them was measured is not for a stranger to say: all searches have a time-out."""
    name = kind_of(once.spec)
    return [
        replace(
            one,
            measured=False,
            check=one.check if one.check is always else GuestTest(one.check, (once.digest, index), name),
        )
        for index, one in enumerate(given(once.spec))
    ]


def _misfit(pattern: Any) -> str | None:
    if not is_kind(pattern.kind):
        return "the kind of a pattern must be written LIKE_THIS, with 32 characters at most"
    where = f"the pattern for {pattern.kind}"
    if not isinstance(pattern.regex, str):
        return f"{where} is no text"
    if (reason := unfit(pattern.regex)) is not None:
        return f"{where}: {reason}"
    if not callable(pattern.check):
        return f"{where} has a `check` that cannot be called"
    if not isinstance(pattern.score, int | float) or not 0 <= pattern.score <= 1:
        return f"{where} has a score that is not between 0 and 1"
    if isinstance(pattern.context, str) or not all(
        isinstance(word, str) and _is_folded(word) for word in pattern.context
    ):
        return (
            f"{where} has words of context that never match: they must be a tuple of texts, in lower case, with ASCII digits, `-` and "
            "simple spaces"
        )
    return None


def _is_folded(word: str) -> bool:
    return bool(word) and fold(word).text.lower() == word
