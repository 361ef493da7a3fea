"""One place a request could go, with all that is known of it before asking."""

from msgspec import Struct
from msgspec.structs import replace

from gateway.config.strict import Zone
from gateway.config.structs import Capability, Prices, Target


class Candidate(Struct, frozen=True, kw_only=True):
    """A target as compiled from the configuration.

    `name` is stable over reloads and reordering: `<model>/<n>:<provider>/<upstream model>`, where `n` tells apart targets
    that are otherwise the same. Health is kept by it. `label` is the same with the `*` of a wildcard left in: a caller
    cannot make new ones, so metrics use it. `kind` is the row of the provider table.
    """

    name: str
    label: str
    provider: str
    kind: str
    model: str
    target: Target
    region: str | None
    zone: Zone
    prices: Prices | None
    weight: float
    context_tokens: int | None
    lacks: frozenset[Capability]
    serves: frozenset[str] | None = None  # callers' dialects it can answer; None: not told, so any


def filled(candidate: Candidate, rest: str, prices: Prices | None) -> Candidate:
    """The candidate of a wildcard model, with what the caller's `*` matched put in."""
    model = candidate.model.replace("*", rest)
    name = candidate.label.removesuffix(candidate.model) + model
    return replace(candidate, name=name, model=model, prices=candidate.target.prices or prices)
