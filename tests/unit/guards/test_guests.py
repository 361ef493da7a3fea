"""Somebody else's checks and tests: what raises, hangs or talks nonsense has failed, and costs nobody else more than a moment."""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.guards.check import Nonsense, Said
from gateway.guards.finding import Finding
from gateway.guards.guests import MOST_FINDINGS, THREADS, GuestCheck, GuestFailed, GuestTest, believed
from gateway.guards.libraries.beside import Beside
from gateway.guards.libraries.workers import LibraryFailed, Overloaded
from gateway.guards.pattern import Pattern
from gateway.guards.scanner import Scanner
from tests.support.eventually import eventually

TEXT = "plum-canary-7731"
PATIENT = 60.0
"""Seconds that a test of a match has where it is not about time."""


class Waiting:
    """`look` waits in a coroutine until it is told, or cancelled."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.cancelled = threading.Event()

    async def look(self, said: Said) -> list[Finding]:
        self.begun.set()
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return []


def checking(look: Callable[[Said], Any]) -> GuestCheck:
    """With `look` as a plain function."""

    class Made:
        def look(self, said: Said) -> Any:
            return look(said)

    return GuestCheck("made", Made(), None)


def awaiting(look: Callable[[Said], Any]) -> GuestCheck:
    """With `look` as a coroutine."""

    class Made:
        async def look(self, said: Said) -> Any:
            await asyncio.sleep(0)
            return look(said)

    return GuestCheck("made", Made(), None)


BOTH = pytest.mark.parametrize("made", [checking, awaiting], ids=["def", "async-def"])


def raising(error: BaseException) -> Callable[[object], Any]:
    def fail(_: object) -> Any:
        raise error

    return fail


@BOTH
async def test_findings_come_back_signed_by_nobody(made: Any) -> None:
    found = await made(lambda said: [Finding(0, 4, "PLUM", "me", 1)]).look(Said("user", TEXT, TEXT))
    assert found == [Finding(0, 4, "PLUM", "", 1.0)]


@BOTH
async def test_it_looks_beside_the_event_loop(made: Any) -> None:
    names = []
    turned = threading.Event()

    def look(_: Said) -> list[Finding]:
        names.append(threading.current_thread())
        assert turned.wait(30), "the loop does not turn"
        return []

    looking = asyncio.ensure_future(made(look).look(Said("user", TEXT, TEXT)))
    while not names:  # noqa: ASYNC110  a thread sets no event of this loop
        await asyncio.sleep(0.001)
    turned.set()
    assert await looking == []
    assert names != [threading.main_thread()]


@BOTH
@pytest.mark.parametrize(
    "error", [ValueError(TEXT), SystemExit(TEXT), KeyboardInterrupt(TEXT), asyncio.CancelledError(TEXT), TimeoutError(TEXT)]
)  # fmt: skip
async def test_whatever_it_raises_is_a_failure_without_the_text(made: Any, error: BaseException) -> None:
    check = made(raising(error))
    for _ in range(2):
        with pytest.raises(LibraryFailed, match=type(error).__name__) as raised:
            await check.look(Said("user", TEXT, TEXT))
        assert TEXT not in repr(raised.value)


def test_nonsense_is_told_and_not_quoted() -> None:
    finding: Any = Finding
    odd: list[Any] = [
        None, TEXT, {TEXT: 1}, [TEXT], [(0, 4, "PLUM", "", 1.0)], iter([]), [None],
        [finding(-1, 4, "PLUM")], [finding(4, 4, "PLUM")], [finding(5, 4, "PLUM")], [finding(0, 17, "PLUM")],
        [finding(0.0, 4, "PLUM")], [finding("0", 4, "PLUM")], [finding(True, 4, "PLUM")], [finding(0, None, "PLUM")],
        [finding(0, 4, "")], [finding(0, 4, TEXT)], [finding(0, 4, "plum")], [finding(0, 4, 4)], [finding(0, 4, "P" * 33)],
        [finding(0, 4, "PLUM", score=1.1)], [finding(0, 4, "PLUM", score=-1)], [finding(0, 4, "PLUM", score=float("nan"))],
        [finding(0, 4, "PLUM", score="1")], [finding(0, 4, "PLUM", score=True)], [finding(0, 4, "PLUM")] * (MOST_FINDINGS + 1),
    ]  # fmt: skip
    for one in odd:
        with pytest.raises(Nonsense) as raised:
            believed(one, TEXT)
        assert TEXT not in str(raised.value)
    assert believed([Finding(0, 1, "EMPTY")], "") == [Finding(0, 1, "EMPTY")]
    assert believed((Finding(0, 16, "PLUM", score=0),), TEXT) == [Finding(0, 16, "PLUM", score=0.0)]


async def test_a_coroutine_for_which_nobody_waits_is_cancelled() -> None:
    waiting = Waiting()
    looking = asyncio.ensure_future(GuestCheck("waits", waiting, None).look(Said("user", TEXT, TEXT)))
    assert await asyncio.to_thread(waiting.begun.wait, 30)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert await asyncio.to_thread(waiting.cancelled.wait, 30)


async def test_an_event_loop_that_is_blocked_refuses_once_enough_waits() -> None:
    begun, free = threading.Event(), threading.Event()
    beside = Beside("blocked", most=2)

    async def block() -> None:
        begun.set()
        free.wait(60)

    async def done() -> int:
        return 3

    for _ in range(2):
        task = asyncio.ensure_future(beside.run(block))
        assert await asyncio.to_thread(begun.wait, 30)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    with pytest.raises(Overloaded):
        await beside.run(done)
    free.set()
    while True:  # both are over as soon as the loop turns again
        try:
            assert await beside.run(done) == 3
        except Overloaded:
            await asyncio.sleep(0.001)
        else:
            return


async def test_a_task_that_ends_the_loop_ends_no_other() -> None:
    beside = Beside("exits")

    async def leave() -> None:
        async def away() -> None:
            raise SystemExit

        task = asyncio.ensure_future(away())
        await asyncio.wait([task])
        assert isinstance(task.exception(), SystemExit)
        asyncio.get_running_loop().stop()

    async def done() -> int:
        return 3

    await beside.run(leave)
    assert await beside.run(done) == 3


async def test_the_thread_of_a_check_ends_with_it() -> None:
    def named() -> int:
        return [one.name for one in threading.enumerate()].count("ends")

    beside: Beside | None = Beside("ends")
    assert beside is not None
    await beside.run(lambda: asyncio.sleep(0))
    assert named() == 1
    beside = None
    assert eventually(lambda: gc.collect() >= 0 and not named())


def test_a_test_decides_in_a_thread() -> None:
    names = set[str]()

    def even(match: str) -> bool:
        names.add(threading.current_thread().name)
        return int(match) % 2 == 0

    test = GuestTest(even, ("d", 0), "decides")
    assert [test(str(one), PATIENT) for one in range(6)] == [True, False] * 3
    assert names == {"decides"}
    assert [one.name for one in threading.enumerate()].count("decides") == 1


@pytest.mark.parametrize("error", [ValueError(TEXT), SystemExit(TEXT), KeyboardInterrupt(TEXT)])
def test_a_test_that_raises_has_failed_and_is_logged_without_the_text(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    test = GuestTest(raising(error), ("d", 0), "acme")
    for _ in range(2 * THREADS):
        with pytest.raises(GuestFailed):
            test(TEXT, PATIENT)
    assert TEXT not in caplog.text
    assert f"acme: the test of a match has raised {type(error).__name__}" in caplog.text


@pytest.mark.parametrize("answer", [None, 1, TEXT, [TEXT]])
def test_a_test_that_gives_no_bool_has_failed(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(GuestFailed):
        GuestTest(lambda _: answer, ("d", 0), "acme")(TEXT, PATIENT)
    assert TEXT not in caplog.text
    assert f"gave no bool but a {type(answer).__name__}" in caplog.text


def test_tests_that_hang_keep_their_threads_and_the_next_fails_at_once(caplog: pytest.LogCaptureFixture) -> None:
    free, hanging = threading.Event(), list[str]()
    caplog.set_level(logging.CRITICAL)

    def hang(match: str) -> bool:
        if match == "slow":
            hanging.append(match)
            free.wait(60)
        return True

    test = GuestTest(hang, ("d", 0), "acme")

    def hangs_on(threads: int) -> None:
        """Whom a busy machine has given no thread in time has not begun to hang."""
        while len(hanging) < threads:
            with pytest.raises(GuestFailed):
                test("slow", 0.02)

    hangs_on(THREADS - 1)
    assert test("quick", PATIENT)
    hangs_on(THREADS)
    began = time.monotonic()
    with pytest.raises(GuestFailed, match="hangs on all its threads"):
        test("quick", PATIENT)
    assert time.monotonic() - began < PATIENT / 2
    free.set()
    assert eventually(lambda: _tried(test))


def _tried(test: GuestTest) -> bool:
    try:
        return test("quick")
    except GuestFailed:
        return False


def test_more_callers_than_threads_wait_for_each_other() -> None:
    def nap(_: str) -> bool:
        time.sleep(0.02)
        return True

    test = GuestTest(nap, ("d", 0), "acme")
    with ThreadPoolExecutor(4 * THREADS) as pool:
        assert all(pool.map(lambda _: test("x", PATIENT), range(8 * THREADS)))


def test_all_tests_in_one_text_have_to_be_done_within_what_a_text_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.guards.allowance.SECONDS", 4.0)

    def nap(_: str) -> bool:
        time.sleep(0.05)
        return True

    scanner = Scanner([Pattern("DIGIT", "[0-9]", GuestTest(nap, ("d", 0), "acme"))])
    assert len(scanner.scan("1 2 3")) == 3
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        scanner.scan("1" * 1_000)
    assert time.monotonic() - began < 25, "all of them take fifty"


def test_tests_are_the_same_if_their_detector_is() -> None:
    one, same, other = (GuestTest(lambda _: True, key, "acme") for key in (("d", 0), ("d", 0), ("d", 1)))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
