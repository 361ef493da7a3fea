"""Everything that is made from one configuration. Swapped whole at a reload; requests under way keep theirs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.cache.answers import Answers
from gateway.config.structs import Config
from gateway.limits.feedback_tokens import FeedbackTokens
from gateway.limits.keys import KeyRing
from gateway.policy.bind import Facts
from gateway.policy.guarding import Guards
from gateway.policy.rule import Policy
from gateway.policy.written import Written
from gateway.record.sampling import Sampling
from gateway.routing.plan import Routes
from gateway.store.maps import Maps
from gateway.store.responses import KeptResponses
from gateway.upstream.http import Upstream
from gateway.wire.sealed import Sealer

_MOST_LIKELY: Final = 48


@dataclass(slots=True, eq=False)
class Setup:
    """`retire` is called once, when a newer setup has taken over and the last exchange of this one is done."""

    config: Config
    keys: KeyRing
    routes: Routes
    upstreams: Mapping[str, Upstream]
    sealer: Sealer
    responses: KeptResponses
    maps: Maps
    guards: Guards | None = None  # where there are policies
    policies: Mapping[str, Policy] = field(default_factory=dict)
    written: Mapping[str, Written] = field(default_factory=dict)  # those of them that were read from files
    cache: Answers | None = None  # where answers are kept
    sampling: Sampling | None = None  # where traces are sent
    tokens: FeedbackTokens | None = None  # where answers come with one
    retire: Callable[["Setup"], None] = field(default=lambda _setup: None)
    under_way: int = 0
    retired: bool = False

    @property
    def targets(self) -> frozenset[str]:
        """Names of all candidates that are written out in the configuration."""
        return frozenset(one.name for route in self.routes.all() for group in route.groups for one in group.candidates)

    @property
    def checked(self) -> frozenset[str]:
        """Names of the providers that are actively checked."""
        return frozenset(name for name, one in self.config.providers.items() if one.health is not None)

    def enter(self) -> None:
        self.under_way += 1

    def leave(self) -> None:
        self.under_way -= 1
        self._look()

    def supersede(self) -> None:
        self.retired = True
        self._look()

    def _look(self) -> None:
        if self.retired and self.under_way == 0:
            self.retire(self)


def likely(setup: Setup) -> list[Facts]:
    """Of requests that will come, a few of each kind, so that the first of them need not wait."""
    callers = {(key.team, tuple(key.tags)) for key in setup.config.keys} or {(None, ())}
    made = [
        Facts(
            frozenset(group.model for group in route.groups),
            surface,
            frozenset(one.zone for group in route.groups for one in group.candidates),
            team=team,
            tags=frozenset(tags),
        )
        for route in setup.routes.all()
        for surface in ("chat", "responses", "messages")
        for team, tags in sorted(callers, key=str)
    ]
    return made[:_MOST_LIKELY]
