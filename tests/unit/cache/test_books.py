"""The books of classes: counted once, by nobody alone, for all models of a class together."""

from collections.abc import Callable

from gateway.cache.books import Books, subject_of
from gateway.cache.memory import Memory
from gateway.config.cache import CacheClass

HERE: Callable[[], float] = lambda: 0.0  # noqa: E731


def books() -> Books:
    return Books(Memory(10, 10_000, HERE), HERE)


async def reviewed(
    held: Books, one: CacheClass, count: int, *, callers: int, wrong: bool = False, audit: bool = False
) -> None:
    for number in range(count):
        await held.count(
            "faq", one, subject_of(one, "e"), pair=f"{number} {wrong} {audit}".encode(), caller=str(number % callers),
            similarity=0.96, wrong=wrong, audit=audit,
        )  # fmt: skip


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


async def test_a_pair_counts_once() -> None:
    held, one = books(), CacheClass(one_caller=1.0)
    for _ in range(600):
        await reviewed(held, one, 1, callers=1)
    assert (await held.book("faq", subject_of(one, "e"))).reviews == 1


async def test_wrong_audits_withdraw_it() -> None:
    held, one = books(), CacheClass()
    await reviewed(held, one, 600, callers=50)
    await reviewed(held, one, 20, callers=20, wrong=True, audit=True)
    book = await held.book("faq", subject_of(one, "e"))
    assert book.certificate.threshold is None
    assert book.certificate.withdrawals == 1


async def test_another_class_of_the_same_name_begins_anew_and_another_share_of_audits_is_no_other_class() -> None:
    held, one = books(), CacheClass(models=["a", "b"])
    await reviewed(held, one, 600, callers=50)
    assert await held.threshold("faq", subject_of(CacheClass(models=["a"]), "e")) is None
    assert await held.threshold("faq", subject_of(one, "another")) is None
    assert await held.threshold("faq", subject_of(CacheClass(models=["a", "b"], audit=0.05), "e")) is not None
