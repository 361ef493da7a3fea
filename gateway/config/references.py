"""What the schema cannot say: names that must lead somewhere, and settings that must fit each other. Pure."""

import ipaddress
from collections.abc import Callable, Collection, Iterator
from typing import Final

from gateway.config.cache import CacheClass
from gateway.config.embedding import embedding
from gateway.config.ledger_address import ledger_address
from gateway.config.mistakes import Finding, Trail, nearest
from gateway.config.ratings import ratings
from gateway.config.redis_address import redis_address
from gateway.config.strict import Secret
from gateway.config.structs import Config, Fallbacks, Model, Target
from gateway.config.subject import Named, Rows, Subject, matched, overlaps

# Broken only where the whole section is: then no name in it is known.
_ANY_MODEL: Final[Trail] = ("models", "")
_ANY_PROVIDER: Final[Trail] = ("providers", "")


def references(config: Config, named: Named, rows: Rows) -> list[Finding]:
    """Every finding, in no order. Each says on which trails it rests."""
    subject = Subject(config, named, rows)
    return [finding for check in CHECKS for finding in check(subject)]


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _listening(subject: Subject) -> Iterator[Finding]:
    trail: Trail = ("listen", "host")
    if not subject.config.keys and not is_loopback(subject.config.listen.host):
        yield Finding(
            trail,
            "is open to other machines, but `keys` is empty: anyone who reaches the port could spend the vendor credit; "
            "add a key (`haechi key` makes one) or listen on 127.0.0.1",
            rests_on=(trail, ("keys",)),
        )


def _secrets(subject: Subject) -> Iterator[Finding]:
    """An empty one would be everybody's."""
    config, nothing = subject.config, Secret("")
    if config.secret == nothing:
        yield Finding(
            ("secret",), "is empty: anybody could seal ids with it; write some 32 random characters, or leave it out"
        )
    if config.other_secrets and config.secret is None:
        trail: Trail = ("other_secrets",)
        yield Finding(
            trail, "stands without `secret`, which makes what is new", about_key=True, rests_on=(trail, ("secret",))
        )
    for index, one in enumerate(config.other_secrets):
        if one == nothing:
            yield Finding(("other_secrets", index), "is empty: anybody could seal ids with it; leave it out")


def _redis(subject: Subject) -> Iterator[Finding]:
    redis = subject.config.redis
    if redis is None:
        return
    try:
        redis_address(redis.url.reveal())
    except ValueError as error:
        yield Finding(("redis", "url"), str(error))
    if subject.config.secret is None:
        yield Finding(
            ("redis",),
            "stands without `secret`: what is kept there is encrypted, and no replica could read what another one kept",
            about_key=True,
            rests_on=(("redis",), ("secret",)),
        )


def _ledger(subject: Subject) -> Iterator[Finding]:
    ledger = subject.config.ledger
    if ledger is None:
        return
    try:
        ledger_address(ledger.url.reveal())
    except ValueError as error:
        yield Finding(("ledger", "url"), str(error))
    if ledger.sums_days < ledger.keep_days:
        yield Finding(
            ("ledger", "sums_days"),
            "is shorter than `keep_days`: the console would show rows without their sums; write as many days, or more",
            rests_on=(("ledger", "sums_days"), ("ledger", "keep_days")),
        )


def _console(subject: Subject) -> Iterator[Finding]:
    path = subject.config.console.path
    segments = path.split("/")[1:]
    if segments[0] == "v1" or path in ("/health", "/metrics"):
        yield Finding(("console", "path"), "is an address of the API, which comes first; write another one", value=path)
    if not {".", ".."}.isdisjoint(segments):
        yield Finding(("console", "path"), "has `.` or `..` in it, which browsers take out", value=path)


def _unique_keys(subject: Subject) -> Iterator[Finding]:
    names: dict[str, int] = {}
    hashes: dict[str, int] = {}
    for index, key in enumerate(subject.config.keys):
        first = names.setdefault(key.name, index)
        if first != index:
            trails: tuple[Trail, ...] = (("keys", index, "name"), ("keys", first, "name"))
            yield Finding(
                trails[0], "is the name of another key too; names must differ", value=key.name, rests_on=trails
            )
        first = hashes.setdefault(key.hash, index)
        if first != index:
            trails = (("keys", index, "hash"), ("keys", first, "hash"))
            yield Finding(trails[0], "is the hash of another key too; give each caller its own", rests_on=trails)


