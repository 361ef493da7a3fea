"""The placeholder maps of conversations that a vendor stores, each under the response that the next turn goes on from.

A map that is not to be had (too old, or Redis is away) stops nobody: placeholders of earlier turns stay placeholders then, and the miss
is counted.
"""

import re
from typing import Final

from gateway.exchange import Exchange
from gateway.policy.placeholder_map import PlaceholderMap, decode, encode
from gateway.store.shelf import Away
from gateway.store.vault import Vault
from gateway.wire.responses import RESPONSES
from gateway.wire.responses.conversation import previous_id
from gateway.wire.sealed import Resource

_WHAT: Final = "placeholders"
_PATH: Final = re.compile(r"/responses/([^/?]+)")


class Maps:
    """`seconds`: how long they are kept."""

    def __init__(self, vault: Vault, seconds: float) -> None:
        self._vault = vault
        self._seconds = seconds

    async def recalled(self, x: Exchange, owner: str, resource: Resource) -> PlaceholderMap | None:
        try:
            stored = await self._vault.get(owner, _name(resource))
        except Away:
            x.vault.append((_WHAT, "away"))
            return None
        found = None if stored is None else decode(stored)
        x.vault.append((_WHAT, "missing" if found is None else "found"))
        return found

    async def keep(self, x: Exchange, owner: str, resource: Resource, placeholders: PlaceholderMap) -> None:
        try:
            is_kept = await self._vault.put(owner, _name(resource), encode(placeholders), self._seconds)
        except Away:
            x.vault.append((_WHAT, "away"))
        else:
            x.vault.append((_WHAT, "kept" if is_kept else "too_large"))

    async def forget(self, x: Exchange, owner: str) -> None:
        """What belongs to a response that is deleted."""
        if (resource := stored(x)) is not None:
            try:
                await self._vault.delete(owner, _name(resource))
            except Away:
                x.vault.append((_WHAT, "away"))


def stored(x: Exchange) -> Resource | None:
    """The response, stored by a vendor, that a request goes on from or asks for. Its id has opened, and so it is this caller's."""
    if x.dialect is not RESPONSES or x.pinned is None:
        return None
    if x.target_path:
        match = _PATH.match(x.target_path)
        own = match[1] if match else None
    else:
        own = previous_id(x.body or {})
    return Resource(x.pinned, own) if own is not None and own in x.opened else None


def _name(resource: Resource) -> str:
    return f"{_WHAT}/{resource.target}/{resource.id}"
