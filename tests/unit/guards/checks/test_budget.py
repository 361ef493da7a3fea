"""A day's budget holds however many spend at once."""

import pytest

from gateway.guards.checks.budget import Budget, OverBudget

DAY = 86_400.0


def test_what_is_reserved_cannot_be_reserved_again() -> None:
    budget = Budget(1e-9 * 10, lambda: 0.0)
    with budget.reserved(6):
        with pytest.raises(OverBudget), budget.reserved(5):
            pass
        with budget.reserved(4):
            pass


def test_what_was_not_spent_comes_back_and_what_was_spent_does_not() -> None:
    budget = Budget(1e-9 * 10, lambda: 0.0)
    with budget.reserved(10) as paid:
        paid(3)
    with budget.reserved(7):
        pass
    with pytest.raises(OverBudget), budget.reserved(8):
        pass


def test_a_cost_that_nobody_knows_is_the_most_that_it_can_be() -> None:
    budget = Budget(1e-9 * 10, lambda: 0.0)
    with budget.reserved(10) as paid:
        paid(None)
    with pytest.raises(OverBudget), budget.reserved(1):
        pass


def test_what_was_reserved_comes_back_after_a_failure() -> None:
    budget = Budget(1e-9 * 10, lambda: 0.0)
    with pytest.raises(ZeroDivisionError), budget.reserved(10):
        raise ZeroDivisionError
    with budget.reserved(10):
        pass


def test_a_new_day_has_a_new_budget() -> None:
    clock = [DAY - 1]
    budget = Budget(1e-9 * 10, lambda: clock[0])
    with budget.reserved(10) as paid:
        paid(10)
    with pytest.raises(OverBudget), budget.reserved(1):
        pass
    clock[0] += 1
    with budget.reserved(10):
        pass