def _key_models(subject: Subject) -> Iterator[Finding]:
    for index, key in enumerate(subject.config.keys):
        yield from _asked_for(subject, ("keys", index, "models"), key.models)


def _asked_for(subject: Subject, trail: Trail, names: Collection[str]) -> Iterator[Finding]:
    """Patterns of names that callers ask for, each of which some model answers to."""
    for index, name in enumerate(names):
        here = (*trail, index)
        if "*" in name[:-1]:
            yield Finding(here, "has a `*` before its end; `*` matches the rest of a name", value=name)
        elif not overlaps(name, subject.named.models):
            suggestion = nearest(name, subject.named.models)
            yield Finding(here, "matches no model", suggestion, value=name, rests_on=(here, _ANY_MODEL))


def _kinds(subject: Subject) -> Iterator[Finding]:
    for name, provider in subject.config.providers.items():
        kind, trail = provider.kind, ("providers", name)
        neither: tuple[Trail, ...] = ((*trail, "kind"), (*trail, "base_url"))
        suggestion = nearest(kind or name, subject.rows.kinds)
        if kind is not None and kind not in subject.rows.kinds:
            yield Finding((*trail, "kind"), "is no row of the provider table", suggestion, kind, rests_on=neither[:1])
        elif provider.base_url is not None:
            continue
        elif (kind or name) not in subject.rows.kinds:
            message = "is no row of the provider table; give `kind` or `base_url`"
            yield Finding(trail, message, suggestion, about_key=True, rests_on=neither)
        elif (kind or name) in subject.rows.without_address:
            yield Finding(trail, "has no address of its own; give `base_url`", about_key=True, rests_on=neither)


def _model_names(subject: Subject) -> Iterator[Finding]:
    for name in subject.config.models:
        if "*" in name[:-1]:
            yield Finding(("models", name), "has a `*` before its end; `*` matches the rest of a name", about_key=True)


def _targets(subject: Subject) -> Iterator[Finding]:
    for name, model in subject.config.models.items():
        for index, target in enumerate(model.targets):
            trail: Trail = ("models", name, "targets", index)
            yield from _provider(subject, (*trail, "provider"), target.provider)
            yield from _star(name, (*trail, "model"), target.model)
            yield from _when(model, target, trail)


def _provider(subject: Subject, trail: Trail, name: str) -> Iterator[Finding]:
    if name not in subject.named.providers:
        suggestion = nearest(name, subject.named.providers)
        yield Finding(trail, "does not stand in `providers`", suggestion, value=name, rests_on=(trail, _ANY_PROVIDER))


def _star(name: str, trail: Trail, target: str) -> Iterator[Finding]:
    if "*" in target and "*" not in name:
        yield Finding(
            trail, "has a `*`, but the name of its model has none to fill it", value=target, rests_on=(trail,)
        )
    elif target.count("*") > 1:
        yield Finding(trail, "has more than one `*`", value=target, rests_on=(trail,))


def _when(model: Model, target: Target, trail: Trail) -> Iterator[Finding]:
    when = target.when
    if when is None:
        return
    here = (*trail, "when")
    if model.strategy != "conditional":
        rests_on = ((*trail[:2], "strategy"),)
        message = "is only read under `strategy: conditional`"
        yield Finding(here, message, about_key=True, rests_on=rests_on)
    if when.min_tokens is not None and when.max_tokens is not None and when.min_tokens > when.max_tokens:
        yield Finding((*here, "min_tokens"), "is more than `max_tokens`")


def _weights(subject: Subject) -> Iterator[Finding]:
    for name, model in subject.config.models.items():
        trail: Trail = ("models", name, "targets")
        if model.strategy == "weighted" and not any(target.weight for target in model.targets):
            rests_on = ((*trail[:2], "strategy"),)
            yield Finding(
                trail,
                "have no weight, all are 0; `strategy: weighted` would choose none",
                about_key=True,
                rests_on=rests_on,
            )


