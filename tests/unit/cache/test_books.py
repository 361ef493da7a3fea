"""The books of classes: counted once, by nobody alone, for all models of a class together."""

from collections.abc import Callable, Sequence
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.books import Book, Books, Finding, How, subject_of, target_of
from gateway.cache.certify import Certificate
from gateway.cache.confirmed import bands
from gateway.cache.memory import Memory
from gateway.config.cache import CacheClass

HERE: Callable[[], float] = lambda: 0.0  # noqa: E731


def pair(said: str) -> bytes:
    return blake2b(said.encode(), digest_size=12).digest()


def books() -> Books:
    return Books(Memory(10, 10_000, HERE), HERE)


async def reviewed(
    held: Books, one: CacheClass, count: int, *, callers: int, wrong: bool = False, how: How = "review"
) -> list[str]:
    """What became of each, every one of another pair."""
    found = [
        Finding(pair(f"{number} {wrong} {how}"), str(number % callers), 0.96, wrong, how) for number in range(count)
    ]
    return [await held.count("faq", one, subject_of(one, "e"), finding) for finding in found]


async def test_a_class_is_certified_by_the_reviews_of_many() -> None:
    held, one = books(), CacheClass()
    await reviewed(held, one, 600, callers=50)
    assert await held.threshold("faq", subject_of(one, "e")) is not None


async def test_nobody_certifies_a_class_alone() -> None:
    held, one = books(), CacheClass()
    await reviewed(held, one, 600, callers=1)
    assert (await held.book("faq", subject_of(one, "e"))).reviews == 10
    alone = CacheClass(one_caller=1.0)
    await reviewed(held, alone, 600, callers=1)
    assert await held.threshold("faq", subject_of(alone, "e")) is not None


@pytest.mark.parametrize(("callers", "enough"), [(4, False), (5, True)])
async def test_five_that_bring_as_much_are_each_a_fifth(callers: int, enough: bool) -> None:
    held, one = books(), CacheClass(one_caller=0.2)
    await reviewed(held, one, 600, callers=callers)
    assert ((await certificate(held, one)).threshold is not None) is enough


async def test_a_pair_counts_once() -> None:
    held, one = books(), CacheClass(one_caller=1.0)
    for _ in range(600):
        await reviewed(held, one, 1, callers=1)
    assert (await held.book("faq", subject_of(one, "e"))).reviews == 1


async def test_wrong_audits_withdraw_it() -> None:
    held, one = books(), CacheClass()
    await reviewed(held, one, 600, callers=50)
    await reviewed(held, one, 20, callers=20, wrong=True, how="audit")
    book = await held.book("faq", subject_of(one, "e"))
    assert book.certificate.threshold is None
    assert book.certificate.withdrawals == 1


async def test_another_class_of_the_same_name_begins_anew_and_another_share_of_audits_is_no_other_class() -> None:
    held, one = books(), CacheClass(models=["a", "b"])
    await reviewed(held, one, 600, callers=50)
    assert await held.threshold("faq", subject_of(CacheClass(models=["a"]), "e")) is None
    assert await held.threshold("faq", subject_of(one, "another")) is None
    assert await held.threshold("faq", subject_of(CacheClass(models=["a", "b"], audit=0.05), "e")) is not None


async def certificate(held: Books, one: CacheClass) -> Certificate:
    return (await held.book("faq", subject_of(one, "e"))).certificate


@pytest.mark.parametrize("how", ["audit", "complaint"])
async def test_nobody_takes_a_certificate_away_alone(how: How) -> None:
    held, one = books(), CacheClass()
    await reviewed(held, one, 600, callers=50)
    await reviewed(held, one, 100, callers=1, wrong=True, how=how)
    assert (await certificate(held, one)).threshold is not None
    alone = CacheClass(one_caller=1.0)
    await reviewed(held, alone, 600, callers=1)
    assert "withdrawn" in await reviewed(held, alone, 100, callers=1, wrong=True, how=how)


async def test_a_caller_whose_audits_are_wrong_loses_alone_what_the_class_has() -> None:
    held, one = books(), CacheClass()
    await reviewed(held, one, 600, callers=50)
    assert await reviewed(held, one, 5, callers=1, wrong=True, how="audit") == ["counted", "counted", "suspended", "share", "share"]  # fmt: skip
    of = subject_of(one, "e")
    assert await held.threshold("faq", of, "0") is None
    assert await held.threshold("faq", of, "1") is not None
    assert (await certificate(held, one)).alarm == 0.0, "what was the caller's own has left with it"


async def test_as_many_suspended_callers_as_are_no_longer_one_alone_withdraw_it() -> None:
    held, one = books(), CacheClass(one_caller=0.5)
    await reviewed(held, one, 600, callers=50)
    of = subject_of(one, "e")
    said = []
    for who in ("a", "b"):
        for number in range(3):
            found = Finding(pair(f"{who}{number}"), who, 0.96, wrong=True, how="audit")
            said.append(await held.count("faq", one, of, found))
        for number in range(200):  # that another caller's are right calms the class, and not this one
            await held.count("faq", one, of, Finding(pair(f"{who} {number}"), "c", 0.96, wrong=False, how="audit"))
    assert said == ["counted", "counted", "suspended", "counted", "counted", "withdrawn"]


