"""A file of pieces, written once and read whole: encrypted where there is a secret, else with a checksum; complete or refused.

    head    name and format, whether it is encrypted, salt
    piece   length, whether it is the last, and AES-256-GCM over the payload (or the payload behind its checksum)

The key is of this file alone (HKDF of secret and salt) and the number of a piece its nonce, so no piece can be left out, put elsewhere or
cut off. It comes into its place by a rename, when all of it is on the disk: whoever is killed before that leaves the former file.
"""

import hmac
import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Final

from gateway.store.vault import expanded, extracted, library

_MAGIC: Final = b"haechi cache\n\x01"
_SALT_BYTES: Final = 16
_SUM_BYTES: Final = 16
_LENGTH_BYTES: Final = 4
_CLEAR, _SEALED = b"c", b"s"
_MODE: Final = 0o600


class Unreadable(Exception):
    """Why a file is of no use, in words of ours."""


class Writer:
    """`secret` None: in clear. Raises OSError, as all of it is written to a disk. `file` is replaced by `finish`, or never."""

    def __init__(self, file: Path, secret: bytes | None) -> None:
        self._file = file
        self._new = file.with_name(f"{file.name}.new")
        self._new.unlink(missing_ok=True)
        head = _MAGIC + (_CLEAR if secret is None else _SEALED) + os.urandom(_SALT_BYTES)
        self._seal = _Seal(head, secret)
        self._out = os.fdopen(os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb")
        self._out.write(head)

    def add(self, payload: bytes, *, last: bool = False) -> None:
        sealed = self._seal.sealed(payload, last=last)
        self._out.write(len(sealed).to_bytes(_LENGTH_BYTES) + bytes([last]) + sealed)

    def finish(self) -> None:
        self.add(b"", last=True)
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()
        self._new.rename(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def give_up(self) -> None:
        self._out.close()
        self._new.unlink(missing_ok=True)


def read(file: Path, secrets: Sequence[bytes], most: int) -> list[bytes] | None:
    """The payloads; None where there is no file. Raises `Unreadable` for all that is not wholly ours, and OSError."""
    try:
        opened = file.open("rb")
    except FileNotFoundError:
        return None
    with opened:
        size = os.fstat(opened.fileno()).st_size
        if size > most:
            raise Unreadable(f"it has {size:,} bytes, and {most:,} are the most that is read")
        head = opened.read(len(_MAGIC) + 1 + _SALT_BYTES)
        if not head.startswith(_MAGIC) or len(head) < len(_MAGIC) + 1 + _SALT_BYTES:
            raise Unreadable("it is no file of a cache, or of another release")
        return _pieces(opened, _seal_of(opened, head, secrets), size)


def _seal_of(opened: BinaryIO, head: bytes, secrets: Sequence[bytes]) -> "_Seal":
    """The one that opens the first piece."""
    sealed = head[len(_MAGIC) : len(_MAGIC) + 1] == _SEALED
    if sealed and not secrets:
        raise Unreadable("it is encrypted, and there is no `secret`")
    if not sealed and secrets:
        raise Unreadable("it is not encrypted, so anybody could have written it, and there is a `secret`")
    begin = opened.tell()
    first = _next(opened, os.fstat(opened.fileno()).st_size)
    opened.seek(begin)
    for secret in secrets or (None,):
        if _Seal(head, secret).opened(*first) is not None:
            return _Seal(head, secret)
    raise Unreadable("it does not open: it is damaged, or was written with another `secret`")


def _pieces(opened: BinaryIO, seal: "_Seal", size: int) -> list[bytes]:
    found: list[bytes] = []
    while True:
        sealed, last = _next(opened, size)
        payload = seal.opened(sealed, last)
        if payload is None:
            raise Unreadable("it is damaged")
        if last:
            if opened.read(1):
                raise Unreadable("something follows its end")
            return found
        found.append(payload)


def _next(opened: BinaryIO, size: int) -> tuple[bytes, bool]:
    told = opened.read(_LENGTH_BYTES + 1)
    length = int.from_bytes(told[:_LENGTH_BYTES])
    if len(told) <= _LENGTH_BYTES or length > size:
        raise Unreadable("it ends too early")
    sealed = opened.read(length)
    if len(sealed) < length:
        raise Unreadable("it ends too early")
    if told[-1] > 1:
        raise Unreadable("it is damaged")
    return sealed, told[-1] == 1


class _Seal:
    """Of one file, piece by piece in their order."""

    def __init__(self, head: bytes, secret: bytes | None) -> None:
        self._head = head
        self._count = 0
        self._cipher: Any = None
        if secret is not None:
            key = expanded(extracted(b"haechi cache file", secret), head[-_SALT_BYTES:], 32)
            self._cipher = library().ciphers.AESGCM(key)

    def sealed(self, payload: bytes, *, last: bool) -> bytes:
        number, about = self._about(last)
        if self._cipher is None:
            return self._sum(number, about, payload) + payload
        sealed: bytes = self._cipher.encrypt(number, payload, about)
        return sealed

    def opened(self, sealed: bytes, last: bool) -> bytes | None:
        number, about = self._about(last)
        if self._cipher is None:
            payload = sealed[_SUM_BYTES:]
            return payload if hmac.compare_digest(self._sum(number, about, payload), sealed[:_SUM_BYTES]) else None
        try:
            found: bytes = self._cipher.decrypt(number, sealed, about)
        except (library().exceptions.InvalidTag, ValueError):  # ValueError: shorter than a tag
            return None
        return found

    def _about(self, last: bool) -> tuple[bytes, bytes]:
        number = self._count.to_bytes(12)
        self._count += 1
        return number, self._head + bytes([last])

    def _sum(self, number: bytes, about: bytes, payload: bytes) -> bytes:
        return blake2b(number + about + payload, digest_size=_SUM_BYTES).digest()
