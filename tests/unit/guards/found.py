"""What one entity finds in a text, as the text itself."""

from functools import cache

from gateway.guards.catalogue import patterns
from gateway.guards.scanner import Scanner


@cache
def _scanner(entity: str) -> Scanner:
    return Scanner(patterns([entity], "test"))


def found(entity: str, text: str) -> list[str]:
    return [text[one.start : one.end] for one in _scanner(entity).scan(text)]
