"""How records tell of end users: by pseudonyms, so that what somebody did can be found and forgotten without their names being kept."""

import os
import secrets
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final, Literal

from gateway.config.strict import Secret
from gateway.exchange import Exchange
from gateway.policy.request import end_user

How = Literal["hashed", "plain", "off"]
_FILE: Final = "users.key"
_PURPOSE: Final = b"haechi users"
_BYTES: Final = 12


class Users:
    """`key` makes the pseudonyms."""

    def __init__(self, how: How, key: bytes) -> None:
        self._how = how
        self._key = key

    def told(self, x: Exchange) -> str | None:
        """A pseudonym is made of the name as the caller wrote it; a plain name is the one that rules have left."""
        if self._how == "off":
            return None
        body = x.parsed if self._how == "hashed" else x.body
        user = end_user(body) if body else ""
        if not user:
            return None
        return pseudonym(user, self._key) if self._how == "hashed" else user


NOBODY: Final = Users("off", b"")


def pseudonym(user: str, key: bytes) -> str:
    """The same for the same name and key; without the key nobody can tell whose it is."""
    return f"u_{blake2b(user.encode('utf-8', 'surrogatepass'), key=key, digest_size=_BYTES).hexdigest()}"


def key_of(secret: Secret | None, root: Path | None) -> bytes:
    """From the `secret` of the configuration, else from a file of the spools' folder, which is made where there is none, else
    for as long as this process lives. Raises OSError.
    """
    if secret is not None:
        return _derived(secret)
    return secrets.token_bytes(32) if root is None else _of_file(root / _FILE)


def keys_of(all_secrets: Sequence[Secret], root: Path) -> list[bytes]:
    """Every key that may have made pseudonyms that are still kept. Raises OSError."""
    file = root / _FILE
    return [*map(_derived, all_secrets), *([file.read_bytes()] if file.exists() else [])]


def _derived(secret: Secret) -> bytes:
    return blake2b(secret.reveal().encode(), digest_size=32, person=_PURPOSE).digest()


def _of_file(file: Path) -> bytes:
    """Whole from its first moment, whoever else starts at the same time."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(new, file)
        except FileExistsError:
            pass
        finally:
            new.unlink()
    return file.read_bytes()
