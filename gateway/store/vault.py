"""What stateful calls need kept, encrypted: on a shelf stands nothing that says whose it is, what it is about or what is in it.

    name    HMAC of owner and id: nobody without a secret of the gateway can tell what there is, or ask for it
    record  version, salt, end of its life, and AES-256-GCM over the payload, with a key and a nonce of its own (HKDF of secret and salt)

Owner and id are part of what is authenticated, so a record that is put under another name does not open; neither does one that somebody
lets live longer. The first secret encrypts. What any of them encrypted opens, so secrets are replaced with overlap.
"""

import asyncio
import hmac
import importlib
import logging
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from gateway.store.shelf import Shelf

log = logging.getLogger("haechi")

_VERSION: Final = b"\x01"
_SALT_BYTES: Final = 16
_END_BYTES: Final = 8
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(_VERSION) + _SALT_BYTES + _END_BYTES
_AT_ONCE: Final = 256 * 1024
"""Bytes that are encrypted on the event loop; a thread takes what is larger."""


class Vault:
    """`most`: bytes of one record. `clock` gives seconds since 1970, the same on all replicas."""

    def __init__(
        self, shelf: Shelf, *secrets: bytes, most: int = 1 << 30, clock: Callable[[], float] = time.time
    ) -> None:
        self._shelf = shelf
        self._keys = tuple(_Key(one) for one in secrets)
        self._most = most
        self._clock = clock

    async def put(self, owner: str, name: str, payload: bytes, seconds: float) -> bool:
        """Whether it is kept: what is too large is not. Raises `Away`."""
        if len(payload) + _HEAD_BYTES > self._most:
            return False
        key = self._keys[0]
        ends = int((self._clock() + seconds) * 1000)
        record = await worked(len(payload), key.sealed, _said(owner, name), ends, payload)
        return await self._shelf.put(key.name(owner, name), record, seconds)

    async def get(self, owner: str, name: str) -> bytes | None:
        """None for what is not there, is another owner's, has expired or was tampered with. Raises `Away`."""
        for key in self._keys:
            record = await self._shelf.get(key.name(owner, name))
            if record is not None:
                opened: bytes | None = await worked(len(record), key.opened, _said(owner, name), record)
                if opened is None:
                    log.warning("a record of the vault does not open: it is damaged, or somebody changed it")
                elif int.from_bytes(record[_HEAD_BYTES - _END_BYTES : _HEAD_BYTES]) > self._clock() * 1000:
                    return opened
        return None

    async def delete(self, owner: str, name: str) -> bool:
        """Whether there was one. Raises `Away`."""
        return any([await self._shelf.delete(key.name(owner, name)) for key in self._keys])


class _Key:
    """What is derived from one secret."""

    __slots__ = ("_naming", "_root")

    def __init__(self, secret: bytes) -> None:
        self._root = extracted(b"haechi vault", secret)
        self._naming = expanded(self._root, b"names", 32)

    def name(self, owner: str, name: str) -> str:
        digest = hmac.digest(self._naming, _said(owner, name), "sha256")
        return f"vault:{urlsafe_b64encode(digest).rstrip(b'=').decode()}"

    def sealed(self, about: bytes, ends: int, payload: bytes) -> bytes:
        head = _VERSION + os.urandom(_SALT_BYTES) + ends.to_bytes(_END_BYTES)
        cipher, nonce = self._cipher(head)
        encrypted: bytes = cipher.encrypt(nonce, payload, head + about)
        return head + encrypted

    def opened(self, about: bytes, record: bytes) -> bytes | None:
        head, encrypted = record[:_HEAD_BYTES], record[_HEAD_BYTES:]
        if len(head) < _HEAD_BYTES or not head.startswith(_VERSION):
            return None
        cipher, nonce = self._cipher(head)
        try:
            payload: bytes = cipher.decrypt(nonce, encrypted, head + about)
        except library().exceptions.InvalidTag:
            return None
        return payload

    def _cipher(self, head: bytes) -> tuple[Any, bytes]:
        salt = head[len(_VERSION) : len(_VERSION) + _SALT_BYTES]
        made = expanded(self._root, b"record" + salt, _KEY_BYTES + _NONCE_BYTES)
        return library().ciphers.AESGCM(made[:_KEY_BYTES]), made[_KEY_BYTES:]


def extracted(salt: bytes, secret: bytes) -> bytes:
    """HKDF-Extract of RFC 5869, with SHA-256."""
    return hmac.digest(salt, secret, "sha256")


def expanded(root: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand of RFC 5869, with SHA-256."""
    made = block = b""
    while len(made) < length:
        block = hmac.digest(root, block + info + bytes([len(made) // 32 + 1]), "sha256")
        made += block
    return made[:length]


def _said(owner: str, name: str) -> bytes:
    """Owner and id, so that no other two are written in the same way."""
    whose = owner.encode("utf-8", "surrogatepass")
    return len(whose).to_bytes(4) + whose + name.encode("utf-8", "surrogatepass")


async def worked(size: int, work: Callable[..., Any], *said: Any) -> Any:
    """In a thread where it takes long: for much, and for the first of all, which loads the library."""
    if size > _AT_ONCE or not library.cache_info().currsize:
        return await asyncio.to_thread(work, *said)
    return work(*said)


@cache
def library() -> "Library":
    """The one place that loads `cryptography`: 40 ms and 7 MB that nobody pays who keeps nothing."""
    return Library()


class Library:
    def __init__(self) -> None:
        self.ciphers: Any = importlib.import_module("cryptography.hazmat.primitives.ciphers.aead")
        self.exceptions: Any = importlib.import_module("cryptography.exceptions")
