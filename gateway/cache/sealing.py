"""Entries as they stand in Redis: encrypted and authenticated, each bound to the key under which it is kept.

A record is: version, salt, AES-256-GCM with a key and a nonce of its own (HKDF of secret and salt). What was put under another key, or by somebody
without the secret, does not open, and is a miss.
"""

import os
from collections.abc import Sequence
from typing import Any, Final

from gateway.store.vault import expanded, extracted, library

_VERSION: Final = b"\x01"
_SALT_BYTES: Final = 16
_HEAD_BYTES: Final = len(_VERSION) + _SALT_BYTES
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Sealing:
    """The first secret encrypts; what any of them encrypted opens. Loads `cryptography`: make it in a thread."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._roots = [extracted(b"haechi cache entry", secret) for secret in secrets]
        self._library = library()

    def sealed(self, key: bytes, value: bytes) -> bytes:
        head = _VERSION + os.urandom(_SALT_BYTES)
        cipher, nonce = self._cipher(self._roots[0], head)
        encrypted: bytes = cipher.encrypt(nonce, value, head + key)
        return head + encrypted

    def opened(self, key: bytes, stored: bytes) -> bytes | None:
        head, encrypted = stored[:_HEAD_BYTES], stored[_HEAD_BYTES:]
        if len(head) < _HEAD_BYTES or not head.startswith(_VERSION):
            return None
        for root in self._roots:
            cipher, nonce = self._cipher(root, head)
            try:
                value: bytes = cipher.decrypt(nonce, encrypted, head + key)
            except (self._library.exceptions.InvalidTag, ValueError):  # ValueError: shorter than a tag
                continue
            return value
        return None

    def _cipher(self, root: bytes, head: bytes) -> tuple[Any, bytes]:
        made = expanded(root, head, _KEY_BYTES + _NONCE_BYTES)
        return self._library.ciphers.AESGCM(made[:_KEY_BYTES]), made[_KEY_BYTES:]
