from gateway.store.breaker import FAILURES, REST, Breaker


def broken() -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.admits(0.0)
        breaker.failed(0.0)
    return breaker


def test_one_failure_less_than_enough_closes_nobody_out() -> None:
    breaker = Breaker()
    for _ in range(2):
        for _ in range(FAILURES - 1):
            breaker.failed(0.0)
        assert breaker.closed
        assert breaker.admits(0.0)
        breaker.succeeded()  # and what counts is failures in a row


def test_after_failures_in_a_row_it_rests_and_then_one_probe_goes() -> None:
    breaker = broken()
    assert breaker.rests(REST - 0.01)
    assert not breaker.admits(REST - 0.01)
    assert not breaker.rests(REST)
    assert breaker.admits(REST)
    assert not breaker.admits(REST), "the probe is under way"
    breaker.succeeded()
    assert breaker.closed
    assert breaker.admits(REST)
    assert breaker.admits(REST)


def test_a_probe_that_fails_is_followed_by_another_rest() -> None:
    breaker = broken()
    assert breaker.admits(REST)
    breaker.failed(REST + 0.5)
    assert not breaker.admits(2 * REST + 0.4)
    assert breaker.admits(2 * REST + 0.5)
