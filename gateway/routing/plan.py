"""Which targets may serve a request, and in which order. Made before anything is sent, so that screening knows them all."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.config.structs import Capability
from gateway.errors import GatewayError
from gateway.routing.candidate import Candidate
from gateway.routing.failure import Reason
from gateway.routing.features import Features, permits
from gateway.routing.health import HealthView
from gateway.routing.routes import Excluded, Group, Route, Routes, Why, resolve
from gateway.routing.strategies import STRATEGIES

__all__ = [
    "Candidate",
    "Excluded",
    "Features",
    "Group",
    "Plan",
    "Route",
    "Routes",
    "admitted",
    "bound",
    "keeping",
    "plan",
    "resolve",
    "usual",
]


class Plan(Struct, frozen=True):
    """Every target that may serve this request.

    `groups`: the asked model's candidates in order, then those of each model it may fall back to. `opening` is why the
    first group is empty, when it is: the fallbacks for this reason begin. `excluded` is for the record.
    """

    asked: str
    groups: tuple[Group, ...]
    excluded: tuple[Excluded, ...] = ()
    opening: Reason = "failure"

    def candidates(self) -> list[Candidate]:
        """All of them: what residency and screening must be strict enough for."""
        return [one for group in self.groups for one in group.candidates]

    def group_of(self, name: str) -> Group:
        """The group that the candidate of this name stands in."""
        return next(group for group in self.groups if any(one.name == name for one in group.candidates))

    def after(self, visited: Sequence[str], reason: Reason) -> Iterator[Group]:
        """The groups to go on to, nearest first: fallbacks of the model visited last, and theirs, then of those before it."""
        by_name = {group.model: group for group in self.groups}
        done = {*visited, self.asked}
        waiting = [iter(by_name[model].fallbacks.get(reason, ())) for model in visited]
        while waiting:
            model = next(waiting[-1], None)
            if model is None:
                waiting.pop()
            elif model not in done:
                done.add(model)
                waiting.append(iter(by_name[model].fallbacks.get(reason, ())))
                yield by_name[model]


def plan(routes: Routes, features: Features, health: HealthView, now: float, rng: Random) -> Plan:
    """Filters by capability, context and health, and orders what is left.

    Raises GatewayError: `model_not_found`, `unsupported_parameter`, `context_length_exceeded`, `no_target_available`.
    """
    route = routes.find(features.model)
    if route is None:
        raise _not_found(routes, features)
    compiled = route.groups if features.pinned is None else _pinned(route, features.pinned)
    excluded = list(route.excluded)
    groups = tuple([_sifted(group, features, health, now, rng, excluded=excluded) for group in compiled])
    if groups[0].candidates:
        return Plan(features.model, groups, tuple(excluded))
    return _fallen_back(features, groups, excluded, health, now)


def admitted(candidate: Candidate, health: HealthView, now: float) -> bool:
    """Whether breaker and active checks let one more request through, of the target and of its provider."""
    return health.admits(candidate.name, now) and health.admits(candidate.provider, now)


def _sifted(
    group: Group, features: Features, health: HealthView, now: float, rng: Random, *, excluded: list[Excluded]
) -> Group:
    fit = []
    for one in group.candidates:
        why = _unfit(one, features, health, now)
        if why is None:
            fit.append(one)
        else:
            excluded.append(Excluded(group.model, one, why, features.needs & one.lacks))
    if not fit:
        return Group(group.model, group.strategy, (), group.fallbacks)
    order = tuple(STRATEGIES[group.strategy](fit, features, health, now, rng))
    if len(order) == len(group.candidates) == 1:
        return group
    if len(order) < len(fit):
        excluded.extend(Excluded(group.model, one, "condition") for one in fit if one not in order)
    return Group(group.model, group.strategy, order, group.fallbacks)


def _unfit(one: Candidate, features: Features, health: HealthView, now: float) -> Why | None:
    if one.serves is not None and features.dialect not in one.serves:
        return "dialect"
    if one.lacks and not one.lacks.isdisjoint(features.needs):
        return "capability"
    if one.context_tokens is not None and one.context_tokens < features.input_tokens:
        return "context"
    return None if admitted(one, health, now) else "health"


def _pinned(route: Route, provider: str) -> tuple[Group, ...]:
    """The targets in the account that holds what the request refers to, or signed blocks in it: the asked model's own, else
    those of the first model it may fall back to that has any. No fallback from there.
    """
    for group in route.groups:
        if held := tuple(one for one in group.candidates if one.provider == provider):
            return (Group(route.groups[0].model, group.strategy, held, {}),)
    raise GatewayError(
        "invalid_request",
        "The request refers to a file or response that this model's targets do not hold; ask for the model it was made with.",
    )


def bound(routes: Routes, provider: str) -> Plan:
    """The plan of a request that names a stored resource and no model: the account that holds it."""
    found = next((one for one in _all(routes) if one.provider == provider), None)
    if found is None:
        raise GatewayError("not_found", "What this id stands for is held by a provider that is no longer configured.")
    return _keeper(found)


def keeping(routes: Routes, dialect: str, allowed: tuple[str, ...]) -> Plan:
    """The plan of a request that makes a stored resource and names no model: the one account that can hold it, among those
    behind the models that the caller may use.
    """
    able = {
        one.provider: one
        for route in routes.all()
        for group in route.groups
        for one in group.candidates
        if one.serves is not None and dialect in one.serves and permits(allowed, group.model)
    }
    if not able:
        raise GatewayError("not_found", f"No configured provider offers {dialect}.")
    if len(able) > 1:
        raise GatewayError(
            "invalid_request",
            f"Several providers offer {dialect}; say which by a model of theirs: `?model=NAME`.",
            param="model",
        )
    ((_, one),) = able.items()
    return _keeper(one)


def usual(routes: Routes, dialect: str, allowed: tuple[str, ...]) -> str:
    """The model of a request that names none where the vendor asks for none: the vendor's own default if that leads to a
    target, else the only model there is for it. A wildcard stands for the vendor's default behind its prefix.
    """
    default = _USUAL[dialect]
    route = routes.find(default)
    if route is not None and permits(allowed, default) and _can(route, dialect):
        return default
    able = {route.model.replace("*", default) for route in routes.all() if _can(route, dialect)}
    able = {name for name in able if permits(allowed, name)}
    if len(able) == 1:
        return able.pop()
    which = "several models here offer" if able else "no model here that this key may use offers"
    raise GatewayError(
        "invalid_request", f"`model` must be given: {which} {dialect}, so there is no default.", param="model"
    )


_USUAL: Final = {"moderations": "omni-moderation-latest"}


def _can(route: Route, dialect: str) -> bool:
    return any(one.serves is not None and dialect in one.serves for one in route.groups[0].candidates)


def _all(routes: Routes) -> Iterator[Candidate]:
    return (one for route in routes.all() for group in route.groups for one in group.candidates)


def _keeper(one: Candidate) -> Plan:
    """What is stored in an account is asked for apart from its models: with health of its own, and no price."""
    name = f"stored:{one.provider}"
    keeper = replace(one, name=name, label=name, prices=None)
    return Plan("", (Group("-", "ordered", (keeper,), {}),))


# Filters in the order they apply: the target that came furthest tells what is wrong.
_STAGES: Final[tuple[Why, ...]] = ("region", "zone", "dialect", "capability", "context", "condition", "health")


def _fallen_back(
    features: Features, groups: tuple[Group, ...], excluded: list[Excluded], health: HealthView, now: float
) -> Plan:
    """The plan of a model whose own targets are all out. Raises, unless a fallback for the reason can take over."""
    own = [each for each in excluded if each.model == groups[0].model]
    furthest = max((each.why for each in own), key=_STAGES.index)
    if furthest == "dialect":
        raise GatewayError(
            "unsupported_parameter",
            f"No target of the model {features.model!r} can be asked through the {features.dialect} API.",
        )
    if furthest == "capability":
        raise _unsupported([each.lacks for each in own if each.why == "capability"])
    opening: Reason = "context_length" if furthest == "context" else "failure"
    made = Plan(features.model, groups, tuple(excluded), opening)
    if any(group.candidates for group in made.after((groups[0].model,), opening)):
        return made
    if furthest == "context":
        longest = max(each.candidate.context_tokens or 0 for each in own if each.why == "context")
        raise GatewayError(
            "context_length_exceeded",
            f"The input is about {features.input_tokens} tokens long; the longest this model takes is {longest}. Shorten it.",
        )
    raise _nobody(own, features, health, now)


def _unsupported(lacking: list[frozenset[Capability]]) -> GatewayError:
    shared = frozenset.intersection(*lacking)
    words = ", ".join(sorted(shared or frozenset.union(*lacking)))
    which = "no target of this model can do" if shared else "no single target of this model can do all of"
    return GatewayError("unsupported_parameter", f"The request needs what {which}: {words}.")


def _nobody(own: list[Excluded], features: Features, health: HealthView, now: float) -> GatewayError:
    nobody = "No target of this model"
    if features.pinned is not None:
        nobody += " in the one account that holds what the request refers to, or signed blocks in it,"
    waits = [health.ready_at(each.candidate.name, now) - now for each in own if each.why == "health"]
    if not waits:
        return GatewayError("no_target_available", f"{nobody} may serve this request, by region, zone or condition.")
    return GatewayError(
        "no_target_available",
        f"{nobody} is healthy right now. Try again later.",
        retry_after=max(1.0, min(waits)),
    )


_LONGEST_QUOTED: Final = 64


def _not_found(routes: Routes, features: Features) -> GatewayError:
    asked = features.model
    if len(asked) > _LONGEST_QUOTED:
        return GatewayError("model_not_found", "There is no model of this name.", param="model")
    near = get_close_matches(asked, [name for name in routes.exact if permits(features.allowed, name)], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return GatewayError("model_not_found", f"There is no model {asked!r}.{hint}", param="model")
