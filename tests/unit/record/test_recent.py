"""The last requests, by their own id, the id of their answer, and their conversation."""

from typing import Any

from gateway.limits.keys import Principal
from gateway.policy.behind import Behind
from gateway.record.recent import Recent
from gateway.record.users import Users
from tests.support.exchanges import exchange

ALICE, BOB = Principal("1", "alice"), Principal("2", "bob")


def asked(recent: Recent, own: str, principal: Principal | None = ALICE, **more: Any) -> None:
    x = exchange(id=own, principal=principal, **more)
    recent.remember(x)


def test_ids_that_upstreams_give_twice_lead_everybody_to_their_own_last() -> None:
    recent = Recent(most=10)
    asked(recent, "req_1", ALICE, answer_id="chatcmpl-1")
    asked(recent, "req_2", BOB, answer_id="chatcmpl-1")
    asked(recent, "req_3", ALICE, answer_id="chatcmpl-1")
    assert [recent.find("response_id", "chatcmpl-1", key) for key in ("alice", "bob", None)] == [
        recent.find("request_id", own, None) for own in ("req_3", "req_2", "req_3")
    ]
    assert recent.find("response_id", "chatcmpl-1", "carol") is None


def test_the_oldest_leave_with_all_their_names() -> None:
    recent = Recent(most=2)
    for number in range(5):
        asked(recent, f"req_{number}", answer_id=f"a{number}", headers={"x-haechi-conversation": "talk"})
    assert [recent.find("request_id", f"req_{number}", None) is not None for number in range(5)] == [False] * 3 + [
        True
    ] * 2
    assert recent.find("response_id", "a0", "alice") is None
    found = recent.find("conversation", "talk", "alice")
    assert found is not None
    assert found.request_id == "req_4"
    assert len(recent._by_name) == 3


def test_nobody_has_what_the_gateway_asked_by_itself_nor_what_nobody_asked() -> None:
    recent = Recent(most=10)
    asked(recent, "req_1", None)
    asked(recent, "req_2", behind=Behind((), None, frozenset(), 1))
    asked(recent, "req_3", renews=True)
    assert [recent.find("request_id", f"req_{number}", None) for number in (1, 2, 3)] == [None] * 3


def test_end_users_are_known_as_they_are_and_as_records_tell_of_them() -> None:
    recent = Recent(Users("hashed", b"k" * 32), 10)
    asked(recent, "req_1", parsed={"user": "anna"}, names=frozenset({"user"}))
    found = recent.find("request_id", "req_1", None)
    assert found is not None
    assert found.user == "anna"
    assert (found.told or "").startswith("u_")
    assert "anna" not in (found.told or "")
