"""What a purge is about: the names under which entries were stored (`Answers` puts them there). Pure.

A new epoch of that name, whatever it concerns: what was stored before counts for nothing, and leaves when its time is over.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gateway.config.structs import Key

ALL: Final = "all"
LOCAL: Final = "local"


class Purge(Struct, forbid_unknown_fields=True):
    """One of them. `tenant`: a team, or the name of a key that belongs to none."""

    tag: str | None = None
    model: str | None = None
    tenant: str | None = None
    all: bool = False


class NotOne(Exception):
    """What was asked for is not one thing that can be purged. The message says what to write."""


def name_of(wanted: Purge, keys: Sequence[Key]) -> str:
    """Raises `NotOne`."""
    given = [bool(wanted.tag), bool(wanted.model), bool(wanted.tenant), wanted.all]
    if sum(given) != 1:
        raise NotOne("Say what to purge: one of `tag`, `model`, `tenant` and `all`.")
    if wanted.tag:
        return tagged(wanted.tag)
    if wanted.model:
        return of_model(wanted.model)
    return ALL if wanted.all else _of_tenant(wanted.tenant or "", keys)


def tagged(tag: str) -> str:
    return f"tag:{tag}"


def of_model(model: str) -> str:
    """The name that was asked for, not the target's."""
    return f"model:{model}"


def of_tenant(team: str | None, principal: str) -> str:
    return f"tenant:team {team}" if team is not None else f"tenant:key {principal}"


def _of_tenant(name: str, keys: Sequence[Key]) -> str:
    if any(key.team == name for key in keys):
        return of_tenant(name, "")
    key = next((key for key in keys if key.name == name), None)
    if key is None:
        if not keys and name == LOCAL:
            return of_tenant(None, LOCAL)
        raise NotOne("There is no team and no key of this name in the configuration.")
    if key.team is not None:
        raise NotOne("This key belongs to a team, and its answers to the team: purge that, or a tag.")
    return of_tenant(None, key.id)
