"""Tokens by which a browser may say something of one answer, and nothing else. Pure.

    hft_ base64url( mac | version, end of its life, whose request it is, the request )

Nothing is kept of them. Whose it is stands there as a digest under the secret, so a page learns no name of a key.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

PREFIX: Final = "hft_"
HEADER: Final = "x-haechi-feedback-token"
_VERSION: Final = b"\x01"
_MAC: Final = 16
_TAG: Final = 8
_REQUEST: Final = "req_"
_REQUEST_BYTES: Final = 12
_LENGTH: Final = _MAC + 1 + 5 + _TAG + _REQUEST_BYTES


class Claim(NamedTuple):
    """What a token says: of which request, and the name of the key that made it."""

    request_id: str
    key: str


class FeedbackTokens:
    """`secret` signs; what any of the `others` signed opens too. `seconds`: how long a token is good."""

    def __init__(self, seconds: float, secret: bytes, *others: bytes) -> None:
        self._seconds = seconds
        self._keys = tuple(
            blake2b(one, key=b"haechi feedback tokens", digest_size=32).digest() for one in (secret, *others)
        )
        self._tag = lru_cache(1024)(_tag)

    def mint(self, request_id: str, key: str, now: float) -> bytes:
        """`now`: seconds since 1970."""
        secret = self._keys[0]
        said = b"".join(
            (
                _VERSION,
                int(now + self._seconds).to_bytes(5),
                self._tag(secret, key),
                bytes.fromhex(request_id.removeprefix(_REQUEST)),
            )
        )
        return PREFIX.encode() + urlsafe_b64encode(_mac(secret, said) + said).rstrip(b"=")

    def open(self, token: str, now: float, keys: Iterable[str]) -> Claim | None:
        """None for what is none of ours, is over, or belongs to none of these keys any more."""
        raw = _decoded(token)
        if raw is None:
            return None
        mac, said = raw[:_MAC], raw[_MAC:]
        secret = next((one for one in self._keys if hmac.compare_digest(mac, _mac(one, said))), None)
        if secret is None or not said.startswith(_VERSION) or int.from_bytes(said[1:6]) <= now:
            return None
        tag = said[6 : 6 + _TAG]
        key = next((name for name in keys if self._tag(secret, name) == tag), None)
        return None if key is None else Claim(_REQUEST + said[6 + _TAG :].hex(), key)


def _decoded(token: str) -> bytes | None:
    """There is one way to write a token; no other opens."""
    text = token.removeprefix(PREFIX)
    if text == token or not text.isascii():
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if len(raw) == _LENGTH and urlsafe_b64encode(raw).rstrip(b"=").decode() == text else None


def _mac(secret: bytes, said: bytes) -> bytes:
    return hmac.digest(secret, said, "sha256")[:_MAC]


def _tag(secret: bytes, key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogatepass"), key=secret, digest_size=_TAG).digest()
