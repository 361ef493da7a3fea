"""How it goes on the way to the ledger."""

from msgspec import Struct

from gateway.record.status import Status


class Figures(Struct, frozen=True):
    """As they were a moment ago. `lag`: seconds that the oldest row has waited."""

    up: bool
    starts: int
    bytes: int
    lag: float
    unsettled_nanodollars: int
    status: Status
