"""The last requests of this process, as far as feedback on them asks: who made them, which model answered, and what the rules were."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from gateway.config.strict import Zone
from gateway.exchange import Exchange
from gateway.policy.request import end_user
from gateway.record.named import conversation_of, prompt_of
from gateway.record.users import NOBODY, Users

By = Literal["request_id", "response_id", "conversation"]


@dataclass(frozen=True, slots=True)
class Answered:
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
        self._by_id[one.request_id] = one
        for name in _names(one):
            self._by_name[name] = one.request_id
        while len(self._by_id) > self.most:
            _, oldest = self._by_id.popitem(last=False)
            for name in _names(oldest):
                if self._by_name.get(name) == oldest.request_id:
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
    return Answered(
        request_id=x.id,
        owner=principal.id,
        key=principal.name,
        team=principal.team,
        tags=principal.tags,
        user=end_user(x.parsed) if x.parsed else "",
        told=users.told(x),
        model=x.plan.asked if x.plan is not None else None,
        route=x.plan.groups[0].model if x.plan is not None else None,
        model_served=served.model if served is not None else None,
        zone=served.zone if served is not None else None,
        policies=() if x.guarding is None else x.guarding.asker.policies,
        prompt=prompt_of(x),
        conversation=conversation_of(x),
        response_id=x.answer_id,
        trace_id=x.trace_id,
        span_id=x.span_id,
    )


def _names(one: Answered) -> list[tuple[str, str, str]]:
    named = (("response_id", one.response_id), ("conversation", one.conversation))
    return [(kind, one.key, name) for kind, name in named if name is not None]
