import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.store.conversations import Conversations


def store(max_count: int = 10, max_bytes: int = 100_000, seconds: float = 60.0) -> Conversations:
    return Conversations(max_count=max_count, max_bytes=max_bytes, seconds=seconds)


def test_what_was_put_is_got_by_its_owner_alone() -> None:
    kept = store()
    assert kept.put("anna", "resp_1", b"said", 0.0)
    assert kept.get("anna", "resp_1", 1.0) == b"said"
    assert kept.get("boris", "resp_1", 1.0) is None
    assert not kept.delete("boris", "resp_1", 1.0)
    assert kept.get("anna", "resp_1", 1.0) == b"said"


def test_owners_with_the_same_id_do_not_meet() -> None:
    kept = store()
    kept.put("anna", "resp_1", b"hers", 0.0)
    kept.put("boris", "resp_1", b"his", 0.0)
    assert (kept.get("anna", "resp_1", 0.0), kept.get("boris", "resp_1", 0.0)) == (b"hers", b"his")


def test_a_deleted_one_is_gone_and_its_bytes_are_free() -> None:
    kept = store()
    kept.put("anna", "resp_1", b"said", 0.0)
    assert kept.delete("anna", "resp_1", 1.0)
    assert not kept.delete("anna", "resp_1", 1.0)
    assert (len(kept), kept.bytes) == (0, 0)


@pytest.mark.parametrize(("age", "found"), [(59.9, b"said"), (60.0, None), (61.0, None)])
def test_time_to_live_is_absolute(age: float, found: bytes | None) -> None:
    kept = store()
    kept.put("anna", "resp_1", b"said", 0.0)
    assert kept.get("anna", "resp_1", 30.0) == b"said"
    assert kept.get("anna", "resp_1", age) == found
    assert len(kept) == (1 if found else 0)


def test_an_expired_one_cannot_be_deleted_again() -> None:
    kept = store()
    kept.put("anna", "resp_1", b"said", 0.0)
    assert not kept.delete("anna", "resp_1", 60.0)


def test_the_oldest_leaves_when_there_are_too_many() -> None:
    kept = store(max_count=2)
    for number in range(3):
        kept.put("anna", f"resp_{number}", b"", 0.0)
    assert [kept.get("anna", f"resp_{number}", 0.0) for number in range(3)] == [None, b"", b""]


def test_putting_again_replaces_and_makes_young() -> None:
    kept = store(max_count=2)
    kept.put("anna", "resp_0", b"old", 0.0)
    kept.put("anna", "resp_1", b"", 0.0)
    kept.put("anna", "resp_0", b"new", 50.0)
    kept.put("anna", "resp_2", b"", 50.0)
    assert kept.get("anna", "resp_0", 100.0) == b"new"
    assert kept.get("anna", "resp_1", 50.0) is None


def test_the_oldest_leave_until_the_bytes_suffice() -> None:
    kept = store(max_bytes=3_000)
    for number in range(3):
        kept.put("anna", f"resp_{number}", b"x" * 500, 0.0)
    assert kept.put("anna", "resp_9", b"x" * 1_500, 0.0)
    assert kept.get("anna", "resp_0", 0.0) is None
    assert kept.bytes <= 3_000


def test_what_is_larger_than_the_store_is_not_kept_and_drives_nobody_out() -> None:
    kept = store(max_bytes=3_000)
    kept.put("anna", "resp_0", b"small", 0.0)
    assert not kept.put("anna", "resp_1", b"x" * 3_000, 0.0)
    assert kept.get("anna", "resp_0", 0.0) == b"small"


@given(st.integers(-3, 0))
def test_a_store_for_nothing_keeps_nothing(max_count: int) -> None:
    kept = store(max_count=max_count)
    assert not kept.put("anna", "resp_1", b"said", 0.0)
    assert len(kept) == 0


class Bounds(RuleBasedStateMachine):
    """Whatever is done, the bounds hold and only what was put last for a key is found."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = store(max_count=4, max_bytes=4_000, seconds=10.0)
        self.put: dict[tuple[str, str], tuple[bytes, float]] = {}
        self.now = 0.0

    @rule(
        owner=st.sampled_from("ab"),
        name=st.sampled_from("123"),
        value=st.integers(0, 5_000).map(lambda size: b"x" * size),
    )
    def keep(self, owner: str, name: str, value: bytes) -> None:
        if self.kept.put(owner, name, value, self.now):
            self.put[owner, name] = (value, self.now)
        else:
            self.put.pop((owner, name), None)

    @rule(owner=st.sampled_from("ab"), name=st.sampled_from("123"))
    def drop(self, owner: str, name: str) -> None:
        self.kept.delete(owner, name, self.now)
        self.put.pop((owner, name), None)

    @rule(seconds=st.floats(0, 12))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(owner=st.sampled_from("ab"), name=st.sampled_from("123"))
    def look(self, owner: str, name: str) -> None:
        found = self.kept.get(owner, name, self.now)
        if found is not None:
            value, at = self.put[owner, name]
            assert found == value
            assert self.now < at + 10.0

    @invariant()
    def the_bounds_hold(self) -> None:
        assert len(self.kept) <= 4
        assert self.kept.bytes <= 4_000
        assert len(self.kept) > 0 or self.kept.bytes == 0


TestBounds = Bounds.TestCase
