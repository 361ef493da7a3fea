"""Ids of stored resources as callers see them: sealed by the gateway, bound to a caller and a target.

`GET /v1/files/{id}` finds its upstream from the id alone, on any replica, and an id somebody else was given opens for nobody but
them. Nothing is stored: the id carries target and upstream id, and a MAC over those *and the caller*. They are not secret.
"""

import base64
import hashlib
import hmac
import re
from typing import NamedTuple

import msgspec

MARK = "~"
"""Behind the prefix of every sealed id: allowed everywhere in a URL, and in no id of a vendor."""

_MAC_BYTES = 15
_PREFIX = re.compile(r"[a-z]{1,32}[-_]")
_LONGEST = 2000  # of an upstream id of some 1,400 bytes; longer ones do not open
SEALED = re.compile(rf"[a-z]{{1,32}}[-_]{MARK}[A-Za-z0-9_-]{{24,{_LONGEST}}}")


class Resource(NamedTuple):
    """What an id stands for: the target's name and the id the upstream gave."""

    target: str
    id: str


class Sealer:
    """`secret`: shared by all replicas. Ids sealed with one of the `others` open too; those of any further secret do not."""

    def __init__(self, secret: bytes, *others: bytes) -> None:
        self._keys = tuple(
            hashlib.blake2b(one, key=b"haechi resource ids", digest_size=32).digest() for one in (secret, *others)
        )
        self._disguise = hashlib.blake2b(secret, key=b"haechi disguises", digest_size=32).digest()

    def seal(self, owner: str, resource: Resource) -> str:
        """An id with the prefix the upstream's own has (`resp_`, `file-`), so that code that looks at it still works.

        The same resource always gets the same id.
        """
        payload = msgspec.msgpack.encode(resource)
        return _written(resource.id, _mac(self._keys[0], owner, payload) + payload)

    def open(self, owner: str, sealed: str) -> Resource | None:
        """The resource, or None if this is no id of ours, or not this owner's. There is one way to write an id, no other opens."""
        if not SEALED.fullmatch(sealed):
            return None
        text = sealed.partition(MARK)[2]
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            return None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(key, owner, payload)) for key in self._keys):
            return None
        resource = msgspec.msgpack.decode(payload, type=Resource)
        return resource if _written(resource.id, raw) == sealed else None

    def disguised(self, owner: str, word: str) -> str:
        """64 hexadecimal digits: always the same for a word of this owner, and for no word of another."""
        return _digest(self._disguise, owner, word.encode("utf-8", "surrogatepass")).hex()


def _mac(key: bytes, owner: str, payload: bytes) -> bytes:
    return _digest(key, owner, payload)[:_MAC_BYTES]


def _digest(key: bytes, owner: str, payload: bytes) -> bytes:
    named = owner.encode()
    return hmac.digest(key, len(named).to_bytes(4) + named + payload, "sha256")


def _written(own: str, raw: bytes) -> str:
    prefix = _PREFIX.match(own)
    text = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return f"{prefix.group() if prefix else 'id_'}{MARK}{text}"