def _filters(subject: Subject) -> Iterator[Finding]:
    for name, model in subject.config.models.items():
        providers = [subject.config.providers.get(target.provider) for target in model.targets]
        known = [(target, one) for target, one in zip(model.targets, providers, strict=True) if one is not None]
        if len(known) < len(model.targets):
            continue
        in_region = [model.regions is None or (target.region or one.region) in model.regions for target, one in known]
        zones = [subject.zone(target, one) for target, one in known]
        in_zone = [model.zones is None or zone is None or zone in model.zones for zone in zones]
        if any(here and there for here, there in zip(in_region, in_zone, strict=True)):
            continue
        trail: Trail = ("models", name)
        blamed = "zones" if any(in_region) and not any(in_zone) else "regions"
        together = " together with `zones`" if any(in_region) and any(in_zone) else ""
        rests_on = _filtered_by(name, model)
        yield Finding((*trail, blamed), f"leaves no target{together}", about_key=True, rests_on=rests_on)


def _filtered_by(name: str, model: Model) -> tuple[Trail, ...]:
    """Everything that decides whether a target passes the filters of its model."""
    trail: Trail = ("models", name)
    here = [(*trail, "regions"), (*trail, "zones")]
    for index, target in enumerate(model.targets):
        here += [(*trail, "targets", index, key) for key in ("provider", "region", "zone")]
        here += [("providers", target.provider, key) for key in ("kind", "region", "zone")]
    return tuple(here)


def _fallbacks(subject: Subject) -> Iterator[Finding]:
    for name, model in subject.config.models.items():
        for trail, other in _named_fallbacks(name, model.fallbacks):
            if matched(other, subject.named.models) is None:
                suggestion = nearest(other, subject.named.models)
                yield Finding(trail, "is no model of this file", suggestion, value=other, rests_on=(trail,))


def _named_fallbacks(name: str, fallbacks: Fallbacks) -> Iterator[tuple[Trail, str]]:
    """Every fallback of one model, whatever it is for, and where it stands."""
    for cause in Fallbacks.__struct_fields__:
        for index, other in enumerate(getattr(fallbacks, cause)):
            yield ("models", name, "fallbacks", cause, index), other


def _cycles(subject: Subject) -> Iterator[Finding]:
    """A depth-first walk; an edge back to a model on the way closes a cycle. Causes mix, since a request may meet several."""
    models = subject.config.models
    edges = {name: list(_named_fallbacks(name, model.fallbacks)) for name, model in models.items()}
    finished: set[str] = set()
    for start in models:
        way = {start: iter(edges[start])} if start not in finished else {}
        while way:
            name = next(reversed(way))
            trail, other = next(way[name], ((), ""))
            reached = matched(other, models) if trail else None
            if not trail:
                finished.add(name)
                del way[name]
            elif reached in way:
                cycle = list(way)[list(way).index(reached) :]
                yield Finding(
                    trail, f"closes a cycle of fallbacks: {' -> '.join([*cycle, reached])}", rests_on=(trail,)
                )
            elif reached is not None and reached not in finished:
                way[reached] = iter(edges[reached])


def _exempt(subject: Subject) -> Iterator[Finding]:
    """Whether the rule is there is for the policies to say."""
    names: dict[str, int] = {}
    keys = [key.name for key in subject.config.keys]
    teams = {key.team for key in subject.config.keys if key.team is not None}
    named, teamed = (
        (("keys", -1), *(("keys", place, field) for place in range(len(keys)))) for field in ("name", "team")
    )
    for index, exempt in enumerate(subject.config.policies.exempt):
        trail: Trail = ("policies", "exempt", index)
        of_key, of_team = (*trail, "key"), (*trail, "team")
        first = names.setdefault(exempt.name, index)
        if first != index:
            trails = ((*trail, "name"), ("policies", "exempt", first, "name"))
            message = "is the name of another exemption too; names must differ"
            yield Finding(trails[0], message, value=exempt.name, rests_on=trails)
        if (exempt.key is None) == (exempt.team is None):
            yield Finding(trail, "must be for one `key` or one `team`", about_key=True, rests_on=(of_key, of_team))
        if exempt.key is not None and exempt.key not in keys:
            suggestion = nearest(exempt.key, keys)
            yield Finding(of_key, "is the name of no key", suggestion, exempt.key, rests_on=(of_key, *named))
        if exempt.team is not None and exempt.team not in teams:
            suggestion = nearest(exempt.team, teams)
            yield Finding(of_team, "is the team of no key", suggestion, exempt.team, rests_on=(of_team, *teamed))


