"""The configuration compiled for planning: once, at start-up and at each reload. Immutable; requests under way keep theirs."""

from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeVar

from msgspec import Struct

from gateway.config.strict import Zone
from gateway.config.structs import Capability, Config, Fallbacks, Model, Prices, Provider, Target
from gateway.routing.candidate import Candidate, filled
from gateway.routing.failure import Reason

PriceOf = Callable[[str, str], Prices | None]
ServesOf = Callable[[str], frozenset[str] | None]
Why = Literal["region", "zone", "dialect", "capability", "context", "condition", "health"]


class Group(Struct, frozen=True):
    """A model's candidates, and where it falls back to, by reason. `model` is the name in the configuration."""

    model: str
    strategy: str
    candidates: tuple[Candidate, ...]
    fallbacks: Mapping[Reason, tuple[str, ...]]


class Excluded(Struct, frozen=True):
    """A target that this request may not use, and why, for the record. `lacks` names what it cannot do."""

    model: str
    candidate: Candidate
    why: Why
    lacks: frozenset[Capability] = frozenset()


class Route(Struct, frozen=True):
    """What one model name leads to: its own group, then every model it may fall back to, each once.

    What regions and zones exclude is already out, by the asked model's own as much as by the fallback's. `providers`: all
    that are left.
    """

    model: str
    groups: tuple[Group, ...]
    excluded: tuple[Excluded, ...]
    fillable: bool
    providers: frozenset[str]


class Routes(Struct, frozen=True):
    """All routes. `prefixes` are the wildcard names without their `*`, longest first."""

    exact: Mapping[str, Route]
    prefixes: tuple[tuple[str, Route], ...]
    price_of: PriceOf
    choosy: bool = False  # some target lacks something or has conditions: only then it matters what a request needs
    sticky: bool = False  # some model is: only then is it worth telling conversations apart
    divided: bool = False  # some model leads to several providers: only then it matters who signed what

    def all(self) -> list[Route]:
        return [*self.exact.values(), *(route for _, route in self.prefixes)]

    def providers(self, name: str) -> frozenset[str]:
        """All that the model of this name may be asked of; none if there is no such model."""
        route = self.exact.get(name)
        found = None if route else _longest_prefix(self.prefixes, name)
        return route.providers if route else found[1].providers if found else frozenset()

    def find(self, name: str) -> Route | None:
        """The exact name, else the wildcard with the longest prefix, its `*` filled in."""
        route = self.exact.get(name)
        if route is not None:
            return route
        found = _longest_prefix(self.prefixes, name)
        if found is None:
            return None
        prefix, wildcard = found
        return _filled_route(wildcard, name[len(prefix) :], self.price_of) if wildcard.fillable else wildcard


def resolve(
    config: Config,
    *,
    zones: Mapping[str, Zone] = MappingProxyType({}),
    price_of: PriceOf = lambda _kind, _model: None,
    serves_of: ServesOf = lambda _provider: None,
) -> Routes:
    """Compiles the configuration. Raises ValueError naming a fallback that no model answers to.

    `zones`: trust zone by row of the provider table, for providers that state none; one that nobody knows is `external`.
    `price_of(kind, model)`: the price list, for targets that state none. `serves_of(provider)`: the callers' dialects that
    it can answer.
    """
    book = _Book(config, zones, price_of, serves_of)
    routes = {name: _route(book, name) for name in config.models}
    prefixes = [(name[:-1], route) for name, route in routes.items() if name.endswith("*")]
    return Routes(
        exact=MappingProxyType({name: route for name, route in routes.items() if not name.endswith("*")}),
        prefixes=tuple(sorted(prefixes, key=lambda each: -len(each[0]))),
        price_of=price_of,
        choosy=any(target.lacks or target.when for model in config.models.values() for target in model.targets),
        sticky=any(model.strategy == "sticky" for model in config.models.values()),
        divided=any(len(route.providers) > 1 for route in routes.values()),
    )


