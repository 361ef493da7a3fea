"""The placeholders of a conversation that a vendor stores: what its next turn has to know, since nobody sends the earlier ones again."""

from typing import Final

import msgspec

MOST: Final = 10_000
"""Values of one conversation; the oldest are forgotten first, and their placeholders stay what they are."""


class Granted(msgspec.Struct, frozen=True, array_like=True):
    """One value and its placeholder. `policy` and `rule`: by whose grant it may be put back, as long as that rule applies."""

    kind: str
    value: str
    placeholder: str
    policy: str
    rule: str

    def __repr__(self) -> str:
        return f"Granted({self.placeholder})"


class PlaceholderMap(msgspec.Struct, frozen=True, array_like=True):
    """`tools`: names of those that the request declared, for whoever looks at the answer later. `rules`: the digest of those that
    looked at every turn up to here; empty if these were not always the same.
    """

    values: list[Granted]
    tools: list[str]
    rules: str


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(PlaceholderMap)


def encode(placeholders: PlaceholderMap) -> bytes:
    return _encoder.encode(placeholders)


def decode(stored: bytes) -> PlaceholderMap | None:
    """None for what another version of the gateway has kept in a form of its own."""
    try:
        return _decoder.decode(stored)
    except msgspec.DecodeError:
        return None
