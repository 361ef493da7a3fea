"""Which tools may be called, and from when on that matters."""

from collections.abc import Sequence

import pytest

from gateway.guards.check import Setting
from gateway.guards.checks.tool_permissions import ToolPermissionsCheck
from tests.unit.guards.checks.looking import kinds

NOT = ["TOOL_NOT_PERMITTED"]


@pytest.mark.parametrize(
    ("allow", "deny", "tool", "expected"),
    [
        (None, [], "anything", []),
        ([], [], "anything", NOT),
        (["search"], [], "search", []),
        (["search"], [], "search_all", NOT),
        (["search"], [], "Search", NOT),
        (["read_*"], [], "read_mail", []),
        (["read_*"], [], "unread_mail", NOT),
        (["*"], ["delete_*"], "delete_all", NOT),
        (["delete_one"], ["delete_*"], "delete_one", NOT),
        (None, ["delete_*"], "read", []),
        (["search"], [], "", NOT),
        (None, ["delete_*"], "", []),
        (["a*b"], [], "a*b", []),
        (["a*b"], [], "axb", NOT),
    ],
)
async def test_what_is_denied_is_so_even_if_allowed(
    allow: Sequence[str] | None, deny: Sequence[str], tool: str, expected: list[str]
) -> None:
    assert await kinds(ToolPermissionsCheck(allow, deny), "{}", "tool_args", tool) == expected


@pytest.mark.parametrize(("untrusted", "expected"), [(False, []), (True, NOT)])
async def test_lists_may_wait_for_untrusted_content(untrusted: bool, expected: list[str]) -> None:
    check = ToolPermissionsCheck(["read"], ["send_*"], once_untrusted=True)
    setting = Setting(untrusted=untrusted)
    assert await kinds(check, "{}", "tool_args", "send_mail", setting) == expected
    assert await kinds(check, "{}", "tool_args", "other", setting) == expected
    assert await kinds(check, "{}", "tool_args", "read", setting) == []


async def test_text_that_is_no_call_is_none_of_its_business() -> None:
    assert await kinds(ToolPermissionsCheck([]), "{}", "content") == []
