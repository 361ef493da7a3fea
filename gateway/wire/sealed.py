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

_MARK = "hx"
_MAC_BYTES = 15
SEALED = re.compile(r"[a-z]+(?:-|_)hx[A-Za-z0-9_-]{24,600}")


class Resource(NamedTuple):
    """What an id stands for: the target's name and the id the upstream gave."""

    target: str
    id: str


class Sealer:
    """`secret`: shared by all replicas. Ids sealed with another secret do not open."""

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.blake2b(secret, key=b"haechi resource ids", digest_size=32).digest()

    def seal(self, owner: str, resource: Resource) -> str:
        """An id with the prefix the upstream's own has (`resp_`, `file-`), so that code that looks at it still works."""
        prefix = re.match(r"[a-z]+[-_]", resource.id)
        payload = msgspec.msgpack.encode(resource)
        sealed = base64.urlsafe_b64encode(self._mac(owner, payload) + payload).rstrip(b"=").decode()
        return f"{prefix.group() if prefix else 'id_'}{_MARK}{sealed}"

    def open(self, owner: str, sealed: str) -> Resource | None:
        """The resource, or None if this is no id of ours, or not this owner's."""
        if not SEALED.fullmatch(sealed):
            return None
        text = re.split(r"[-_]", sealed, maxsplit=1)[1].removeprefix(_MARK)
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            return None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(owner, payload)):
            return None
        return msgspec.msgpack.decode(payload, type=Resource)

    def _mac(self, owner: str, payload: bytes) -> bytes:
        return hmac.digest(self._key, len(owner).to_bytes(4) + owner.encode() + payload, "sha256")[:_MAC_BYTES]
