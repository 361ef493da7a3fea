"""What the checks of a configuration look at, and how its names find its models. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.config.strict import Zone
from gateway.config.structs import Config, Provider, Target


@dataclass(frozen=True, slots=True)
class Named:
    """All names that the file gives, also those of sections which are dropped because something in them is broken."""

    models: Collection[str]
    providers: Collection[str]

    @classmethod
    def all_of(cls, data: Any) -> "Named":
        sections = [data.get(name) if isinstance(data, dict) else None for name in ("models", "providers")]
        models, providers = (section if isinstance(section, dict) else {} for section in sections)
        return cls(tuple(models), tuple(providers))


@dataclass(frozen=True, slots=True)
class Rows:
    """What the checks must know of the provider table: its rows, their trust zones, and which have no address of their own.

    Without `zones`, a zone that the file does not state is not judged; with them, a row that is not there is external.
    """

    kinds: Collection[str]
    zones: Mapping[str, Zone] = field(default_factory=dict)
    without_address: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What the checks look at."""

    config: Config
    named: Named
    rows: Rows

    def zone(self, target: Target, provider: Provider) -> Zone | None:
        """The trust zone of a target; None where it cannot be told."""
        unstated: Zone | None = "external" if self.rows.zones else None
        row = provider.kind or target.provider
        return target.zone or provider.zone or self.rows.zones.get(row, unstated)


def matched(name: str, models: Collection[str]) -> str | None:
    """The model that answers to a name: itself, else the wildcard that shares most with it."""
    if name in models:
        return name
    wildcards = [one for one in models if one.endswith("*") and name.startswith(one[:-1])]
    return max(wildcards, key=len, default=None)


def overlaps(name: str, models: Collection[str]) -> bool:
    """Whether a name, with `*` at its end or without, can be that of a request for one of the models."""
    if not name.endswith("*"):
        return matched(name, models) is not None
    return name == "*" or any(one.startswith(name[:-1]) or matched(name[:-1], [one]) for one in models)
