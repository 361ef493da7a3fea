"""Who is signed in: a cookie that says so, sealed by the gateway. It never holds the key.

`{id of the key}.{end}.{nonce}.{MAC}`: it opens for whoever has the secret, so on every replica, and only while the key is still in
the configuration. Signing out ends it here at once; another replica takes it until its end.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_MOST_ENDED: Final = 10_000
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Session:
    """`nonce` tells it apart from every other one; what is posted in it is bound to that."""

    key_id: str
    ends: int
    nonce: str


class Sessions:
    """`seconds`: how long one lasts from signing in. Times are seconds since 1970, as replicas share them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ended: OrderedDict[str, int] = OrderedDict()

    def begun(self, secret: bytes, key_id: str, now: float) -> str:
        """A new one, as the cookie holds it."""
        told = f"{key_id}.{int(now + self._seconds)}.{secrets.token_urlsafe(18)}"
        return f"{told}.{_mac(secret, 'session', told)}"

    def open(self, secret: bytes, cookie: str, now: float) -> Session | None:
        """None for what is not ours, was changed, is over or was ended."""
        told, _, mac = cookie[:_LONGEST].rpartition(".")
        if not hmac.compare_digest(mac.encode(), _mac(secret, "session", told).encode()):
            return None
        key_id, ends, nonce = told.split(".")
        if int(ends) <= now or nonce in self._ended:
            return None
        return Session(key_id, int(ends), nonce)

    def end(self, session: Session, now: float) -> None:
        while self._ended and (len(self._ended) >= _MOST_ENDED or next(iter(self._ended.values())) <= now):
            self._ended.popitem(last=False)
        self._ended[session.nonce] = session.ends


def token(secret: bytes, nonce: str) -> str:
    """What every form of a session carries, and no page of another site can know."""
    return _mac(secret, "form", nonce)


def is_token(secret: bytes, nonce: str, given: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token(secret, nonce).encode())


def _mac(secret: bytes, purpose: str, told: str) -> str:
    said = f"{purpose}:{told}".encode("utf-8", "surrogatepass")
    return hmac.digest(hashlib.sha256(secret).digest(), said, "sha256").hex()
