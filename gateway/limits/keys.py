"""Who asks: the key a request carries -> a principal. Keys are held as hashes; a key itself is never kept or printed."""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.config.structs import Key
from gateway.errors import GatewayError
from gateway.limits import open_mode


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `id` is what resource ids are bound to; it is never the key itself."""

    id: str
    name: str
    team: str | None = None
    tags: frozenset[str] = frozenset()
    models: tuple[str, ...] = ("*",)
    admin: bool = False


ANYONE: Final = Principal(id="local", name="local", admin=True)
"""The caller of a gateway without keys, which only listens on loopback."""


class KeyRing:
    """The keys of a configuration. Empty: every caller is `ANYONE`."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._by_digest = {
            bytes.fromhex(key.hash.removeprefix("sha256:")): Principal(
                id=key.id,
                name=key.name,
                team=key.team,
                tags=frozenset(key.tags),
                models=tuple(key.models),
                admin=key.admin,
            )
            for key in keys
        }

        self._by_id = {principal.id: principal for principal in self._by_digest.values()}
        self._by_name = {one.name: one for one in self._by_digest.values()} or {ANYONE.name: ANYONE}

    def __bool__(self) -> bool:
        return bool(self._by_digest)

    def find(self, key: str) -> Principal | None:
        """Whose key it is. Looking up a digest leaks nothing useful by its timing: the digest of a guess says nothing about the key."""
        return self._by_digest.get(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest())

    def of_id(self, key_id: str) -> Principal | None:
        """Who has this id, while their key is in the configuration."""
        return self._by_id.get(key_id)

    @property
    def names(self) -> Collection[str]:
        return self._by_name.keys()

    def named(self, name: str) -> Principal | None:
        """Who has the key of this name; without keys, `ANYONE` has its own."""
        return self._by_name.get(name)

    def identify(self, headers: Mapping[str, str]) -> Principal:
        """The principal of the key in `Authorization`, `x-api-key` or `api-key`; raises `invalid_api_key`.

        Without keys anybody on this machine, and nobody else: raises `foreign_origin`.
        """
        if not self._by_digest:
            open_mode.check(headers)
            return ANYONE
        key = presented(headers)
        if key is None:
            raise GatewayError(
                "invalid_api_key",
                "No API key was given. Send it as `Authorization: Bearer KEY` or `x-api-key: KEY`.",
            )
        principal = self.find(key)
        if principal is None:
            raise GatewayError("invalid_api_key", "The API key is not known to this gateway.")
        return principal


def presented(headers: Mapping[str, str]) -> str | None:
    """The key a caller sent, wherever the SDKs put it."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    return headers.get("x-api-key") or headers.get("api-key") or None


def new_key() -> tuple[str, str]:
    """A fresh key (256 random bits) and the hash that goes into the configuration."""
    key = f"hk-{secrets.token_urlsafe(32)}"
    return key, hashed(key)


def hashed(key: str) -> str:
    """SHA-256 is enough: the keys are random, so there is nothing to guess slowly."""
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()
