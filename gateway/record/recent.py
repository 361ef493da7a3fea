"""The last requests of this process, as far as feedback on them asks: who made them, which model answered, and what the rules were."""

from collections import OrderedDict
from typing import Final, Literal

from msgspec import Struct

from gateway.config.strict import Zone
from gateway.exchange import Exchange
from gateway.policy.request import end_user
from gateway.record.named import conversation_of, prompt_of
from gateway.record.users import NOBODY, Users

_NAMING: Final = frozenset({"safety_identifier", "user", "user_id"})
"""Keys of requests that name an end user."""

By = Literal["request_id", "response_id", "conversation"]


class Answered(Struct, frozen=True, gc=False):
    """`owner` is the id of the principal, `key` its name; `user` the end user as the request names it, `told` as records do. `model` was
    asked for, which is `route` in the configuration. `policies`: names of those that applied.
    """

    request_id: str
    owner: str
    key: str
    team: str | None
    tags: frozenset[str]
    user: str = ""
    told: str | None = None
    model: str | None = None
    route: str | None = None
    model_served: str | None = None
    zone: Zone | None = None
    policies: tuple[str, ...] = ()
    prompt: str | None = None
    conversation: str | None = None
    response_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None


class Recent:
    """Bounded: the oldest leave. An answer's id counts only with the key it was given to."""

    def __init__(self, users: Users = NOBODY, most: int = 0) -> None:
        self.users = users
        self.most = most
        self._by_id: OrderedDict[str, Answered] = OrderedDict()
        self._by_name: dict[tuple[str, str, str], str] = {}

    def remember(self, x: Exchange) -> None:
        """What the gateway asks by itself is nobody's."""
        if self.most < 1 or x.behind is not None or x.renews or (one := answered(x, self.users)) is None:
            return
        by_id = self._by_id
        by_id[one.request_id] = one
        if one.response_id is not None or one.conversation is not None:
            for name in _names(one):
                self._by_name[name] = one.request_id
        while len(by_id) > self.most:
            self._forget(by_id.popitem(last=False)[1])

    def _forget(self, one: Answered) -> None:
        for name in _names(one):
            if self._by_name.get(name) == one.request_id:
                del self._by_name[name]

    def find(self, by: By, name: str, key: str | None) -> Answered | None:
        """The last one that this key made under that name; without a key, anybody's."""
        if by == "request_id":
            return self._by_id.get(name)
        if key is None:
            return next((one for one in reversed(self._by_id.values()) if getattr(one, by) == name), None)
        found = self._by_name.get((by, key, name))
        return None if found is None else self._by_id.get(found)


def answered(x: Exchange, users: Users) -> Answered | None:
    """None while nobody knows whose it is."""
    principal, served = x.principal, x.served_by
    if principal is None:
        return None
    plan, user = x.plan, end_user(x.parsed) if x.parsed and not _NAMING.isdisjoint(x.names) else ""
    return Answered(
        x.id,
        principal.id,
        principal.name,
        principal.team,
        principal.tags,
        user,
        users.told(x) if user else None,
        plan.asked if plan is not None else None,
        plan.groups[0].model if plan is not None else None,
        served.model if served is not None else None,
        served.zone if served is not None else None,
        () if x.guarding is None else x.guarding.asker.policies,
        prompt_of(x),
        conversation_of(x),
        x.answer_id,
        x.trace_id,
        x.span_id,
    )


def _names(one: Answered) -> list[tuple[str, str, str]]:
    named = (("response_id", one.response_id), ("conversation", one.conversation))
    return [(kind, one.key, name) for kind, name in named if name is not None]
