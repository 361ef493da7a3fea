"""What the embedder of the cache needs of the rest of a configuration. Pure."""

from collections.abc import Iterator

from gateway.config.cache import MODEL, Semantic
from gateway.config.mistakes import Finding, Trail, nearest
from gateway.config.structs import Fallbacks, Model
from gateway.config.subject import Subject, matched, overlaps

_HERE: Trail = ("cache", "semantic", "embedder")
_DIMENSIONS: Trail = ("cache", "semantic", "dimensions")


def embedding(subject: Subject) -> Iterator[Finding]:
    """A model that embeds must be one model, whichever of its targets answers, and may be shown no question that must stay elsewhere."""
    cache = subject.config.cache
    semantic = None if cache is None else cache.semantic
    if semantic is None:
        return
    name = semantic.embedder.removeprefix(MODEL)
    if name == semantic.embedder:
        if semantic.dimensions is not None:
            yield Finding(
                _DIMENSIONS, "is only read under `embedder: model:NAME`", about_key=True, rests_on=(_DIMENSIONS, _HERE)
            )
        return
    found = matched(name, subject.named.models)
    if found is None:
        suggestion = nearest(name, subject.named.models)
        yield Finding(_HERE, "is no model of this file", suggestion, value=name, rests_on=(_HERE, ("models", "")))
    elif (model := subject.config.models.get(found)) is not None:
        yield from _one_model(found, model)
        yield from _stays(subject, semantic, found, model)


def _one_model(name: str, model: Model) -> Iterator[Finding]:
    """Vectors of two models cannot be compared."""
    trail: Trail = ("models", name)
    names = [target.model for target in model.targets]
    for index, other in enumerate(names):
        if other != names[0]:
            here = (*trail, "targets", index, "model")
            message = f"is another model than {names[0]!r}; this one embeds for the cache, and vectors of two models cannot be compared"
            yield Finding(here, message, value=other, rests_on=(here, (*trail, "targets", 0, "model"), _HERE))
    if any(getattr(model.fallbacks, cause) for cause in Fallbacks.__struct_fields__):
        here = (*trail, "fallbacks")
        message = "lead to other models; this one embeds for the cache, and vectors of two models cannot be compared"
        yield Finding(here, message, about_key=True, rests_on=(here, _HERE))


def _stays(subject: Subject, semantic: Semantic, name: str, embeds: Model) -> Iterator[Finding]:
    """Questions to a model of some zones or regions alone are embedded there, or nowhere."""
    places = []
    for target in embeds.targets:
        provider = subject.config.providers.get(target.provider)
        if provider is None:
            continue
        zone, region = subject.zone(target, provider), target.region or provider.region
        if (embeds.zones is None or zone in embeds.zones) and (embeds.regions is None or region in embeds.regions):
            places.append((zone, region))
    models = subject.config.models
    for class_name, one in semantic.classes.items():
        for asked in (other for other in models if any(_meet(pattern, other) for pattern in one.models)):
            model = models[asked]
            for key, allowed, given in (
                ("zones", model.zones, {zone for zone, _ in places if zone is not None}),
                ("regions", model.regions, {region or "" for _, region in places}),
            ):
                if allowed is not None and not given <= set(allowed):
                    message = (
                        f"leads to {key} that `models.{asked}` leaves out, whose questions it would see "
                        f"by the class `{class_name}`"
                    )
                    rests_on = (
                        _HERE,
                        ("models", asked, key),
                        ("models", name),
                        ("cache", "semantic", "classes", class_name),
                    )
                    yield Finding(_HERE, message, value=name, rests_on=rests_on)


def _meet(pattern: str, model: str) -> bool:
    return overlaps(pattern, [model])