def _cache(subject: Subject) -> Iterator[Finding]:
    cache = subject.config.cache
    if cache is None:
        return
    here: Trail = ("cache", "backend")
    if cache.backend == "redis" and subject.config.redis is None:
        message = "needs a section `redis` with its `url`"
        yield Finding(here, message, value=cache.backend, rests_on=(here, ("redis",)))
    file: Trail = ("cache", "file")
    if cache.file is not None and cache.backend != "memory":
        yield Finding(file, "is for `backend: memory`: Redis writes its own", value=cache.file, rests_on=(file, here))
    yield from _asked_for(subject, ("cache", "models"), cache.models)
    yield from embedding(subject)
    for name, one in cache.semantic.classes.items() if cache.semantic is not None else ():
        trail: Trail = ("cache", "semantic", "classes", name)
        yield from _asked_for(subject, (*trail, "models"), one.models)
        yield from _of_keys(subject, trail, one)
        yield from _judge(subject, trail, one)
        yield from _measured(trail, one)


def _judge(subject: Subject, trail: Trail, one: CacheClass) -> Iterator[Finding]:
    at, how = (*trail, "judge"), (*trail, "reviewer")
    if one.reviewer == "judge" and one.judge is None:
        yield Finding(how, "needs `judge`, the model that compares answers", value=one.reviewer, rests_on=(at, how))
    elif one.reviewer != "judge" and one.judge is not None:
        yield Finding(at, "is only read under `reviewer: judge`", about_key=True, rests_on=(at, how))
    elif one.judge is not None and matched(one.judge, subject.named.models) is None:
        suggestion = nearest(one.judge, subject.named.models)
        yield Finding(at, "is no model of this file", suggestion, value=one.judge, rests_on=(at, _ANY_MODEL))


def _measured(trail: Trail, one: CacheClass) -> Iterator[Finding]:
    missed, of, promote = (*trail, "reviewer_missed"), (*trail, "reviewer_of"), (*trail, "promote")
    if one.reviewer_missed >= max(1, one.reviewer_of):
        message = "is all of `reviewer_of`, or more: a reviewer that may have missed everything certifies nothing"
        yield Finding(missed, message, about_key=True, rests_on=(missed, of))
    if one.promote and one.reviewer != "judge":
        yield Finding(promote, "needs `reviewer: judge`", about_key=True, rests_on=(promote, (*trail, "reviewer")))
    elif one.promote and not one.reviewer_of:
        message = "needs `reviewer_of`: how many wrong pairs the judge was measured on, and `reviewer_missed` of them"
        yield Finding(promote, message, about_key=True, rests_on=(promote, of))


def _of_keys(subject: Subject, trail: Trail, one: CacheClass) -> Iterator[Finding]:
    """Of a class of traffic: teams and tags that some key has."""
    keys = subject.config.keys
    for field_name, said, had in (
        ("teams", "is the team of no key", {key.team for key in keys if key.team is not None}),
        ("tags", "is a tag of no key", {tag for key in keys for tag in key.tags}),
    ):
        key_field = "team" if field_name == "teams" else "tags"
        rests_on = tuple[Trail, ...](("keys", place, key_field) for place in range(-1, len(keys)))
        for index, name in enumerate(getattr(one, field_name) or ()):
            if name not in had:
                here = (*trail, field_name, index)
                yield Finding(here, said, nearest(name, had), name, rests_on=(here, *rests_on))


CHECKS: Final[tuple[Callable[[Subject], Iterator[Finding]], ...]] = (
    _listening,
    _secrets,
    _redis,
    _ledger,
    _console,
    _unique_keys,
    _key_models,
    _kinds,
    _model_names,
    _targets,
    _weights,
    _filters,
    _fallbacks,
    _cycles,
    _exempt,
    _cache,
    ratings,
)
