"""A text may be as long and as short as the policy says, and no longer or shorter."""

import pytest

from gateway.guards.checks.length import LengthCheck
from tests.unit.guards.checks.looking import kinds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ab", []),
        ("abcd", []),
        ("가나다라", []),
        ("a", ["TOO_SHORT"]),
        ("", ["TOO_SHORT"]),
        ("가나다라마", ["TOO_LONG"]),
    ],
)
async def test_both_bounds_are_allowed_themselves(text: str, expected: list[str]) -> None:
    assert await kinds(LengthCheck(max_chars=4, min_chars=2), text) == expected


@pytest.mark.parametrize("text", ["", "a" * 10_000])
async def test_without_bounds_nothing_is_found(text: str) -> None:
    assert await kinds(LengthCheck(), text) == []
