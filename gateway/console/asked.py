"""Which requests a page is about: from its address, and back into one. The same for every page, so that their figures agree."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, get_args

from gateway.console.figures import Figures
from gateway.ledger.views import Dimension, Filter, Step

NONE: Final = "-"
"""In an address: the requests that say nothing there. A field that is left empty lets all through."""
GROUPS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "outcome": {"not_answered": ("failed", "blocked", "cut", "client_gone", "drained", "open")},
    "cache": {"given": ("hit", "semantic")},
}
"""Words for several values at once, where values are those of a closed list."""
RANGES: Final[Mapping[str, int]] = {
    "15m": 900,
    "1h": 3600,
    "6h": 6 * 3600,
    "24h": 86_400,
    "7d": 7 * 86_400,
    "30d": 30 * 86_400,
}
"""By name, in seconds up to now."""
USUAL: Final = "24h"
DIMENSIONS: Final[tuple[str, ...]] = get_args(Dimension)
NAMES: Final[tuple[str, ...]] = (*DIMENSIONS, "user", "prompt", "conversation", "response_id", "trace_id")
"""What can be filtered by, in the order in which it is shown. Sums know the first of them alone."""
_LONGEST: Final = 500
_STEPS: Final[tuple[tuple[int, Step], ...]] = (
    (2 * 3600, "minute"),
    (8 * 3600, "five_minutes"),
    (25 * 3600, "quarter"),
    (8 * 86_400, "hour"),
    (32 * 86_400, "six_hours"),
    (400 * 86_400, "day"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """`since` and `until` are seconds since 1970. `named`: the range that they come from, if it ends now; `names`: by what is filtered.

    `only_key`: whoever looks sees nothing of another key, whatever the address says.
    """

    since: float
    until: float
    named: str | None
    names: Mapping[str, str] = field(default_factory=dict)
    only_key: str | None = None

    @property
    def rows(self) -> Filter:
        values = {name: _values(name, value) for name, value in self.names.items()}
        if self.only_key is not None:
            values["key"] = (self.only_key,)
        return Filter(**values)

    @property
    def sums(self) -> Filter:
        """Without what no sum knows."""
        return self.only(*DIMENSIONS).rows

    @property
    def step(self) -> Step:
        """One that makes some hundred points of the time."""
        seconds = self.until - self.since
        return next((step for longest, step in _STEPS if seconds <= longest), "month")

    @property
    def query(self) -> dict[str, str]:
        """What stands for it in an address, now and later: a range that ends now is another one in an hour."""
        if self.named is not None:
            return {"range": self.named, **self.names}
        return self.fixed

    @property
    def fixed(self) -> dict[str, str]:
        """What stands for exactly these requests."""
        return {"since": f"{self.since:.0f}", "until": f"{self.until:.0f}", **self.names}

    @property
    def unanswered(self) -> "Asked":
        """Those of them that were not answered."""
        return self.narrowed(outcome="not_answered")

    def only(self, *names: str) -> "Asked":
        return replace(self, names={name: value for name, value in self.names.items() if name in names})

    def exactly(self, since: float, until: float) -> "Asked":
        """The same in this very time."""
        return replace(self, since=since, until=until, named=None)

    def narrowed(self, **names: str) -> "Asked":
        """`""` is for those that say nothing."""
        return replace(self, names={**self.names, **{name: value or NONE for name, value in names.items()}})


def asked(query: Mapping[str, str], figures: Figures, now: float, only_key: str | None) -> Asked:
    """What an address asks for. What is none in it is left out, as if nobody had written it."""
    names = {name: value[:_LONGEST] for name in NAMES if (value := query.get(name, "").strip())}
    if only_key is not None:
        names.pop("key", None)
    since, until = figures.instant(query.get("since", "")), figures.instant(query.get("until", ""))
    if since is not None or until is not None:
        until = now if until is None else until
        since = max(until - RANGES[USUAL], 0.0) if since is None else since
        if since < until:
            return Asked(since, until, None, names, only_key)
    named = query.get("range", USUAL)
    named = named if named in RANGES else USUAL
    return Asked(now - RANGES[named], now, named, names, only_key)


def _values(name: str, value: str) -> tuple[str, ...]:
    if value == NONE:
        return ("",)
    return GROUPS.get(name, {}).get(value, (value,))
