"""Rows as the recorder makes them, for tests of what keeps them."""

from typing import Any

from gateway.record.row import Row, row
from gateway.wire.neutral import Usage
from tests.support.exchanges import candidate, exchange, plan_of


def made(number: int = 0, **fields: Any) -> Row:
    """A row of an answered request that cost something."""
    one = candidate()
    x = exchange(
        id=f"req_{number}",
        plan=plan_of(one),
        served_by=one,
        outcome="answered",
        usage=Usage(input_tokens=10, output_tokens=4),
        cost_nanodollars=number,
        wall=1_795_175_351.5,
    )
    found = row(x, 101.0)
    for name, value in fields.items():
        setattr(found, name, value)
    return found
