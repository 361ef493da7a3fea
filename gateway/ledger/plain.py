"""Text and figures as every database takes them, whatever a caller or an upstream wrote. What one database refused would hold up all that
comes behind it.
"""

from typing import Final

LONGEST: Final = 400
"""Characters of a name that is looked for. PostgreSQL has room for 2,704 bytes in an index."""

_LARGEST: Final = 10**15


def plain(text: str | None) -> str:
    return "" if text is None else text[:LONGEST].replace("\0", "\ufffd")


def plain_or_none(text: str | None) -> str | None:
    return None if text is None else plain(text)


def bounded(value: float | None) -> int:
    """Whole, not negative, and such that thousands of them add up to what a database holds."""
    return min(max(int(value), 0), _LARGEST) if value else 0


def bounded_or_none(value: float | None) -> int | None:
    return None if value is None else bounded(value)
