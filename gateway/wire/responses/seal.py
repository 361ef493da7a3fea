"""Another vendor's signature, carried through the one field that a Responses caller gives back unread.

A caller that keeps its own history sends reasoning items back whole. `encrypted_content` of an item whose reasoning another
vendor signed holds that signature and whose it is, so that the block reaches its author again as it was.
"""

import base64
import binascii
from typing import Final

import msgspec

from gateway.wire.neutral import Reasoning, Sealed
from gateway.wire.responses.parts import NAME

_MARK: Final = "hx1."


class _Seal(msgspec.Struct, omit_defaults=True):
    signature: str | None = None
    encrypted: str | None = None
    redacted: bool = False
    origin: str | None = None


def sealed_content(block: Reasoning | Sealed) -> str | None:
    """`encrypted_content` for the block: our own dialect's as it is, anybody else's wrapped; None where nothing is sealed."""
    origin = block.origin if isinstance(block, Reasoning) else None
    if block.signature is None and not block.redacted and origin in (None, NAME):
        return block.encrypted
    if block.signature is None and block.encrypted is None:
        return None
    seal = _Seal(block.signature, block.encrypted, block.redacted, origin or "messages")
    return _MARK + base64.urlsafe_b64encode(msgspec.json.encode(seal)).decode()


def opened(text: str, encrypted: str | None, item_id: str | None) -> Reasoning:
    """The reasoning block of an item that came back."""
    plain = Reasoning(text=text, encrypted=encrypted, id=item_id, origin=NAME)
    if encrypted is None or not encrypted.startswith(_MARK):
        return plain
    try:
        seal = msgspec.json.decode(base64.urlsafe_b64decode(encrypted.removeprefix(_MARK)), type=_Seal)
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return plain
    return Reasoning(
        text=text, signature=seal.signature, encrypted=seal.encrypted, redacted=seal.redacted, origin=seal.origin
    )
