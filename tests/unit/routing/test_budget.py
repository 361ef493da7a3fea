from gateway.routing.budget import RetryBudget


def test_retries_are_a_share_of_the_requests() -> None:
    budget = RetryBudget(0.5, floor=0)
    for _ in range(4):
        budget.asked(0.0)
    for _ in range(2):
        assert budget.left(0.0)
        budget.spent(0.0)
    assert not budget.left(0.0)


def test_a_quiet_gateway_may_still_retry_unless_retries_are_switched_off() -> None:
    assert RetryBudget(0.1).left(0.0)
    assert not RetryBudget(0.0).left(0.0)


def test_requests_and_retries_are_forgotten_after_ten_seconds() -> None:
    budget = RetryBudget(1.0, floor=0)
    budget.asked(0.5)
    assert budget.left(9.9)
    assert not budget.left(10.0)
    budget.asked(20.0)
    budget.spent(20.0)
    assert not budget.left(29.0)
    budget.asked(31.0)
    assert budget.left(31.0)


def test_a_long_silence_forgets_everything() -> None:
    budget = RetryBudget(1.0, floor=0)
    for second in range(10):
        budget.asked(float(second))
    assert not budget.left(1_000_003.0)
