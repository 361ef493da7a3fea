"""Text and figures as every database takes them, whatever a caller or an upstream wrote. What one database refused would hold up all that
comes behind it.
"""

from collections.abc import Iterable
from typing import Final

LONGEST: Final = 400
"""Characters of a name that is looked for. PostgreSQL has room for 2,704 bytes in an index."""

_LARGEST: Final = 10**15
_LAST: Final = 10.0**11


def plain(text: str | None) -> str:
    if text is None:
        return ""
    cut = text[:LONGEST].replace("\0", "\ufffd")
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode()  # half a pair of surrogates


def plain_or_none(text: str | None) -> str | None:
    return None if text is None else plain(text)


def plain_names(names: Iterable[str]) -> list[str]:
    """As they are stored, of a filter that somebody wrote."""
    return [plain(name) for name in names]


def moment(seconds: float) -> float:
    """A time that somebody wrote, if it is one. Raises ValueError."""
    if not 0 <= seconds <= _LAST:
        raise ValueError("since, until: must be seconds since 1970")
    return seconds


def bounded(value: float | None) -> int:
    """Whole, not negative, and such that thousands of them add up to what a database holds."""
    return min(max(int(value), 0), _LARGEST) if value else 0


def bounded_or_none(value: float | None) -> int | None:
    return None if value is None else bounded(value)
