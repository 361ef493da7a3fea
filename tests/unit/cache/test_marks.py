"""What was said against answers: quarantine, more likeness, and in the end nobody else."""

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.marks import MOST_COMPLAINTS, STEP, Against, Marks
from gateway.cache.memory import Memory

HERE: Callable[[], float] = lambda: 0.0  # noqa: E731
KEY = b"key"


def pair(number: int) -> bytes:
    return b"%d" % number


async def test_a_pair_that_was_called_wrong_meets_never_again_and_its_entry_is_in_quarantine() -> None:
    marks = Marks(Memory(10, 10_000, HERE))
    assert await marks.complain(KEY, pair(1)) == "told"
    assert await marks.against(KEY, pair(1)) is None
    against = await marks.against(KEY, pair(2))
    assert against == Against(1, 0)
    assert against.quarantined
    assert await marks.against(b"another", pair(2)) == Against()


async def test_a_review_that_finds_it_right_ends_the_quarantine_and_more_likeness_stays() -> None:
    marks = Marks(Memory(10, 10_000, HERE))
    await marks.complain(KEY, pair(1))
    await marks.clear(KEY, 1)
    against = await marks.against(KEY, pair(2))
    assert against is not None
    assert not against.quarantined
    assert against.more == STEP
    await marks.complain(KEY, pair(3))
    await marks.clear(KEY, 1)  # of a review that had not heard of the second
    again = await marks.against(KEY, pair(2))
    assert again is not None
    assert again.quarantined


async def test_who_repeats_a_complaint_moves_nothing() -> None:
    marks = Marks(Memory(10, 10_000, HERE))
    assert [await marks.complain(KEY, pair(1)) for _ in range(5)] == ["told", *["known"] * 4]
    assert await marks.against(KEY, pair(2)) == Against(1, 0)


@given(st.lists(st.one_of(st.just("complain"), st.integers(0, 4)), max_size=12))
async def test_an_entry_serves_only_while_each_complaint_was_answered_and_there_were_few(said: list[str | int]) -> None:
    marks = Marks(Memory(10, 10_000, HERE))
    complaints = cleared = 0
    for number, one in enumerate(said):
        if isinstance(one, int):
            await marks.clear(KEY, min(one, complaints))
            cleared = max(cleared, min(one, complaints))
        else:
            await marks.complain(KEY, pair(number))
            complaints += 1
    against = await marks.against(KEY, b"another")
    assert (against is None) is (complaints >= MOST_COMPLAINTS)
    assert against is None or against.quarantined is (complaints > cleared)


class Silent(Memory):
    """Takes what it is given, and cannot tell."""

    async def load_all(self, names: Sequence[str]) -> None:
        return None


class Full(Memory):
    async def save(self, name: str, value: bytes, before: bytes | None) -> bool:
        return False


async def test_where_nobody_can_tell_nothing_is_served_and_what_is_not_taken_is_told() -> None:
    assert await Marks(Silent(10, 10_000, HERE)).against(KEY, pair(1)) is None
    assert await Marks(Silent(10, 10_000, HERE)).complain(KEY, pair(1)) == "lost"
    assert await Marks(Full(10, 10_000, HERE)).complain(KEY, pair(1)) == "lost"
