"""Pairs that wait for people."""

from collections.abc import Sequence

import pytest

from gateway.cache.entry import Entry
from gateway.cache.marks import Against
from gateway.cache.semantic import Candidate, Compared, Hit
from gateway.cache.waiting import Waiting
from gateway.config.cache import CacheClass

SAID = Compared("asked", "swordfish", "stored", "kept")


def found(pair: str, *, name: str = "faq", audited: bool = False, epoch: int = 1) -> Candidate:
    hit = Hit(name, CacheClass(reviewer="people"), "of", b"key", pair.encode(), 0.93, "caller")
    entry = Entry(
        dialect="chat", streamed=False, way=b"", raw=b"", ids=(), stored=0.0, expires=1.0, usage=None,
        cost_nanodollars=None, served_by="", provider="", tags=(), epochs={"all": epoch},
    )  # fmt: skip
    return Candidate(hit, entry, Against(), audited=audited)


async def now(names: Sequence[str]) -> list[int] | None:
    return [1 for _ in names]


async def test_the_oldest_comes_first_and_answers_that_were_given_before_those_that_would_have_been() -> None:
    waiting = Waiting(lambda: 7.0)
    for pair, audited in (("a", False), ("b", True), ("c", False)):
        waiting.put(found(pair, audited=audited), SAID)
    assert [one.found.hit.pair for one in await waiting.all(now)] == [b"b", b"a", b"c"]
    assert {one.since for one in await waiting.all(now)} == {7.0}


async def test_a_pair_waits_once_in_each_class() -> None:
    waiting = Waiting(lambda: 0.0)
    for name in ("faq", "faq", "shop"):
        waiting.put(found("a", name=name), SAID)
    assert [one.of_class for one in await waiting.all(now)] == ["faq", "shop"]


async def test_no_more_than_some_are_held_and_those_that_leave_are_counted() -> None:
    waiting = Waiting(lambda: 0.0, most=2)
    for pair in "abc":
        waiting.put(found(pair), SAID)
    assert [one.found.hit.pair for one in await waiting.all(now)] == [b"b", b"c"]
    waiting.hold(1)
    assert (len(waiting), waiting.left) == (1, 2)


async def test_what_was_purged_since_is_gone_and_nothing_is_shown_where_nobody_can_tell() -> None:
    async def away(_: Sequence[str]) -> list[int] | None:
        return None

    waiting = Waiting(lambda: 0.0)
    waiting.put(found("a", epoch=0), SAID)
    waiting.put(found("b", epoch=1), SAID)
    assert await waiting.all(away) == []
    assert [one.found.hit.pair for one in await waiting.all(now)] == [b"b"]
    assert len(waiting) == 1


async def test_what_was_taken_is_gone_for_others_until_it_is_put_back() -> None:
    waiting = Waiting(lambda: 0.0)
    waiting.put(found("a"), SAID)
    waiting.put(found("b"), SAID)
    first = (await waiting.all(now))[0]
    assert waiting.take(first.id) is first
    assert waiting.take(first.id) is None
    waiting.put_back(first)
    assert (await waiting.all(now))[0] is first


async def test_classes_that_are_nobodys_any_more_leave() -> None:
    waiting = Waiting(lambda: 0.0)
    waiting.put(found("a"), SAID)
    waiting.put(found("a", name="shop"), SAID)
    waiting.keep_only(["shop"])
    assert [one.of_class for one in await waiting.all(now)] == ["shop"]


@pytest.mark.parametrize("show", [repr, str])
async def test_no_text_is_in_what_it_is_shown_as(show: type[str]) -> None:
    waiting = Waiting(lambda: 0.0)
    waiting.put(found("a"), SAID)
    assert "swordfish" not in show((await waiting.all(now))[0])