class _Book:
    """Groups by model name, before residency; those of wildcard models are filled for the fallbacks that name them."""

    def __init__(self, config: Config, zones: Mapping[str, Zone], price_of: PriceOf, serves_of: ServesOf) -> None:
        self._config = config
        self._zones = zones
        self._price_of = price_of
        self._serves_of = serves_of
        self._prefixes = tuple(
            (name[:-1], name) for name in sorted(config.models, key=len, reverse=True) if name.endswith("*")
        )

    def model(self, name: str) -> Model:
        return self._config.models[self._key(name)]

    def group(self, name: str) -> Group:
        key = self._key(name)
        model = self._config.models[key]
        candidates = self._candidates(key, model)
        if key != name:
            rest = name[len(key) - 1 :]
            candidates = tuple(_filled_candidate(one, rest, self._price_of) for one in candidates)
        return Group(model=name, strategy=model.strategy, candidates=candidates, fallbacks=_by_reason(model.fallbacks))

    def _key(self, name: str) -> str:
        if name in self._config.models:
            return name
        found = _longest_prefix(self._prefixes, name)
        if found is None:
            raise ValueError(f"models: the fallback {name!r} names no model")
        return found[1]

    def _candidates(self, key: str, model: Model) -> tuple[Candidate, ...]:
        taken: dict[str, int] = {}
        candidates = []
        for target in model.targets:
            place = f"{target.provider}/{target.model}"
            number = taken.get(place, 0)
            taken[place] = number + 1
            candidates.append(self._candidate(f"{key}/{number}:{place}", target))
        return tuple(candidates)

    def _candidate(self, name: str, target: Target) -> Candidate:
        provider = self._config.providers.get(target.provider) or Provider()
        kind = provider.kind or target.provider
        return Candidate(
            name=name,
            label=name,
            provider=target.provider,
            kind=kind,
            model=target.model,
            target=target,
            region=target.region or provider.region,
            zone=target.zone or provider.zone or self._zones.get(kind, "external"),
            prices=target.prices or self._price_of(kind, target.model),
            weight=target.weight,
            context_tokens=target.context_tokens,
            lacks=frozenset(target.lacks),
            serves=self._serves_of(target.provider),
        )


def _route(book: _Book, name: str) -> Route:
    asked = book.model(name)
    groups: list[Group] = []
    excluded: list[Excluded] = []
    for group in _reachable(book, name):
        if group.model.endswith("*") and not name.endswith("*"):
            raise ValueError(
                f"models.{name}: the fallback {group.model!r} needs an asked model with a `*`; name one model"
            )
        kept, out = _within(group, (asked, book.model(group.model)))
        groups.append(kept)
        excluded.extend(out)
    fillable = name.endswith("*") and any("*" in one.model for group in groups for one in group.candidates)
    providers = frozenset(one.provider for group in groups for one in group.candidates)
    return Route(model=name, groups=tuple(groups), excluded=tuple(excluded), fillable=fillable, providers=providers)


def _reachable(book: _Book, name: str) -> list[Group]:
    """The model's own group and those of its fallbacks and theirs, for any reason, each once."""
    found: dict[str, Group] = {}
    waiting = deque([name])
    while waiting:
        model = waiting.popleft()
        if model not in found:
            found[model] = group = book.group(model)
            waiting.extend(one for models in group.fallbacks.values() for one in models)
    return list(found.values())


def _within(group: Group, models: tuple[Model, ...]) -> tuple[Group, list[Excluded]]:
    """The group without targets that a region or zone of one of the models forbids. An unknown region is in no list."""
    kept: list[Candidate] = []
    out: list[Excluded] = []
    for one in group.candidates:
        if any(model.regions is not None and one.region not in model.regions for model in models):
            out.append(Excluded(group.model, one, "region"))
        elif any(model.zones is not None and one.zone not in model.zones for model in models):
            out.append(Excluded(group.model, one, "zone"))
        else:
            kept.append(one)
    return Group(group.model, group.strategy, tuple(kept), group.fallbacks), out


def _by_reason(fallbacks: Fallbacks) -> Mapping[Reason, tuple[str, ...]]:
    lists: dict[Reason, tuple[str, ...]] = {
        "failure": tuple(fallbacks.failure),
        "context_length": tuple(fallbacks.context_length),
        "content_filter": tuple(fallbacks.content_filter),
    }
    return MappingProxyType({reason: models for reason, models in lists.items() if models})


def _filled_route(route: Route, rest: str, price_of: PriceOf) -> Route:
    return Route(
        model=route.model,
        groups=tuple(
            Group(
                group.model,
                group.strategy,
                tuple(_filled_candidate(one, rest, price_of) for one in group.candidates),
                group.fallbacks,
            )
            for group in route.groups
        ),
        excluded=route.excluded,
        fillable=False,
        providers=route.providers,
    )


def _filled_candidate(one: Candidate, rest: str, price_of: PriceOf) -> Candidate:
    if "*" not in one.model:
        return one
    return filled(one, rest, price_of(one.kind, one.model.replace("*", rest)))


_Found = TypeVar("_Found")
_LONGEST_NAME: Final = 256


def _longest_prefix(prefixes: tuple[tuple[str, _Found], ...], name: str) -> tuple[str, _Found] | None:
    """`prefixes` are sorted, longest first. The `*` stands for at least one character, and for no monster of a name."""
    for prefix, found in prefixes:
        if name.startswith(prefix) and len(prefix) < len(name) <= _LONGEST_NAME:
            return prefix, found
    return None
