"""What is as it is when a scrape comes, and is not counted."""

from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct

from gateway.cache.stats import Standing
from gateway.record.figures import Figures
from gateway.routing.health import Health

_STATES: Final = {"closed": 0, "half_open": 1, "open": 2}


class Waiting(Struct, frozen=True):
    """Records on their way: rows in the queue, and where there is an outbox, its figures."""

    queued: int = 0
    figures: Figures | None = None


class State(Struct, frozen=True, kw_only=True):
    """`targets`: breaker and attempts under way. `up`: providers that are checked. `classes`: those of the cache, with the share of
    wrong answers that each is declared to have at most. `held`: figures of the cache's store. `under_way`: exchanges. `records`: what is on its way to be
    kept.
    """

    targets: Mapping[str, tuple[int, int]] = {}
    up: Mapping[str, bool] = {}
    classes: Mapping[str, tuple[Standing, float]] = {}
    held: Mapping[str, int] = {}
    under_way: int = 0
    records: Waiting = Waiting()


def of_targets(
    health: Health, now: float, targets: Collection[str], checked: Collection[str]
) -> tuple[dict[str, tuple[int, int]], dict[str, bool]]:
    """Of these targets, which the configuration names, and these providers.

    Names made from a caller's `*` are left out, and providers whose first check is still under way.
    """
    snapshot = health.snapshot(now)
    return (
        {name: (_STATES[one.state], one.in_flight) for name, one in snapshot.items() if name in targets},
        {name: not one.down for name, one in snapshot.items() if name in checked},
    )
