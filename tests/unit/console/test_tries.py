"""Tries to sign in are counted for each address."""

from gateway.console.tries import Tries


def test_the_eleventh_try_within_a_minute_waits_and_a_later_one_does_not() -> None:
    tries = Tries()
    for second in range(10):
        assert tries.wait("a", second) == 0
        tries.failed("a", second)
    assert tries.wait("a", 10) == 50
    assert tries.wait("b", 10) == 0
    assert tries.wait("a", 60) == 0


def test_addresses_are_bounded() -> None:
    tries = Tries()
    for number in range(10_000):
        tries.failed(str(number), 0)
    assert len(tries._failed) == 4096