async def test_complaints_of_several_withdraw_it_and_what_was_given_without_one_speaks_for_it() -> None:
    held, one = books(), CacheClass()
    await reviewed(held, one, 600, callers=50)
    said = await reviewed(held, one, 20, callers=20, wrong=True, how="complaint")
    assert said.index("withdrawn") == 4, "audits of a fiftieth: the alarm stands at 7.9"
    held = books()
    await reviewed(held, one, 600, callers=50)
    of = subject_of(one, "e")
    for number in range(20):
        for more in range(3):  # 150 answers to one complaint
            other = pair(f"{number} {more}")
            await held.count("faq", one, of, Finding(other, str(number), 0.96, wrong=False, how="audit"))
        await held.count("faq", one, of, Finding(pair(str(number)), str(number), 0.96, wrong=True, how="complaint"))
    assert (await certificate(held, one)).threshold is not None


async def test_an_audit_of_a_pair_that_was_reviewed_before_counts_and_a_second_one_does_not() -> None:
    """What was right in shadow may be wrong now: that is what audits are for."""
    held, one = books(), CacheClass(one_caller=1.0)
    of = subject_of(one, "e")
    await reviewed(held, one, 600, callers=1)
    audit = Finding(pair("0 False review"), "0", 0.96, wrong=True, how="audit")
    assert [await held.count("faq", one, of, audit) for _ in range(2)] == ["counted", "twice"]
    assert (await certificate(held, one)).alarm > 0


async def test_after_a_withdrawal_pairs_count_again() -> None:
    """All evidence begins anew: a class with some hundred questions would never have enough others."""
    held, one = books(), CacheClass()
    await reviewed(held, one, 600, callers=50)
    await reviewed(held, one, 20, callers=20, wrong=True, how="audit")
    assert (await certificate(held, one)).threshold is None
    await reviewed(held, one, 600, callers=50)
    assert (await certificate(held, one)).threshold is not None


async def test_a_new_measure_of_the_reviewer_begins_anew() -> None:
    held, one = books(), CacheClass()
    await reviewed(held, one, 600, callers=50)
    worse = CacheClass(reviewer_missed=20, reviewer_of=50)
    assert await held.threshold("faq", subject_of(worse, "e")) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["review", "audit", "complaint"]), st.booleans(), st.integers(0, 500)), max_size=120
    ),
    st.floats(0.01, 0.99),
    st.booleans(),
)
def test_whatever_one_caller_does_a_shared_class_has_the_certificate_that_it_had(
    said: list[tuple[How, bool, int]], share: float, certified: bool
) -> None:
    one = CacheClass(one_caller=share, wrong=0.2, confidence=0.5, reviewer_of=500, promote=True)
    book = Book(certificate=Certificate(certified=[0] if certified else []))
    for how, wrong, number in said:
        book.count(Finding(pair(str(number)), "alone", 0.96, wrong, how), one)
    for number in range(30):
        book.count(Finding(pair(f"right {number}"), "alone", 0.96, wrong=False, how="review"), one)
    assert not bands(book.certificate, target_of(one))
    assert (book.certificate.threshold is not None) is certified


async def test_who_is_suspended_gets_nothing_that_the_judge_has_confirmed_either() -> None:
    held, one = books(), CacheClass(reviewer="judge", reviewer_missed=3, reviewer_of=200, promote=True)
    of = subject_of(one, "e")
    await reviewed(held, one, 60, callers=50)
    assert [await held.confirms("faq", one, of, similarity, "0") for similarity in (0.96, 0.94)] == [True, False]
    assert (await reviewed(held, one, 3, callers=1, wrong=True, how="audit"))[-1] == "suspended"
    assert [await held.confirms("faq", one, of, 0.96, caller) for caller in "01"] == [False, True]


class Away(Memory):
    """Nobody can tell."""

    async def load_all(self, names: Sequence[str]) -> None:
        return None


async def test_what_the_store_does_not_take_is_told() -> None:
    held = Books(Away(10, 10_000, HERE), HERE)
    assert await reviewed(held, CacheClass(), 1, callers=1) == ["lost"]
    assert await held.threshold("faq", subject_of(CacheClass(), "e")) is None


async def test_verdicts_of_people_are_counted_by_name_and_outlive_the_evidence() -> None:
    held, one = Books(Memory(10, 10_000, HERE), HERE, lambda: 7.0), CacheClass(one_caller=1.0, reviewer="people")
    of = subject_of(one, "e")
    assert await held.count("faq", one, of, Finding(pair("a"), "u", 0.96, False, "review", "mina")) == "counted"
    assert await held.count("faq", one, of, Finding(pair("a"), "u", 0.96, True, "review", "jun")) == "twice"
    book = await held.book("faq", of)
    assert (book.by, book.turned) == ({"mina": 1}, None)
    await reviewed(held, one, 600, callers=50)
    assert (await held.book("faq", of)).turned == 7.0
    await reviewed(held, one, 20, callers=20, wrong=True, how="audit")
    withdrawn = await held.book("faq", of)
    assert (withdrawn.certificate.withdrawals, withdrawn.by) == (1, {"mina": 1})
