"""Parts that other distributions add: entry points by group, each named for its kind and leading to one struct.

The metadata is read once in the life of a process, where a kind is asked for that is not the gateway's own (it takes some
40 ms), and only the part that is named is imported. A struct's fields are its configuration, its tag is its kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Final

import msgspec

DETECTORS: Final = "haechi.detectors"
TAG: Final = "kind"
"""The key of a configuration in which a struct's tag stands."""


class PluginFailed(ValueError):
    """Says which distribution has which part, what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """`version` is what the struct declares, else that of its distribution. `origin` names the distribution, for a person."""

    kind: str
    struct: type[msgspec.Struct]
    version: str
    origin: str


def kinds(group: str) -> list[str]:
    """What is installed, by name. Nothing is imported."""
    return sorted(_offered(group))


@cache
def plugin(group: str, kind: str) -> Plugin:
    """Raises KeyError where nobody offers the kind, and `PluginFailed` where what is offered cannot be used."""
    first, *others = _offered(group)[kind]
    if others:
        names = " and ".join(map(origin, [first, *others]))
        raise PluginFailed(f"the kind `{kind}` is offered by {names}; uninstall all but one of them")
    found = _imported(first)
    struct = _struct(found, first)
    declared = declared_of(struct, "version", "")
    if not isinstance(declared, str):
        raise PluginFailed(
            f"{_named(first)} declares a `version` that is no text; write `version: ClassVar[str] = '1'`"
        )
    return Plugin(kind, struct, declared or _version(first.dist), origin(first))


def declared_of(struct: type[msgspec.Struct], name: str, default: object) -> object:
    """What the class says of itself under this name, besides its fields: one of them may be called the same."""
    return default if name in struct.__struct_fields__ else getattr(struct, name, default)


def offerer(group: str, kind: str) -> str | None:
    """The distributions that offer this kind, if any do."""
    return " and ".join(map(origin, _offered(group).get(kind, ()))) or None


def origin(one: EntryPoint) -> str:
    return f"{_name(one.dist)} {_version(one.dist)}"


@cache
def _offered(group: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for one in entry_points(group=group):
        found[one.name] = (*found.get(one.name, ()), one)
    return found


def _imported(one: EntryPoint) -> object:
    try:
        return one.load()
    except (Exception, SystemExit) as error:  # it is anybody's code that runs here
        raise PluginFailed(
            f"{_named(one)} cannot be imported from {one.value} ({type(error).__name__}: {error}); repair or uninstall it"
        ) from error


def _struct(found: object, one: EntryPoint) -> type[msgspec.Struct]:
    if not (isinstance(found, type) and issubclass(found, msgspec.Struct)):
        raise PluginFailed(f"{_named(one)} is no struct; {one.value} must be a subclass of `gateway.detector.Detector`")
    config = found.__struct_config__
    if config.tag_field != TAG or not config.frozen or not config.forbid_unknown_fields:
        raise PluginFailed(
            f"{_named(one)} is another sort of struct; {one.value} must be a subclass of `gateway.detector.Detector`, frozen and "
            "without unknown fields"
        )
    if config.tag != one.name:
        raise PluginFailed(
            f'{_named(one)} has the tag `{config.tag}`; entry point and tag must have one name: write `tag="{one.name}"`'
        )
    return found


def _named(one: EntryPoint) -> str:
    return f"the kind `{one.name}` of {origin(one)}"


def _name(distribution: Distribution | None) -> str:
    return str((distribution.metadata["Name"] if distribution else None) or "a distribution without a name")


def _version(distribution: Distribution | None) -> str:
    return str((distribution.metadata["Version"] if distribution else None) or "0")
